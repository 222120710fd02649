"""The Slack server for tests answers as an incoming webhook does."""

import httpx
import pytest
from slack_sdk.webhook import WebhookClient

from tests.support.slack import SlackServer


def test_slack_s_own_client_is_content() -> None:
    """A message is answered with 200 and `ok`, and kept."""
    with SlackServer() as slack:
        answer = WebhookClient(slack.url).send(text="recall fell", blocks=[])
    assert (answer.status_code, answer.body) == (200, "ok")
    assert [message["text"] for message in slack.received] == ["recall fell"]


def test_the_script_is_played_and_then_all_is_well() -> None:
    """Each request meets the next step: a status, a status with headers, a closed connection, and success ever after."""
    with SlackServer([500, (429, {"Retry-After": "1"}), "close"]) as slack:
        assert httpx.post(slack.url, json={"text": "1"}).status_code == 500
        limited = httpx.post(slack.url, json={"text": "2"})
        assert (limited.status_code, limited.headers["Retry-After"], limited.text) == (429, "1", "rate_limited")
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.post(slack.url, json={"text": "3"})
        assert httpx.post(slack.url, json={"text": "4"}).text == "ok"
    assert [message["text"] for message in slack.received] == ["1", "2", "3", "4"]


def test_what_is_no_json_is_refused() -> None:
    """A broken body is Slack's `invalid_payload`, and is not kept."""
    with SlackServer() as slack:
        answer = httpx.post(slack.url, content=b"{")
    assert (answer.status_code, answer.text) == (400, "invalid_payload")
    assert slack.received == []
