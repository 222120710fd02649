"""What leaves the machine for Slack: always within its limits, never with a ping from a log, never with the secret."""

import json
import logging
import socket
import traceback
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from agent.alerting.incident import Evidence, Incident
from agent.notify import slack as wire
from agent.notify.base import Field, Link, Message, TransportError
from agent.notify.integrations import INTEGRATIONS
from agent.notify.render import Renderer
from agent.notify.slack import SlackNotifier, payload
from tests.notify.conftest import SECRET, Answer, SlackStub
from tests.notify.examples import KOREAN, incident, resolved

CHANNEL = SlackNotifier("chat", "https://hooks.slack.com/services/x")
RENDERER = Renderer(external_url="https://babelwatch.example")


def sent(one: Incident) -> dict[str, Any]:
    """The payload of an incident."""
    return payload(RENDERER.render(one, CHANNEL.escape))


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
    """The layout: title, summary, facts, what to do, evidence, examples, links."""
    body = sent(KOREAN)
    check(body)
    header, summary, facts, advice, evidence, examples, links = body["blocks"]
    assert header["text"]["text"] == "Warning: retrieval got worse in Korean (ko) · help · prod"
    assert summary["text"]["text"] == KOREAN.summary
    assert facts["fields"][0] == {"type": "mrkdwn", "text": "*Severity*\nwarning", "verbatim": True}
    assert advice["text"]["text"].startswith("What to do: ")
    assert evidence["text"]["text"].startswith("Evidence:\n• ")
    assert examples["text"]["text"] == "Examples:\n• evt-1\n• evt-2"
    assert links["text"]["text"] == (
        "<https://babelwatch.example/alerts/9f2c41d0|Alert>\n<https://wiki.example/babelwatch|Runbook>"
    )
    assert body["text"] == f"{header['text']['text']}\n{KOREAN.summary}"


def test_a_resolved_payload() -> None:
    """The end fits as well."""
    body = sent(resolved())
    check(body)
    assert body["blocks"][0]["text"]["text"].startswith("Resolved: ")


def test_a_message_without_anything_but_a_title() -> None:
    """No empty block is made."""
    body = payload(Message(KOREAN, "title", ""))
    check(body)
    assert body["blocks"] == [{"type": "header", "text": {"type": "plain_text", "text": "title", "emoji": True}}]


def test_a_log_pings_nobody() -> None:
    """No `<` of a log is left; what remains are our own links."""
    ping = "<!channel> <@U123> <https://evil.example|click> & @here {{7*7}}"
    body = sent(
        incident(service=ping, summary=ping, exemplars=(ping,), index_version=ping, links={ping: "https://x.example/<!here>|"})
    )
    check(body)
    said = json.dumps(body, ensure_ascii=False)
    assert "<!" not in said
    assert "<@" not in said
    assert "<https://evil" not in said
    assert "49" not in said
    assert body["blocks"][1]["text"]["text"].startswith("&lt;!channel&gt; ")


LONG = "&" * 10_000
FLOODS = {
    "long names": incident(service=LONG, environment=LONG, index_version=LONG, embedding_model=LONG, language=LONG, summary=LONG),
    "many evidence": incident(evidence=tuple(Evidence(LONG, LONG, 0.1, 4.0) for _ in range(100))),
    "many examples": incident(exemplars=tuple(f"<{LONG}" for _ in range(100))),
    "many links": incident(links={f"{n}": "https://x.example/" + "y&" * 900 for n in range(100)}),
    "astral": incident(service="𒀀" * 10_000, summary="𒀀" * 10_000),
    "surrogates": incident(service="a\ud800b", exemplars=("\udfff",)),
}


@pytest.mark.parametrize("one", FLOODS.values(), ids=FLOODS.keys())
def test_floods_are_shortened(one: Incident) -> None:
    """Whatever is too long is cut by rule, and the body is valid UTF-8."""
    body = sent(one)
    check(body)
    json.dumps(body, ensure_ascii=False).encode("utf-8")


