"""What every channel promises: the same tests over the in-memory twin and over each real one on a local server."""

import json
import logging
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest

from agent.alerting.incident import Evidence
from agent.notify.alertmanager import AlertmanagerNotifier
from agent.notify.base import Field, Link, Message, Notifier, Receipt, TransportError
from agent.notify.integrations import INTEGRATIONS
from agent.notify.mail import MailNotifier
from agent.notify.memory import MemoryNotifier
from agent.notify.pagerduty import PagerDutyNotifier
from agent.notify.webhook import WebhookNotifier
from tests.notify.examples import deployed, ended, followed, incident, message
from tests.notify.mail_server import MailServer
from tests.notify.stubs import (
    CLOSED,
    SECRET,
    SILENT,
    AlertmanagerStub,
    Answer,
    PagerDutyStub,
    SlackApiStub,
    SlackStub,
    Stub,
    refusal,
)

KEY = "SECRETSECRETSECRETSECRETSECRET00"
SIGNING = "signSECRETsign"


@dataclass
class Channel:
    """A notifier with its far end: how to make it fail, and what arrived there."""

    notifier: Notifier
    fail: Callable[[bool], None]
    arrived: Callable[[], list[Any]]
    keeps_deployments: bool = True


def _memory(_: pytest.FixtureRequest) -> Channel:
    notifier = MemoryNotifier("chat")
    return Channel(
        notifier,
        lambda permanent: notifier.failures.append(TransportError("told to fail", permanent=permanent)),
        lambda: notifier.messages,
    )


def _http(stub: Stub, notifier: Notifier, *, keeps_deployments: bool = True) -> Channel:
    def fail(permanent: bool) -> None:  # noqa: FBT001  the one argument of a callback
        stub.answers.append(Answer(404 if permanent else 500, ""))

    return Channel(notifier, fail, lambda: stub.arrived, keeps_deployments)


def _webhook_slack(request: pytest.FixtureRequest) -> Channel:
    stub: SlackStub = request.getfixturevalue("slack")
    return _http(stub, stub.notifier())


def _bot(request: pytest.FixtureRequest) -> Channel:
    stub: SlackApiStub = request.getfixturevalue("slack_api")
    channel = _http(stub, stub.notifier())
    channel.fail = lambda permanent: stub.answers.append(refusal("channel_not_found" if permanent else "internal_error"))
    return channel


def _pager(request: pytest.FixtureRequest) -> Channel:
    stub: PagerDutyStub = request.getfixturevalue("pagerduty")
    return _http(stub, PagerDutyNotifier("chat", KEY, url=stub.base))


def _alertmanager(request: pytest.FixtureRequest) -> Channel:
    stub: AlertmanagerStub = request.getfixturevalue("alertmanager")
    notifier = AlertmanagerNotifier("chat", [stub.url], username="ann", password=SECRET)
    return _http(stub, notifier, keeps_deployments=False)


def _hook(request: pytest.FixtureRequest) -> Channel:
    stub: Stub = request.getfixturevalue("hook")
    return _http(stub, WebhookNotifier("chat", stub.url, secret=SIGNING), keeps_deployments=False)


def _mail(request: pytest.FixtureRequest) -> Channel:
    server: MailServer = request.getfixturevalue("mail_server")
    notifier = MailNotifier(
        name="chat", host=server.host, port=server.port, tls="none", from_="b@example.org", to=["a@example.org"]
    )
    return Channel(
        notifier,
        lambda permanent: server.answers.append("550 5.7.1 no" if permanent else "451 4.3.0 later"),
        lambda: server.mails,
    )


HTTP = {"slack webhook": _webhook_slack, "slack bot": _bot, "pagerduty": _pager, "alertmanager": _alertmanager, "webhook": _hook}
CHANNELS = {"memory": _memory, **HTTP, "email": _mail}


@pytest.fixture(params=CHANNELS)
def channel(request: pytest.FixtureRequest) -> Channel:
    """Each channel in turn."""
    return CHANNELS[request.param](request)


