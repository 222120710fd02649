"""Brings one receiver what is in the outbox, in order."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import pytest

from agent.alerting.incident import Incident
from agent.notify.base import Message, Receipt, TransportError
from agent.notify.courier import KEPT, TOO_OLD, Courier
from agent.notify.dedup import Reason
from agent.notify.memory import MemoryNotifier
from agent.notify.notification import DELIVERY, Delivery
from agent.notify.outbox import Outbox
from agent.notify.render import Renderer
from agent.notify.retry import SHORTEST_REST
from agent.store.memory import MemoryJournal
from tests.notify.conftest import SECRET, Answer, SlackStub
from tests.notify.examples import CHANGE, KOREAN, NOW, QUICK, incident, notification, of, resolved
from tests.support.telling import Away, Told, told_by

END = notification(resolved(), id="n2", thread="n1", kind="resolved", reason=Reason.RESOLVED)


class Desk:
    """A courier with its outbox."""

    def __init__(self, notifier: MemoryNotifier | None = None) -> None:
        self.chat = notifier or MemoryNotifier("chat")
        self.journal = MemoryJournal()
        self.outbox = Outbox(self.journal)
        self.outbox.take_over()
        self.deliveries: list[Delivery] = []
        self.courier = Courier(self.chat, self.outbox, Renderer(), patience=QUICK, on_delivery=self.deliveries.append)

    def ids(self) -> list[str]:
        """What arrived."""
        return [message.id for message in self.chat.messages]


def test_what_waits_is_delivered_in_order_and_noted() -> None:
    """Each once, with its outcome and the answer of the channel."""
    desk = Desk()
    desk.outbox.post([notification(), END])
    desk.courier.turn(NOW)
    desk.courier.turn(NOW)
    assert desk.ids() == ["n1", "n2"]
    assert [(one.id, one.outcome, one.reason.value, one.at, one.receipt) for one in desk.deliveries] == [
        ("n1", "sent", "first", NOW, {"number": "1"}),
        ("n2", "sent", "resolved", NOW, {}),
    ]
    assert [row.body["outcome"] for row in desk.journal.read(DELIVERY)] == ["sent", "sent"]
    assert not desk.outbox.waits_for()


def test_a_later_message_has_the_first_ones_receipt() -> None:
    """Its channel can follow up on it."""
    desk = Desk()
    desk.outbox.post([notification(), END])
    desk.courier.turn(NOW)
    first, second = desk.chat.messages
    assert (first.begins, first.thread.receipt) == (True, {})
    assert (second.begins, second.thread.receipt) == (False, {"number": "1"})


def test_each_is_noted_before_the_next_is_sent() -> None:
    """A crash at the second message does not forget the first."""
    noted: list[int] = []

    class Watching(MemoryNotifier):
        def send(self, message: Message) -> Receipt:
            noted.append(len(desk.journal.read(DELIVERY)))
            return super().send(message)

    desk = Desk(Watching("chat"))
    desk.outbox.post([notification(), END])
    desk.courier.turn(NOW)
    assert noted == [0, 1]


def test_who_fails_is_left_alone_for_a_while() -> None:
    """Nothing overtakes the message that failed, and it comes first when the rest is over."""
    chat = Away()
    desk = Desk(chat)
    desk.outbox.post([notification(), END])
    desk.courier.turn(NOW)
    assert chat.tries == QUICK.attempts
    chat.away = False
    desk.courier.turn(NOW + SHORTEST_REST - timedelta(seconds=1))
    assert (desk.ids(), desk.deliveries) == ([], [])
    desk.courier.turn(NOW + SHORTEST_REST)
    assert desk.ids() == ["n1", "n2"]


def test_a_refusal_is_noted_and_the_next_is_sent(caplog: pytest.LogCaptureFixture) -> None:
    """It is an error in the log, and what comes later does not wait for it."""
    desk = Desk(MemoryNotifier("chat", [TransportError("it is gone", permanent=True)]))
    desk.outbox.post([notification(), notification(of("ja"), id="other")])
    with caplog.at_level(logging.INFO):
        desk.courier.turn(NOW)
    assert [(one.id, one.outcome, one.error) for one in desk.deliveries] == [
        ("n1", "failed", "it is gone"),
        ("other", "sent", None),
    ]
    (error,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert error.getMessage() == "notification of 9f2c41d0 (firing) to chat failed: first: it is gone"
    assert (error.__dict__["receiver"], error.__dict__["outcome"], error.__dict__["reason"]) == ("chat", "failed", "first")


def buggy(_: str) -> str:
    """A bug in a channel."""
    raise LookupError(f"https://hooks.example/{SECRET}")


class CannotSend(MemoryNotifier):
    """One with a bug in `send`."""

    def send(self, message: Message) -> Receipt:
        """Fail."""
        return {buggy(message.id): ""}


class CannotEscape(MemoryNotifier):
    """One with a bug in `escape`."""

    def escape(self, text: str) -> str:
        """Fail."""
        return buggy(text)


class CannotSustain(MemoryNotifier):
    """One with a bug in what it does each minute."""

    def sustain(self, incidents: Sequence[Incident], now: datetime) -> None:
        """Fail."""
        buggy(str(incidents) + str(now))


@pytest.mark.parametrize("channel", [CannotSend, CannotEscape])
def test_a_bug_in_a_channel_is_a_refusal(channel: Callable[[str], MemoryNotifier], caplog: pytest.LogCaptureFixture) -> None:
    """It says where, and nothing that an exception may carry."""
    desk = Desk(channel("chat"))
    desk.outbox.post([notification()])
    with caplog.at_level(logging.DEBUG):
        desk.courier.turn(NOW)
    (delivery,) = desk.deliveries
    assert (delivery.error or "").startswith("unexpected LookupError in test_courier.py, line ")
    assert "SECRET" not in caplog.text + str(delivery)


def test_a_bug_in_sustaining_is_trouble_and_no_end(caplog: pytest.LogCaptureFixture) -> None:
    """A turn never raises; the others are told."""
    desk = Desk(CannotSustain("chat"))
    desk.outbox.post([notification()])
    desk.courier.turn(NOW)
    assert desk.ids() == ["n1"]
    assert desk.courier.trouble.incident(NOW) is not None
    assert "SECRET" not in caplog.text


class Forgetful(MemoryNotifier):
    """One that has to be told again and again."""

    def __init__(self) -> None:
        super().__init__("chat")
        self.sustained: list[tuple[datetime, list[str]]] = []

    def sustain(self, incidents: Sequence[Incident], now: datetime) -> None:
        """Keep it."""
        self.sustained.append((now, [one.state for one in incidents]))


def test_who_forgets_is_told_each_minute() -> None:
    """What fires, and for five minutes what has ended."""
    chat = Forgetful()
    desk = Desk(chat)
    desk.courier.turn(NOW)
    desk.outbox.post([notification()])
    for seconds in (60, 90, 120):
        desk.courier.turn(NOW + timedelta(seconds=seconds))
    desk.outbox.post([END])
    for minutes in (3, 5, 6):
        desk.courier.turn(NOW + timedelta(minutes=minutes))
    told = [((at - NOW).total_seconds(), states) for at, states in chat.sustained]
    assert told == [(60, ["firing"]), (120, ["firing"]), (180, ["resolved"]), (300, ["resolved"])]
    assert len(chat.messages) == 2


def test_what_another_process_has_sent_is_not_sent() -> None:
    """A process that stood still asks the journal first."""
    desk = Desk()
    other = Outbox(desk.journal)
    desk.outbox.post([notification()])
    other.take_over()
    other.settle(Delivery(id="n1", receiver="chat", outcome="sent", reason=Reason.FIRST, at=NOW))
    desk.courier.turn(NOW)
    assert (desk.ids(), desk.deliveries, not desk.outbox.waits_for()) == ([], [], True)


def test_what_was_handed_over_meanwhile_is_not_sent() -> None:
    """Somebody else evaluates from now on: the second message of this turn is theirs."""

    class HandsOver(MemoryNotifier):
        def send(self, message: Message) -> Receipt:
            desk.outbox.hand_over()
            return super().send(message)

    desk = Desk(HandsOver("chat"))
    desk.outbox.post([notification(), END])
    desk.courier.turn(NOW)
    assert desk.ids() == ["n1"]
    other = Outbox(desk.journal)
    other.take_over()
    assert [one.id for one in other.waiting("chat")] == ["n2"]


def test_nobody_is_told_the_news_of_last_week() -> None:
    """What could not be sent for seven days is given up, and noted as such."""
    desk = Desk(Away())
    desk.outbox.post([notification()])
    desk.courier.turn(NOW + KEPT + timedelta(seconds=1))
    (delivery,) = desk.deliveries
    assert (delivery.outcome, delivery.error) == ("failed", TOO_OLD)


def test_deployments_go_to_whoever_wants_them() -> None:
    """Through their own door."""

    class Wants(MemoryNotifier):
        def send_deployment(self, message: Message) -> None:
            self.messages.append(message)

    chat = Wants("chat")
    told = told_by(chat, MemoryNotifier("mail"))
    told.pipeline.deployed([CHANGE, CHANGE], NOW)
    told.pipeline.deployed([CHANGE], NOW + timedelta(minutes=1))
    assert [message.kind for message in chat.messages] == ["deployment"]
    assert chat.messages[0].change == CHANGE
    assert told.outcomes() == [("chat", "sent", "deployment")]


def slack_told(slack: SlackStub) -> Told:
    """A process that tells Slack."""
    return told_by(slack.notifier())


def test_slack_stumbles_and_the_message_arrives_once(slack: SlackStub, caplog: pytest.LogCaptureFixture) -> None:
    """500, then 429 with a wait, then ok: one message, and the secret in no line on the way."""
    slack.answers.extend([Answer(500, "down"), Answer(429, "", (("Retry-After", "0.02"),))])
    told = slack_told(slack)
    with caplog.at_level(logging.DEBUG):
        told.tell(KOREAN)
        told.tell(KOREAN)
    assert (slack.tries, len(slack.arrived)) == (3, 1)
    assert "SECRET" not in caplog.text + "".join(str(record.__dict__) for record in caplog.records)


def test_slack_down_is_tried_again_later(slack: SlackStub) -> None:
    """After the last attempt it waits; nothing of the answer's text is kept."""
    slack.answers.extend([Answer(503, f"/{SECRET}")] * QUICK.attempts)
    told = slack_told(slack)
    told.tell(incident(severity="critical"))
    assert (slack.tries, told.deliveries) == (QUICK.attempts, [])
    told.wait(SHORTEST_REST)
    assert told.outcomes() == [("chat", "sent", "first")]


def test_slack_refuses_and_the_secret_is_nowhere(slack: SlackStub, caplog: pytest.LogCaptureFixture) -> None:
    """What was refused for good is written down as such."""
    slack.answers.append(Answer(404, f"/{SECRET}"))
    told = slack_told(slack)
    with caplog.at_level(logging.DEBUG):
        told.tell(KOREAN)
    assert [(one.outcome, one.error) for one in told.deliveries] == [("failed", "Slack answered 404")]
    assert "SECRET" not in caplog.text + str(told.journal.read(DELIVERY))


def test_what_an_old_courier_still_sends_is_left_to_it() -> None:
    """It was told to stop, and its channel has not answered yet: the new one sends nothing twice."""
    told = Told()
    told.outbox.post([notification()])
    old, new = told.couriers[0], Courier(MemoryNotifier("chat"), told.outbox, Renderer(), patience=QUICK)
    assert told.outbox.claim(notification(), old)
    new.turn(NOW)
    assert told.outbox.waits_for()
    told.outbox.release(notification())
    new.turn(NOW)
    assert not told.outbox.waits_for()