TEMPLATES = {
    "long title": "{{ 'T' * 5000 }}\ntext",
    "long paragraph": "title\n{{ incident.service * 5000 }}",
    "many paragraphs": "title\n{% for i in range(500) %}p{{ i }}\n\n{% endfor %}",
    "many long paragraphs": "title\n{% for i in range(60) %}{{ '&lt;' * 400 }}\n\n{% endfor %}",
}


@pytest.mark.parametrize("source", TEMPLATES.values(), ids=TEMPLATES.keys())
def test_an_operators_template_cannot_break_the_limits(source: str, tmp_path: Path) -> None:
    """A template may say too much; Slack still takes it."""
    (tmp_path / "firing.txt.j2").write_text(source, "utf-8")
    check(payload(Renderer(folder=tmp_path).render(KOREAN, CHANNEL.escape)))


def test_links_survive_a_flood_of_text() -> None:
    """The way to the page is never what is cut."""
    body = payload(Message(KOREAN, "t", "x" * 50_000, (Field("a", "y" * 9000),) * 20, (Link("Alert", "https://x.example"),)))
    check(body)
    assert body["blocks"][-1]["text"]["text"] == "<https://x.example|Alert>"


@pytest.mark.parametrize("text", ["&amp;" * 100, "&lt;" * 100, "a <https://x.example|label>" * 30], ids=["amp", "lt", "link"])
def test_nothing_is_torn(text: str) -> None:
    """A cut leaves neither half an entity nor half a link."""
    for limit in range(20, 60):
        cut = wire._fit(text, limit)
        assert len(cut) <= limit
        assert cut.endswith("…")
        assert cut[:-1].rpartition("&")[2].count(";") or "&" not in cut
        assert cut.count("<") == cut.count(">")


ANYTHING = st.text(st.characters(codec=None), max_size=400)


@given(
    words=st.lists(ANYTHING, min_size=6, max_size=6),
    exemplars=st.lists(ANYTHING, max_size=8),
    links=st.dictionaries(ANYTHING, ANYTHING.map("https://x.example/{}".format), max_size=4),
)
def test_any_incident_makes_a_payload_that_slack_takes(words: list[str], exemplars: list[str], links: dict[str, str]) -> None:
    """No string whatever in the places a log can write to makes a message that is refused or pings."""
    service, environment, language, version, metric, summary = words
    body = sent(
        incident(
            service=service,
            environment=environment,
            language=language,
            index_version=version,
            evidence=(Evidence("drop", metric, 0.1),),
            exemplars=tuple(exemplars),
            links=links,
            summary=summary,
        )
    )
    check(body)
    json.dumps(body, ensure_ascii=False).encode("utf-8")
    assert all(
        line.startswith("<https://") and line.count("<") == 1
        for text in texts(body)
        for line in text["text"].split("\n")
        if "<" in line
    )


def test_the_table_of_integrations_makes_it(slack: SlackStub) -> None:
    """A receiver of type slack is this class, built from its name and its keys."""
    notifier = INTEGRATIONS["slack"](name="chat", webhook_url=slack.url)
    notifier.send(RENDERER.render(KOREAN, notifier.escape))
    assert slack.arrived == [sent(KOREAN)]


@pytest.mark.parametrize(
    ("status", "permanent"),
    [(400, True), (403, True), (404, True), (410, True), (302, True), (429, False), (500, False), (503, False)],
)
def test_what_slack_refuses(status: int, permanent: bool, slack: SlackStub) -> None:  # noqa: FBT001  a table's column
    """Which answers another try may mend."""
    slack.answers.append(Answer(status, "invalid_payload"))
    with pytest.raises(TransportError, match=rf"^Slack answered {status} \(invalid_payload\)$") as caught:
        slack.notifier().send(RENDERER.render(KOREAN, CHANNEL.escape))
    assert caught.value.permanent is permanent


