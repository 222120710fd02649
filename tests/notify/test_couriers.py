"""A thread for each receiver: real threads, and a channel that blocks."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from agent.clock import SystemClock
from agent.notify import couriers
from agent.notify.base import Message, Receipt, TransportError
from agent.notify.courier import Courier
from agent.notify.couriers import Couriers
from agent.notify.memory import MemoryNotifier
from agent.notify.notification import Notification
from agent.notify.outbox import Outbox
from agent.notify.render import Renderer
from agent.store.base import Entry
from agent.store.memory import MemoryJournal
from tests.notify.examples import QUICK, notification, of

SOON = 5.0
CLOCK = SystemClock()


class Slow(MemoryNotifier):
    """One that answers when it is let."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.let, self.asked = threading.Event(), threading.Event()

    def send(self, message: Message) -> Receipt:
        """Wait, then take it."""
        self.asked.set()
        self.let.wait(60)
        return super().send(message)


class Told(MemoryNotifier):
    """One that says when it has something."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.has = threading.Event()

    def send(self, message: Message) -> Receipt:
        """Take it."""
        receipt = super().send(message)
        self.has.set()
        return receipt


class Office:
    """Couriers that run."""

    def __init__(self, *notifiers: MemoryNotifier, journal: MemoryJournal | None = None) -> None:
        self.outbox, self.stopping = Outbox(journal or MemoryJournal()), threading.Event()
        self.all = [Courier(one, self.outbox, Renderer(), patience=QUICK, stop=self.stopping) for one in notifiers]
        self.couriers = Couriers(self.all, self.outbox, CLOCK, self.stopping)
        self.couriers.start()

    def post(self, *notes: Notification) -> None:
        """Post these, now."""
        self.outbox.post(notes)
        self.couriers.wake()


def note(receiver: str, id_: str = "", **changes: str) -> Notification:
    """One to this receiver, posted now."""
    now = CLOCK.now()
    return notification(of(id_ or receiver), id=id_ or receiver, receiver=receiver, at=now, posted_at=now, **changes)


@pytest.fixture
def slow() -> Iterator[Slow]:
    """A channel that blocks for the time of a test."""
    channel = Slow("slow")
    yield channel
    channel.let.set()


def test_a_slow_one_delays_nobody(slow: Slow) -> None:
    """Neither another receiver nor whoever posts; what it has taken arrives when it is let."""
    quick = Told("quick")
    office = Office(slow, quick)
    began = CLOCK.now()
    office.post(note("slow"))
    assert slow.asked.wait(SOON)
    office.post(note("quick"))
    assert quick.has.wait(SOON)
    office.post(note("quick", "second"))
    assert CLOCK.now() - began < timedelta(seconds=SOON)
    assert not office.couriers.drain(timedelta(seconds=0.3))
    slow.let.set()
    assert office.couriers.drain(timedelta(seconds=SOON))
    office.couriers.stop()
    assert [message.id for message in slow.messages] == ["slow"]
    assert [message.id for message in quick.messages] == ["quick", "second"]


def test_a_stop_comes_back_within_the_grace(slow: Slow, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many block; what was not sent stays in the outbox."""
    others = [Slow("b"), Slow("c")]
    office = Office(slow, *others)
    office.post(note("slow"), note("b"), note("c"))
    assert all(one.asked.wait(SOON) for one in (slow, *others))
    began = CLOCK.now()
    monkeypatch.setattr(couriers, "GRACE_S", 1.0)
    office.couriers.stop()
    assert timedelta(seconds=1) <= CLOCK.now() - began < timedelta(seconds=3)
    assert office.outbox.waits_for()
    for one in others:
        one.let.set()


def test_a_stop_waits_for_what_is_being_sent(slow: Slow) -> None:
    """It is noted, and nothing more is begun."""
    office = Office(slow)
    office.post(note("slow"), note("slow", "second"))
    assert slow.asked.wait(SOON)
    threading.Timer(0.1, slow.let.set).start()
    office.couriers.stop()
    assert [message.id for message in slow.messages] == ["slow"]
    assert [one.id for one in office.outbox.waiting("slow")] == ["second"]


def test_a_stop_ends_the_wait_between_attempts() -> None:
    """A channel that is away is not tried to the end; the message stays."""
    tried = threading.Event()

    class Gone(MemoryNotifier):
        def send(self, message: Message) -> Receipt:
            tried.set()
            raise TransportError(message.id, permanent=False, retry_after=4.0)

    office = Office(Gone("gone"))
    office.post(note("gone"))
    assert tried.wait(SOON)
    began = CLOCK.now()
    office.couriers.stop()
    assert CLOCK.now() - began < timedelta(seconds=2)
    assert office.outbox.waits_for()


def test_a_store_that_answers_nonsense_ends_no_courier(caplog: pytest.LogCaptureFixture) -> None:
    """The next turn tries again, and the log says so."""

    class Odd(MemoryJournal):
        nonsense = True

        def read(self, kind: str, since: datetime | None = None, until: datetime | None = None) -> list[Entry]:
            if self.nonsense:
                self.nonsense = False
                raise ValueError("nonsense")
            return super().read(kind, since, until)

    quick = Told("quick")
    office = Office(quick, journal=Odd())
    office.post(note("quick"))
    assert quick.has.wait(SOON)
    office.couriers.stop()
    assert "quick was not served in this turn" in caplog.text
