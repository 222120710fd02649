"""The steps of telling, each a transformation of a stream of parcels.

A parcel is one incident on its way to one receiver. Steps are chained lazily: a parcel has gone the whole way, its
delivery recorded, before the next one is begun, so that a crash forgets at most the message being sent.
"""

import logging
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

from msgspec import Struct

from agent.alerting.incident import Incident, State
from agent.clock import Clock
from agent.notify import retry
from agent.notify.base import Message, Notifier, TransportError
from agent.notify.dedup import Reason, decide
from agent.notify.render import Renderer
from agent.notify.retry import Patience
from agent.notify.route import Route, receivers_of

Outcome = Literal["sent", "failed", "skipped"]

logger = logging.getLogger(__name__)


class Delivery(Struct, frozen=True):
    """What became of one incident's state at one receiver; `error` is a sentence without secrets."""

    receiver: str
    fingerprint: str
    began_at: str
    state: State
    reason: Reason
    at: datetime
    outcome: Outcome
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Parcel:
    """One incident on its way to one receiver; with an outcome it is done, and the steps before the record let it pass."""

    incident: Incident
    receiver: str = ""
    reason: Reason = Reason.FIRST
    message: Message | None = None
    outcome: Outcome | None = None
    error: str | None = None
    delivery: Delivery | None = None

    @property
    def began_at(self) -> str:
        """When the incident began, ISO 8601: with the fingerprint it names the incident."""
        return self.incident.began_at.isoformat() if self.incident.began_at else ""


Step = Callable[[Iterable[Parcel]], Iterator[Parcel]]
Sent = Callable[[str, str, str], State | None]
"""(receiver, fingerprint, began_at) -> the last state that the receiver was told of that incident."""
Record = Callable[[Delivery], None]


@dataclass(frozen=True, slots=True)
class Routing:
    """One parcel for each receiver; a resolution goes to all, since `Dedup` knows who was told of the fire."""

    routes: Sequence[Route]
    every: Sequence[str]

    def __call__(self, parcels: Iterable[Parcel]) -> Iterator[Parcel]:
        """Fan out."""
        for parcel in parcels:
            routes = () if parcel.incident.state == "resolved" else self.routes
            for name in receivers_of(parcel.incident, routes, self.every):
                yield replace(parcel, receiver=name)


@dataclass(frozen=True, slots=True)
class Dedup:
    """Skips what the receiver need not hear."""

    sent: Sent

    def __call__(self, parcels: Iterable[Parcel]) -> Iterator[Parcel]:
        """Decide for each parcel."""
        for parcel in parcels:
            told = self.sent(parcel.receiver, parcel.incident.fingerprint, parcel.began_at)
            reason = decide(parcel.incident, told)
            yield replace(parcel, reason=reason, outcome=None if reason.tells else "skipped")


@dataclass(frozen=True, slots=True)
class Rendering:
    """Makes the message for the receiver's channel."""

    notifiers: Mapping[str, Notifier]
    renderer: Renderer

    def __call__(self, parcels: Iterable[Parcel]) -> Iterator[Parcel]:
        """Render what is still open."""
        return _each(parcels, self._rendered)

    def _rendered(self, parcel: Parcel) -> Parcel:
        notifier = self.notifiers.get(parcel.receiver)
        if notifier is None:
            return replace(parcel, outcome="failed", error="a route names this receiver, but it is not configured")
        return replace(parcel, message=self.renderer.render(parcel.incident, notifier.escape))


@dataclass(frozen=True, slots=True)
class Sending:
    """Delivers, with patience."""

    notifiers: Mapping[str, Notifier]
    patience: Patience

    def __call__(self, parcels: Iterable[Parcel]) -> Iterator[Parcel]:
        """Send what is still open."""
        return _each(parcels, self._sent)

    def _sent(self, parcel: Parcel) -> Parcel:
        assert parcel.message is not None, "rendering comes before sending"
        retry.send(self.notifiers[parcel.receiver], parcel.message, self.patience)
        return replace(parcel, outcome="sent")


@dataclass(frozen=True, slots=True)
class Recording:
    """Logs every parcel's end and writes what was sent or failed to the journal.

    What was skipped is not written: it would take the place of the delivery that made it unnecessary.
    """

    record: Record
    clock: Clock

    def __call__(self, parcels: Iterable[Parcel]) -> Iterator[Parcel]:
        """Record what is done."""
        for parcel in parcels:
            delivery = self._delivery(parcel)
            if delivery.outcome != "skipped":
                self.record(delivery)
            _log(delivery)
            yield replace(parcel, delivery=delivery)

    def _delivery(self, parcel: Parcel) -> Delivery:
        assert parcel.outcome is not None, "sending comes before recording"
        return Delivery(
            receiver=parcel.receiver,
            fingerprint=parcel.incident.fingerprint,
            began_at=parcel.began_at,
            state=parcel.incident.state,
            reason=parcel.reason,
            at=self.clock.now(),
            outcome=parcel.outcome,
            error=parcel.error,
        )


def _each(parcels: Iterable[Parcel], work: Callable[[Parcel], Parcel]) -> Iterator[Parcel]:
    """Work on what is still open; what goes wrong with one receiver is that parcel's end only."""
    for parcel in parcels:
        try:
            yield parcel if parcel.outcome else work(parcel)
        except TransportError as error:
            yield replace(parcel, outcome="failed", error=str(error))
        except Exception as error:  # a bug in one channel; its text is kept out, since it may hold a secret
            place = traceback.extract_tb(error.__traceback__)[-1]
            text = f"unexpected {type(error).__name__} in {Path(place.filename).name}, line {place.lineno}"
            yield replace(parcel, outcome="failed", error=text)


def _log(delivery: Delivery) -> None:
    level = {"sent": logging.INFO, "failed": logging.ERROR, "skipped": logging.DEBUG}[delivery.outcome]
    extra = {"receiver": delivery.receiver, "fingerprint": delivery.fingerprint, "reason": delivery.reason.value}
    why = f"{delivery.reason}: {delivery.error}" if delivery.error else delivery.reason.value
    text = "notification of %s (%s) to %s %s: %s"
    logger.log(level, text, delivery.fingerprint, delivery.state, delivery.receiver, delivery.outcome, why, extra=extra)
