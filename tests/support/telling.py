"""Telling in one thread: whoever is told is told at once, or when the clock is moved."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from agent.alerting.incident import Incident, Severity
from agent.clock import FakeClock
from agent.notify.base import Deployments, Message, Notifier, Receipt, Sustained, TransportError
from agent.notify.courier import Courier
from agent.notify.grouping import AT_ONCE, UNGROUPED, Timing
from agent.notify.memory import MemoryNotifier
from agent.notify.notification import Delivery
from agent.notify.outbox import Outbox
from agent.notify.pipeline import Pipeline, Telling
from agent.notify.render import Renderer
from agent.store.base import Journal
from agent.store.memory import MemoryJournal
from tests.notify.examples import NOW, QUICK

NEVER: Mapping[Severity, timedelta | None] = {"critical": None, "warning": None, "info": None}
AT_ONCE_EACH = Timing(wait=AT_ONCE, interval=AT_ONCE, repeat=NEVER)


class Away(MemoryNotifier):
    """The twin of a channel that can be taken away, and brought back."""

    def __init__(self, name: str = "chat", *, away: bool = True) -> None:
        super().__init__(name)
        self.away = away
        self.tries = 0

    def send(self, message: Message) -> Receipt:
        """Take it, where the channel is there."""
        self.tries += 1
        if self.away:
            raise TransportError(f"no answer from {self.name}", permanent=False)
        return super().send(message)


@dataclass
class Told:
    """A process that tells; `again()` is the next one over the same journal."""

    notifiers: Iterable[Notifier] = field(default_factory=lambda: [MemoryNotifier("chat")])
    journal: Journal = field(default_factory=MemoryJournal)
    clock: FakeClock = field(default_factory=lambda: FakeClock(NOW))
    timing: Timing = AT_ONCE_EACH
    renderer: Renderer = field(default_factory=Renderer)
    given: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.notifiers = list(self.notifiers)
        self.deliveries: list[Delivery] = []
        self.again()

    def again(self) -> None:
        """The process ends without a word, and the next one reads what it left."""
        self.outbox = Outbox(self.journal)
        self.outbox.take_over()
        self.couriers = [
            Courier(one, self.outbox, self.renderer, patience=QUICK, on_delivery=self.deliveries.append) for one in self.notifiers
        ]
        for courier in self.couriers:
            courier.trouble.resume(self.outbox.troubles().get(courier.name))
        self.pipeline = Pipeline(self.telling(), self.outbox, self.clock)

    def telling(self) -> Telling:
        """What it is configured with."""
        usual: dict[str, Any] = {
            "receivers": tuple(one.name for one in self.notifiers),
            "timings": {one.name: UNGROUPED if isinstance(one, Sustained) else self.timing for one in self.notifiers},
            "deployments": tuple(one.name for one in self.notifiers if isinstance(one, Deployments)),
            "troubles": self.troubles,
            "wake": self.turn,
        }
        return Telling(**{**usual, **self.given})

    def turn(self) -> None:
        """One turn of each courier."""
        for courier in self.couriers:
            courier.turn(self.clock.now())

    def troubles(self, now: datetime) -> list[Incident]:
        """The receivers that cannot be reached."""
        return [one for courier in self.couriers if (one := courier.trouble.incident(now))]

    def tell(self, *incidents: Incident) -> None:
        """A minute in which these are known."""
        self.pipeline.notify(incidents, self.clock.now())

    def wait(self, by: timedelta, *standing: Incident, every: timedelta = timedelta(minutes=1)) -> None:
        """Let time go by; what stands is told again at each step, as evaluation does."""
        until = self.clock.now() + by
        while self.clock.now() < until:
            self.clock.advance(min(every, until - self.clock.now()))
            self.pipeline.notify(standing, self.clock.now()) if standing else self.pipeline.look(self.clock.now())
            self.turn()

    def outcomes(self) -> list[tuple[str, str, str]]:
        """Receiver, outcome and reason of each delivery."""
        return [(one.receiver, one.outcome, one.reason.value) for one in self.deliveries]


def told_by(*notifiers: Notifier, **given: Any) -> Told:
    """Whoever tells these."""
    return Told(notifiers, **given)


def pipeline_of(journal: Journal, *notifiers: Notifier, clock: FakeClock | None = None) -> Pipeline:
    """A pipeline whose messages go out at once."""
    return Told(notifiers, journal, clock or FakeClock(NOW)).pipeline


def states(messages: Iterable[Message]) -> list[str]:
    """The state that each message tells of its loudest incident."""
    return [message.incidents[0].state for message in messages]