def test_it_has_the_receivers_name(channel: Channel) -> None:
    """The name is the one from the configuration."""
    assert channel.notifier.name == "chat"


def test_a_message_arrives_once(channel: Channel) -> None:
    """One send is one message, and its receipt is plain text for the journal, without a secret."""
    receipt = channel.notifier.send(message())
    assert len(channel.arrived()) == 1
    assert all(isinstance(text, str) for pair in receipt.items() for text in pair)
    assert "SECRET" not in str(receipt)


@pytest.mark.parametrize("permanent", [True, False])
def test_a_failure_says_whether_to_try_again(channel: Channel, permanent: bool) -> None:  # noqa: FBT001  a table's column
    """The error is a `TransportError`, nothing arrived, and the next send works."""
    channel.fail(permanent)
    with pytest.raises(TransportError) as caught:
        channel.notifier.send(message())
    assert caught.value.permanent is permanent
    assert channel.arrived() == []
    channel.notifier.send(message())
    assert len(channel.arrived()) == 1


def test_a_thread_goes_from_fire_to_end(channel: Channel) -> None:
    """Every message of it arrives, whatever the channel makes of the first one's receipt, and also without any."""
    receipt: Receipt = channel.notifier.send(message())
    for later in (followed(receipt), followed(receipt, kind="reminder"), ended(receipt), ended({})):
        before = len(channel.arrived())
        channel.notifier.send(later)
        assert len(channel.arrived()) > before


def test_a_test_message_arrives(channel: Channel) -> None:
    """Also one that is about no incident."""
    channel.notifier.send(message(kind="test", incidents=(), title="Test of babelwatch", fields=(), links=()))
    assert len(channel.arrived()) == 1


def test_a_deployment_is_no_alert(channel: Channel) -> None:
    """It arrives where there is a place for it, and is no error elsewhere."""
    channel.notifier.send(deployed())
    assert len(channel.arrived()) == channel.keeps_deployments


def test_a_bare_message_arrives(channel: Channel) -> None:
    """A title alone will do."""
    channel.notifier.send(message(text="", fields=(), links=()))
    assert len(channel.arrived()) == 1


def test_escaping_keeps_ordinary_words(channel: Channel) -> None:
    """Text of any script without special characters is left alone."""
    for text in ("help", "검색", "kb-en/42", "ភាសាខ្មែរ", ""):
        assert channel.notifier.escape(text) == text


NAMES = {
    "a ping": "<!channel> <@U123> @here",
    "a template": "{{1234567*8}} {% raw %} ${1234567*8} {{ .Labels }}",
    "a page": "<script>alert(1)</script> <img src=x onerror=alert(1)>",
    "lines": "a\r\nBcc: evil@example.org\n.\nb\u2028c",
    "marks of direction": "\u202etxt.exe\u2066\u200f",
    "a flood": "&" * 10_000,
    "accents": "a" + "\u0301" * 10_000,
    "half a pair": "a\ud800b",
    "NUL": "a\x00b\x1b[2J",
}


def hostile(notifier: Notifier, name: str) -> Message:
    """A message whose every string a log wrote, escaped for the channel as the pipeline does."""
    text = notifier.escape(name)
    bad = incident(
        service=name,
        environment=name,
        language=name,
        index_version=name,
        summary=name,
        exemplars=(name,),
        evidence=(Evidence(name, name, 0.1),),
        links={name: "https://x.example/" + name},
        labels={name: name, "severity": "none", "team": name},
        annotations={name: name},
    )
    fields = tuple(Field(text, text) for _ in range(3))
    return message(title=text, text=text, incidents=(bad,), fields=fields, links=(Link(text, "https://x.example/" + text),))


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_hostile_names_are_delivered_and_do_nothing(channel: Channel, name: str) -> None:
    """Each channel takes them, within its limits, and nothing in them is computed."""
    channel.notifier.send(hostile(channel.notifier, name))
    assert len(channel.arrived()) == 1
    said = json.dumps(channel.arrived()[0], default=str, ensure_ascii=False)
    assert "9876536" not in said


