"""Telling someone: the order of work, named once.

Deciding stands in `route` and `dedup` and is pure; `render` makes the words, a channel's file its wire format. Muting,
inhibiting and grouping will be further rows of `steps`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from agent.alerting.incident import Incident
from agent.clock import Clock
from agent.notify.base import Notifier
from agent.notify.render import Renderer
from agent.notify.retry import DEFAULT, Patience
from agent.notify.route import Route
from agent.notify.steps import Dedup, Delivery, Parcel, Record, Recording, Rendering, Routing, Sending, Sent, Step


@dataclass(frozen=True, kw_only=True)
class Pipeline:
    """Carries a transition of an incident to everyone who is to know of it.

    `sent` looks up what a receiver was told last, `record` remembers a delivery: both belong to the journal.
    """

    notifiers: Mapping[str, Notifier]
    renderer: Renderer
    sent: Sent
    record: Record
    clock: Clock
    routes: Sequence[Route] = ()
    patience: Patience = DEFAULT

    def steps(self) -> list[Step]:
        """The order of work."""
        return [
            Routing(self.routes, tuple(self.notifiers)),
            Dedup(self.sent),
            Rendering(self.notifiers, self.renderer),
            Sending(self.notifiers, self.patience),
            Recording(self.record, self.clock),
        ]

    def notify(self, transition: Incident) -> list[Delivery]:
        """Tell the receivers; what failed for one of them is in its delivery and stops no other."""
        parcels: Iterable[Parcel] = [Parcel(transition)]
        for step in self.steps():
            parcels = step(parcels)
        return [parcel.delivery for parcel in parcels if parcel.delivery]
