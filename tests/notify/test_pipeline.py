"""From a transition to deliveries: one message an incident, and nobody waits for a neighbour that is down."""

import json
import logging
from dataclasses import dataclass, field, replace
from datetime import timedelta

import msgspec
import pytest

from agent.alerting.incident import Incident, State
from agent.clock import FakeClock
from agent.errors import RetryLater
from agent.notify.base import Message, Notifier, TransportError
from agent.notify.dedup import Reason
from agent.notify.memory import MemoryNotifier
from agent.notify.pipeline import Pipeline
from agent.notify.render import Renderer
from agent.notify.route import Route
from agent.notify.steps import Delivery
from tests.notify.conftest import SECRET, Answer, SlackStub
from tests.notify.examples import KOREAN, NOW, QUICK, incident, resolved


@dataclass
class Book:
    """The journal's part, in memory."""

    deliveries: list[Delivery] = field(default_factory=list)

    def sent(self, receiver: str, fingerprint: str, began_at: str) -> State | None:
        """The last state that was delivered."""
        key = (receiver, fingerprint, began_at, "sent")
        states = [d.state for d in self.deliveries if (d.receiver, d.fingerprint, d.began_at, d.outcome) == key]
        return states[-1] if states else None


def pipeline(*notifiers: Notifier, book: Book | None = None) -> Pipeline:
    """A pipeline with tiny waits."""
    book = book or Book()
    return Pipeline(
        notifiers={notifier.name: notifier for notifier in notifiers},
        renderer=Renderer(),
        sent=book.sent,
        record=book.deliveries.append,
        clock=FakeClock(NOW),
        patience=QUICK,
    )


def outcomes(deliveries: list[Delivery]) -> list[tuple[str, str, str]]:
    """Receiver, outcome and reason of each."""
    return [(d.receiver, d.outcome, d.reason.value) for d in deliveries]


def test_the_order_of_work_is_one_list() -> None:
    """The steps, once, in their order."""
    names = [type(step).__name__ for step in pipeline().steps()]
    assert names == ["Routing", "Dedup", "Rendering", "Sending", "Recording"]


def test_a_delivery_says_what_became_of_it() -> None:
    """All that the journal needs, as JSON too."""
    book = Book()
    (delivery,) = pipeline(MemoryNotifier("chat"), book=book).notify(KOREAN)
    assert book.deliveries == [delivery]
    assert json.loads(msgspec.json.encode(delivery)) == {
        "receiver": "chat",
        "fingerprint": "9f2c41d0",
        "began_at": "2026-11-16T08:14:00+00:00",
        "state": "firing",
        "reason": "first",
        "at": "2026-11-16T08:30:00Z",
        "outcome": "sent",
        "error": None,
    }


def test_one_message_an_incident() -> None:
    """Fired twice and resolved twice: one message for each."""
    chat, book = MemoryNotifier("chat"), Book()
    telling = pipeline(chat, book=book)
    for transition in (incident(state="pending"), KOREAN, incident(severity="critical"), resolved(), resolved()):
        telling.notify(transition)
    assert [message.incident.state for message in chat.messages] == ["firing", "resolved"]
    assert [(d.state, d.outcome) for d in book.deliveries] == [("firing", "sent"), ("resolved", "sent")]


def test_the_next_incident_of_the_same_language_is_told() -> None:
    """Another beginning is another incident."""
    chat = MemoryNotifier("chat")
    telling = pipeline(chat)
    assert KOREAN.began_at is not None
    for transition in (KOREAN, resolved(), incident(began_at=KOREAN.began_at + timedelta(days=1))):
        telling.notify(transition)
    assert len(chat.messages) == 3


def test_a_failed_message_is_told_when_it_comes_again() -> None:
    """A failure is not a message."""
    chat = MemoryNotifier("chat", [TransportError("gone", permanent=True)])
    telling = pipeline(chat)
    assert outcomes(telling.notify(KOREAN)) == [("chat", "failed", "first")]
    assert outcomes(telling.notify(KOREAN)) == [("chat", "sent", "first")]
    assert len(chat.messages) == 1


