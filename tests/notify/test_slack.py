"""What leaves the machine for Slack: always within its limits, never with a ping from a log."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from agent.notify import slack_blocks
from agent.notify.base import Field, Link, Message, TransportError
from agent.notify.integrations import INTEGRATIONS
from agent.notify.slack_blocks import escape, payload
from agent.notify.text import clean
from tests.notify.examples import KOREAN, ended, message
from tests.notify.stubs import Answer, SlackStub


def texts(body: dict[str, Any]) -> list[dict[str, Any]]:
    """All text objects of a payload."""
    return [text for block in body["blocks"] for text in [*block.get("fields", ()), *filter(None, [block.get("text")])]]


def check(body: dict[str, Any]) -> None:
    """Hold a payload against Slack's models and, where those do not look, against its limits."""
    for block in body["blocks"]:
        parsed = Block.parse(block)
        assert parsed is not None
        assert parsed.to_dict() == block
        assert len(block.get("fields", ())) <= 10
        assert all(len(field["text"]) <= 2000 for field in block.get("fields", ()))
        assert block["type"] != "header" or (block["text"]["type"] == "plain_text" and len(block["text"]["text"]) <= 150)
    assert 1 <= len(body["blocks"]) <= 50
    assert all(text["text"].strip() and len(text["text"]) <= 3000 for text in texts(body))
    assert all(text["verbatim"] for text in texts(body) if text["type"] == "mrkdwn")
    assert body["text"].strip()
    assert len(body["text"]) + sum(len(text["text"]) for text in texts(body)) < 13_000


def test_a_firing_payload() -> None:
    """The layout: title, first paragraph, facts, the rest, links."""
    body = payload(message())
    check(body)
    header, summary, facts, advice, links = body["blocks"]
    assert header["text"] == {"type": "plain_text", "text": message().title, "emoji": True}
    assert summary["text"]["text"] == KOREAN.summary
    assert facts["fields"][0] == {"type": "mrkdwn", "text": "*Severity*\nwarning", "verbatim": True}
    assert advice["text"]["text"] == "What to do: roll back v42."
    assert links["text"]["text"] == (
        "<https://babelwatch.example/alerts/9f2c41d0|Alert>\n<https://wiki.example/babelwatch|Runbook>"
    )
    assert body["text"] == f"{header['text']['text']}\n{KOREAN.summary}"


def test_a_message_without_anything_but_a_title() -> None:
    """No empty block is made."""
    body = payload(message(title="title", text="", fields=(), links=()))
    check(body)
    assert body["blocks"] == [{"type": "header", "text": {"type": "plain_text", "text": "title", "emoji": True}}]


def filled(text: str, *, fields: int = 12, links: int = 3) -> Message:
    """A message that says the same in every place, escaped as the pipeline does."""
    safe = escape(clean(text)) or "x"
    return message(
        title=safe,
        text=f"{safe}\n\n{safe}",
        fields=(Field(safe, safe),) * fields,
        links=(Link(safe, f"https://x.example/{escape(text)}".replace("&lt;", "%3C").replace("&gt;", "%3E")),) * links,
    )


def test_a_log_pings_nobody() -> None:
    """No `<` of a log is left; what remains are our own links."""
    body = payload(filled("<!channel> <@U123> <https://evil.example|click> & @here {{1234567*8}}"))
    check(body)
    said = json.dumps(body, ensure_ascii=False)
    assert "<!" not in said
    assert "<@" not in said
    assert "<https://evil" not in said
    assert "9876536" not in said
    assert body["blocks"][1]["text"]["text"].startswith("&lt;!channel&gt; ")


LONG = "&" * 10_000
FLOODS = {
    "long names": filled(LONG),
    "many fields": filled("x", fields=300),
    "many links": filled("y&" * 900, links=100),
    "astral": filled("𒀀" * 10_000),
    "accents": filled("a" + "\u0301" * 10_000),
    "long title": message(title="T" * 5000),
    "long paragraph": message(text="p" * 50_000),
    "many paragraphs": message(text="\n\n".join(f"p{n}" for n in range(500))),
    "many long paragraphs": message(text="\n\n".join(["&lt;" * 400] * 60)),
}


@pytest.mark.parametrize("one", FLOODS.values(), ids=FLOODS.keys())
def test_floods_are_shortened(one: Message) -> None:
    """Whatever is too long is cut by rule, and the body is valid UTF-8."""
    body = payload(one)
    check(body)
    json.dumps(body, ensure_ascii=False).encode("utf-8")


def test_links_survive_a_flood_of_text() -> None:
    """The way to the page is never what is cut."""
    link = (Link("Alert", "https://x.example"),)
    body = payload(message(title="t", text="x" * 50_000, fields=(Field("a", "y" * 9000),) * 20, links=link))
    check(body)
    assert body["blocks"][-1]["text"]["text"] == "<https://x.example|Alert>"


@pytest.mark.parametrize("text", ["&amp;" * 100, "&lt;" * 100, "a <https://x.example|label>" * 30], ids=["amp", "lt", "link"])
def test_nothing_is_torn(text: str) -> None:
    """A cut leaves neither half an entity nor half a link."""
    for limit in range(20, 60):
        cut = slack_blocks._fit(text, limit)
        assert len(cut) <= limit
        assert cut.endswith("…")
        assert cut[:-1].rpartition("&")[2].count(";") or "&" not in cut
        assert cut.count("<") == cut.count(">")


ANYTHING = st.text(st.characters(codec=None), max_size=400)


@given(text=ANYTHING, fields=st.integers(0, 20), links=st.integers(0, 9), times=st.integers(1, 60))
def test_any_message_makes_a_payload_that_slack_takes(text: str, fields: int, links: int, times: int) -> None:
    """No string whatever in the places a log can write to makes a message that is refused or pings."""
    body = payload(filled(text * times, fields=fields, links=links))
    check(body)
    json.dumps(body, ensure_ascii=False).encode("utf-8")
    assert all(
        line.startswith("<https://") and line.count("<") == 1
        for text in texts(body)
        for line in text["text"].split("\n")
        if "<" in line
    )


def test_the_table_of_integrations_makes_it(slack: SlackStub) -> None:
    """A receiver of type slack with a webhook posts there; what follows is a new message, with no receipt."""
    notifier = INTEGRATIONS["slack"](name="chat", webhook_url=slack.url)
    assert [notifier.send(each) for each in (message(), ended({}))] == [{}, {}]
    assert slack.arrived == [payload(message()), payload(ended({}))]


@pytest.mark.parametrize(
    ("status", "permanent"),
    [(400, True), (403, True), (404, True), (410, True), (302, True), (429, False), (500, False), (503, False)],
)
def test_what_slack_refuses(status: int, permanent: bool, slack: SlackStub) -> None:  # noqa: FBT001  a table's column
    """Which answers another try may mend."""
    slack.answers.append(Answer(status, "invalid_payload"))
    with pytest.raises(TransportError, match=rf"^Slack answered {status} \(invalid_payload\)$") as caught:
        slack.notifier().send(message())
    assert caught.value.permanent is permanent


def test_a_success_that_does_not_say_ok_is_a_failure(slack: SlackStub) -> None:
    """A login page answers 200 too."""
    slack.answers.append(Answer(200, "<html>sign in</html>"))
    with pytest.raises(TransportError, match="not ok") as caught:
        slack.notifier().send(message())
    assert caught.value.permanent