@pytest.mark.parametrize(
    ("header", "seconds"), [("30", 30.0), ("1.5", 1.5), ("soon", None), ("-1", None), ("nan", None), ("", None)]
)
def test_retry_after_is_read(header: str, seconds: float | None, slack: SlackStub) -> None:
    """The wait Slack asks for, where it is a number of seconds."""
    slack.answers.append(Answer(429, "", (("Retry-After", header),)))
    with pytest.raises(TransportError) as caught:
        slack.notifier().send(RENDERER.render(KOREAN, CHANNEL.escape))
    assert caught.value.retry_after == seconds


def test_a_success_that_does_not_say_ok_is_a_failure(slack: SlackStub) -> None:
    """A login page answers 200 too."""
    slack.answers.append(Answer(200, "<html>sign in</html>"))
    with pytest.raises(TransportError, match="not ok") as caught:
        slack.notifier().send(RENDERER.render(KOREAN, CHANNEL.escape))
    assert caught.value.permanent


def _closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def test_nobody_there_is_worth_another_try() -> None:
    """A refused connection is transient."""
    notifier = SlackNotifier("chat", f"http://127.0.0.1:{_closed_port()}/{SECRET}")
    with pytest.raises(TransportError, match="no answer from Slack") as caught:
        notifier.send(RENDERER.render(KOREAN, CHANNEL.escape))
    assert not caught.value.permanent


def test_a_server_that_says_nothing_times_out() -> None:
    """The time-out is an argument, and transient."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        notifier = SlackNotifier("chat", f"http://127.0.0.1:{silent.getsockname()[1]}/{SECRET}", timeout=0.05)
        with pytest.raises(TransportError, match="ReadTimeout") as caught:
            notifier.send(RENDERER.render(KOREAN, CHANNEL.escape))
    assert not caught.value.permanent


TROUBLES = {
    "ok": Answer(),
    "down": Answer(500, f"no /services/{SECRET} here"),
    "gone": Answer(404, f"<p>/services/{SECRET} was not found</p>"),
    "slow down": Answer(429, SECRET),
    "strange": Answer(200, SECRET),
    "moved": Answer(301, "", (("Location", f"https://elsewhere.example/{SECRET}"),)),
}


@pytest.mark.parametrize("answer", TROUBLES.values(), ids=TROUBLES.keys())
def test_the_secret_is_nowhere(answer: Answer, slack: SlackStub, caplog: pytest.LogCaptureFixture) -> None:
    """Neither in the log at its most talkative, nor in an error with its whole trace, nor in what the notifier prints."""
    slack.answers.append(answer)
    assert "SECRET" not in _said(slack.notifier(), caplog)
    assert "HTTP Request: POST http://127.0.0.1/… " in caplog.text


ODD_URLS = [f"SECRET{SECRET}", f"ftp://x/{SECRET}", f"http://x:port{SECRET}/", f"http://\x00{SECRET}", ""]


@pytest.mark.parametrize("url", ODD_URLS)
def test_a_wrong_url_is_not_repeated(url: str, caplog: pytest.LogCaptureFixture) -> None:
    """A mistyped URL may hold the secret all the same; it is a permanent error."""
    said = _said(SlackNotifier("chat", url), caplog)
    assert "SECRET" not in said
    assert "the URL of Slack is not one" in said


def _said(notifier: SlackNotifier, caplog: pytest.LogCaptureFixture) -> str:
    """All that becomes visible of one try to send."""
    error = None
    with caplog.at_level(logging.DEBUG), caplog.at_level(logging.DEBUG, "httpx"), caplog.at_level(logging.DEBUG, "httpcore"):
        try:
            notifier.send(RENDERER.render(KOREAN, CHANNEL.escape))
        except TransportError as raised:
            error = raised
    assert error is None or (error.__cause__ is None and error.__context__ is None)
    trace = "".join(traceback.format_exception(error)) if error else ""
    records = [f"{record.getMessage()} {record.args} {record.__dict__}" for record in caplog.records]
    return "\n".join([repr(notifier), f"{notifier}", repr(error), f"{error}", trace, caplog.text, *records])