@pytest.mark.parametrize("way", HTTP)
@pytest.mark.parametrize("wait", ["7", "Mon, 16 Nov 2099 08:30:00 GMT"])
def test_a_wait_that_is_asked_for_is_passed_on(way: str, wait: str, request: pytest.FixtureRequest) -> None:
    """429 is transient, with the seconds of `Retry-After`."""
    channel = HTTP[way](request)
    stub = _stub(way, request)
    stub.answers.append(Answer(429, "", (("Retry-After", wait),)))
    with pytest.raises(TransportError) as caught:
        channel.notifier.send(message())
    assert not caught.value.permanent
    assert caught.value.retry_after is not None
    assert caught.value.retry_after >= 7


def _stub(way: str, request: pytest.FixtureRequest) -> Stub:
    name = {"slack webhook": "slack", "slack bot": "slack_api", "webhook": "hook"}.get(way, way)
    stub: Stub = request.getfixturevalue(name)
    return stub


class Trouble(NamedTuple):
    """An answer that may tempt to repeat a secret."""

    answer: Answer


TROUBLES = {
    "ok": Trouble(Answer(202, f'{{"ok":true,"note":"{SECRET}"}}')),
    "down": Trouble(Answer(500, f"no /services/{SECRET} here")),
    "gone": Trouble(Answer(404, f"<p>/services/{SECRET} was not found</p>")),
    "slow down": Trouble(Answer(429, SECRET)),
    "strange": Trouble(Answer(200, SECRET)),
    "refused": Trouble(refusal(SECRET)),
    "moved": Trouble(Answer(301, "", (("Location", f"https://elsewhere.example/{SECRET}"),))),
    "closed": Trouble(Answer(CLOSED)),
}


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
@pytest.mark.parametrize("way", HTTP)
def test_no_secret_is_said(way: str, trouble: Trouble, request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> None:
    """Neither in the log at its most talkative, nor in an error with its whole trace, nor in what the notifier prints."""
    channel = HTTP[way](request)
    _stub(way, request).answers.append(trouble.answer)
    assert "SECRET" not in said_by(channel.notifier, caplog)


def said_by(notifier: Notifier, caplog: pytest.LogCaptureFixture, deliver: Callable[[], None] | None = None) -> str:
    """All that becomes visible of one try to send, a message where nothing else is given."""
    error = None
    with caplog.at_level(logging.DEBUG), caplog.at_level(logging.DEBUG, "httpx"), caplog.at_level(logging.DEBUG, "httpcore"):
        try:
            deliver() if deliver else notifier.send(message())
        except TransportError as raised:
            error = raised
    assert error is None or (error.__cause__ is None and error.__context__ is None)
    trace = "".join(traceback.format_exception(error)) if error else ""
    records = [f"{record.getMessage()} {record.args} {record.__dict__}" for record in caplog.records]
    return "\n".join([repr(notifier), f"{notifier}", repr(error), f"{error}", trace, caplog.text, *records])


@pytest.mark.parametrize("way", HTTP)
def test_silence_is_not_waited_out(way: str, request: pytest.FixtureRequest) -> None:
    """The time-out is a setting, and transient."""
    stub = _stub(way, request)
    stub.answers.append(Answer(SILENT))
    keys: dict[str, dict[str, Any]] = {
        "slack webhook": {"webhook_url": stub.url},
        "slack bot": {"token": SECRET, "channel": "a", "url": stub.url},
        "pagerduty": {"routing_key": KEY, "url": stub.url},
        "alertmanager": {"urls": [stub.url]},
        "webhook": {"url": stub.url},
    }
    notifier = INTEGRATIONS[way.partition(" ")[0]](name="chat", timeout=0.05, **keys[way])
    with pytest.raises(TransportError, match="ReadTimeout") as caught:
        notifier.send(message())
    assert not caught.value.permanent