def test_a_failing_receiver_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    """Refused, buggy or unknown: the others are told, and the log has an error each."""

    class Buggy(MemoryNotifier):
        def send(self, message: Message) -> None:
            raise ValueError(f"{message.title}: https://hooks.example/{SECRET}")

    gone = MemoryNotifier("gone", [TransportError("it is gone", permanent=True)])
    chat, book = MemoryNotifier("chat"), Book()
    telling = replace(
        pipeline(gone, Buggy("buggy"), chat, book=book), routes=[Route(receivers=("gone", "buggy", "nobody", "chat"))]
    )
    with caplog.at_level(logging.DEBUG):
        deliveries = telling.notify(KOREAN)
    assert [(d.receiver, d.outcome) for d in deliveries] == [
        ("gone", "failed"),
        ("buggy", "failed"),
        ("nobody", "failed"),
        ("chat", "sent"),
    ]
    assert deliveries[0].error == "it is gone"
    assert (deliveries[1].error or "").startswith("unexpected ValueError in test_pipeline.py, line ")
    assert book.deliveries == deliveries
    assert len([record for record in caplog.records if record.levelno == logging.ERROR]) == 3
    assert "SECRET" not in caplog.text


def test_a_channel_that_cannot_escape_fails_alone() -> None:
    """A bug while rendering is that receiver's end only."""

    class Odd(MemoryNotifier):
        def escape(self, text: str) -> str:
            raise LookupError(text)

    assert [d.outcome for d in pipeline(Odd("odd"), MemoryNotifier("chat")).notify(KOREAN)] == ["failed", "sent"]


def test_routes_choose_and_a_resolution_reaches_whoever_was_told() -> None:
    """A severity that changed meanwhile does not keep the end from those who heard the beginning."""
    chat, pager = MemoryNotifier("chat"), MemoryNotifier("pager")
    routes = [Route(match={"severity": ("critical",)}, receivers=("pager",)), Route(receivers=("chat",))]
    telling = replace(pipeline(chat, pager), routes=routes)
    assert outcomes(telling.notify(incident(severity="critical"))) == [("pager", "sent", "first")]
    assert outcomes(telling.notify(resolved(severity="warning"))) == [
        ("chat", "skipped", "never_fired"),
        ("pager", "sent", "resolved"),
    ]


def test_each_delivery_is_recorded_before_the_next_message_is_sent() -> None:
    """A crash at the second receiver does not forget the first."""
    book = Book()
    seen: list[int] = []

    class Watching(MemoryNotifier):
        def send(self, message: Message) -> None:
            seen.append(len(book.deliveries))
            super().send(message)

    pipeline(Watching("a"), Watching("b"), book=book).notify(KOREAN)
    assert seen == [0, 1]


def test_a_journal_that_is_away_is_the_callers_to_handle() -> None:
    """Without knowing what was told, nothing is sent."""

    def away(*_: str) -> State | None:
        raise RetryLater("the store is away")

    chat = MemoryNotifier("chat")
    with pytest.raises(RetryLater):
        replace(pipeline(chat), sent=away).notify(KOREAN)
    assert chat.messages == []


@pytest.mark.parametrize(("transition", "reason"), [(KOREAN, Reason.FIRST), (incident(state="pending"), Reason.NOT_WORTH_TELLING)])
def test_the_reason_is_a_field_of_the_log(transition: Incident, reason: Reason, caplog: pytest.LogCaptureFixture) -> None:
    """Each decision leaves one line with its reason."""
    with caplog.at_level(logging.DEBUG, logger="agent.notify"):
        pipeline(MemoryNotifier("chat")).notify(transition)
    (record,) = [record for record in caplog.records if record.name == "agent.notify.steps"]
    assert record.__dict__["reason"] == reason.value
    assert record.__dict__["receiver"] == "chat"


def test_slack_stumbles_and_the_message_arrives_once(slack: SlackStub, caplog: pytest.LogCaptureFixture) -> None:
    """500, then 429 with a wait, then ok: one message, and the secret in no line on the way."""
    slack.answers.extend([Answer(500, "down"), Answer(429, "", (("Retry-After", "0.02"),))])
    book = Book()
    telling = pipeline(slack.notifier(), book=book)
    with caplog.at_level(logging.DEBUG):
        telling.notify(KOREAN)
        telling.notify(KOREAN)
    assert (slack.tries, len(slack.arrived), [d.outcome for d in book.deliveries]) == (3, 1, ["sent"])
    assert "SECRET" not in caplog.text + "".join(str(record.__dict__) for record in caplog.records)


def test_slack_down_for_good_is_a_failed_delivery_without_the_secret(slack: SlackStub) -> None:
    """What cannot be sent is written down as such."""
    slack.answers.extend([Answer(503, f"/{SECRET}")] * 9)
    (delivery,) = pipeline(slack.notifier()).notify(KOREAN)
    assert (delivery.outcome, delivery.error, slack.tries) == ("failed", "Slack answered 503", QUICK.attempts)
