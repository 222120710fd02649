"""Slack as a bot: HTTP 200 that says no, a thread from the fire to its end, and what to do when the thread is gone."""

import json

import pytest

from agent.notify.base import TransportError
from agent.notify.integrations import INTEGRATIONS
from tests.notify.examples import ended, followed, message
from tests.notify.stubs import Answer, SlackApiStub, refusal
from tests.notify.test_slack import check


def paths(stub: SlackApiStub) -> list[str]:
    """What was called, in order."""
    return [request.path.removeprefix("/api/") for request in stub.requests]


def test_the_first_message_has_a_receipt(slack_api: SlackApiStub) -> None:
    """Where it is, and what it looks like, so that it can be given another title."""
    notifier = INTEGRATIONS["slack"](name="chat", token="xoxb-SECRET", channel="#search", url=f"{slack_api.base}/")
    receipt = notifier.send(message())
    (body,) = slack_api.arrived
    check(body)
    assert paths(slack_api) == ["chat.postMessage"]
    assert (body["channel"], "thread_ts" in body) == ("#search", False)
    assert (receipt["channel"], receipt["ts"]) == ("C0123", "1763281800.000000")
    assert json.loads(receipt["blocks"]) == body["blocks"]
    assert slack_api.requests[0].headers["content-type"] == "application/json; charset=utf-8"


def test_what_follows_stands_in_the_thread(slack_api: SlackApiStub) -> None:
    """An update and a reminder are answers, which have no receipt of their own."""
    notifier = slack_api.notifier()
    receipt = notifier.send(message())
    assert [notifier.send(followed(receipt, kind=kind)) for kind in ("update", "reminder")] == [{}, {}]
    assert paths(slack_api) == ["chat.postMessage"] * 3
    assert [(body["channel"], body.get("thread_ts")) for body in slack_api.arrived[1:]] == [("C0123", receipt["ts"])] * 2
    assert "reply_broadcast" not in slack_api.arrived[1]


def test_the_end_retitles_the_first_message_and_answers(slack_api: SlackApiStub) -> None:
    """Who sees the channel only sees that it is over; the rest of the first message stays."""
    notifier = slack_api.notifier()
    receipt = notifier.send(message())
    assert notifier.send(ended(receipt)) == {}
    assert paths(slack_api) == ["chat.postMessage", "chat.update", "chat.postMessage"]
    first, update, answer = slack_api.arrived
    check(update)
    assert update["blocks"][0]["text"]["text"] == "Resolved: retrieval got worse in Korean (ko)"
    assert update["blocks"][1:] == first["blocks"][1:]
    assert (update["ts"], answer["thread_ts"]) == (receipt["ts"], receipt["ts"])


def test_a_long_message_can_be_retitled(slack_api: SlackApiStub) -> None:
    """The new header is no reason to break a limit."""
    notifier = slack_api.notifier()
    receipt = notifier.send(message(text="\n\n".join(["x" * 3000] * 60)))
    notifier.send(ended(receipt, title="T" * 5000))
    check(slack_api.arrived[1])


@pytest.mark.parametrize("code", ["cant_update_message", "edit_window_closed", "msg_too_long", "missing_scope", "something_new"])
def test_a_first_message_that_cannot_be_changed_is_answered(code: str, slack_api: SlackApiStub) -> None:
    """The end is told all the same."""
    notifier = slack_api.notifier()
    receipt = notifier.send(message())
    slack_api.answers.append(refusal(code))
    notifier.send(ended(receipt))
    assert slack_api.arrived[-1]["thread_ts"] == receipt["ts"]


@pytest.mark.parametrize("kind", ["update", "resolved"])
def test_a_thread_that_is_gone_is_begun_anew(kind: str, slack_api: SlackApiStub) -> None:
    """Somebody deleted the first message: the next one is a message of its own, with a receipt."""
    notifier = slack_api.notifier()
    receipt = notifier.send(message())
    slack_api.messages.clear()
    again = notifier.send(followed(receipt, kind=kind))
    assert "thread_ts" not in slack_api.arrived[-1]
    assert slack_api.arrived[-1]["channel"] == "#search"
    assert again["ts"]


@pytest.mark.parametrize("receipt", [{}, {"ts": "1"}, {"channel": "C1"}, {"number": "1"}])
def test_without_a_whole_receipt_a_message_stands_alone(receipt: dict[str, str], slack_api: SlackApiStub) -> None:
    """The first one may have failed, or gone through a webhook."""
    slack_api.notifier().send(ended(receipt))
    assert paths(slack_api) == ["chat.postMessage"]


@pytest.mark.parametrize("blocks", ["", "[", "null", "[1]"])
def test_a_receipt_without_blocks_is_retitled_by_its_title_alone(blocks: str, slack_api: SlackApiStub) -> None:
    """What the journal kept is not trusted to be whole."""
    notifier = slack_api.notifier()
    receipt = {**notifier.send(message()), "blocks": blocks}
    notifier.send(ended(receipt))
    check(slack_api.arrived[1])


@pytest.mark.parametrize("code", ["channel_not_found", "invalid_auth", "not_in_channel", "is_archived", "msg_too_long"])
def test_what_no_other_try_can_mend(code: str, slack_api: SlackApiStub) -> None:
    """HTTP 200 that says no."""
    slack_api.answers.append(refusal(code))
    with pytest.raises(TransportError, match=f"^Slack answered {code}$") as caught:
        slack_api.notifier().send(message())
    assert caught.value.permanent


@pytest.mark.parametrize(
    "code", ["ratelimited", "internal_error", "fatal_error", "service_unavailable", "request_timeout", "something_new"]
)
def test_what_another_try_may_mend(code: str, slack_api: SlackApiStub) -> None:
    """Also what nobody has heard of: tries are bounded, a lost alert is not mended."""
    slack_api.answers.append(refusal(code)._replace(headers=(("Retry-After", "3"),)))
    with pytest.raises(TransportError) as caught:
        slack_api.notifier().send(message())
    assert (caught.value.permanent, caught.value.retry_after) == (False, 3.0)


def test_an_end_that_fails_half_way_is_told_whole_the_next_time(slack_api: SlackApiStub) -> None:
    """The title is set again, which changes nothing, and the answer is posted once."""
    notifier = slack_api.notifier()
    receipt = notifier.send(message())
    slack_api.answers += [slack_api.usual(slack_api.requests[0]), Answer(503, "")]
    with pytest.raises(TransportError):
        notifier.send(ended(receipt))
    notifier.send(ended(receipt))
    assert sum("thread_ts" in body for body in slack_api.arrived) == 1


def test_a_limit_on_the_update_is_waited_for(slack_api: SlackApiStub) -> None:
    """The end is not told before the title."""
    notifier = slack_api.notifier()
    receipt = notifier.send(message())
    slack_api.answers.append(Answer(429, "", (("Retry-After", "2"),)))
    with pytest.raises(TransportError) as caught:
        notifier.send(ended(receipt))
    assert caught.value.retry_after == 2.0
    assert len(slack_api.arrived) == 1


@pytest.mark.parametrize("body", ["<html>", "[]", '{"ok": 1}', "", '"ok"'])
def test_what_is_not_slack(body: str, slack_api: SlackApiStub) -> None:
    """A page of somebody else's is no success."""
    slack_api.answers.append(Answer(404 if not body else 200, body))
    with pytest.raises(TransportError) as caught:
        slack_api.notifier().send(message())
    assert caught.value.permanent
