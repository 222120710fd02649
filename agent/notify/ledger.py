"""What every receiver was told, and in which thread: an index of the notifications and deliveries in the journal."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from agent.alerting.incident import Identity, Incident, State, identity_of, is_news
from agent.notify.base import Receipt
from agent.notify.dedup import Told, heard
from agent.notify.notification import Delivery, Notification, Outcome
from agent.notify.trouble import receiver_of


@dataclass(slots=True)
class Strand:
    """One thread: all that it is about in the newest state that was told, and what the channel answered to its first message.

    `refused`: its first message never arrived, so that nothing can go on in it.
    """

    id: str
    key: str
    members: dict[Identity, Incident] = field(default_factory=dict)
    receipt: Receipt = field(default_factory=dict)
    length: int = 0
    refused: bool = False

    @property
    def over(self) -> bool:
        """Whether all of it has ended."""
        return all(one.state == "resolved" for one in self.members.values())


class Ledger:
    """Grows by what is posted and settled, in the order of the journal."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, Identity], Told] = {}
        self._strand_of: dict[tuple[str, Identity], Strand] = {}
        self._begun: defaultdict[tuple[str, Identity], int] = defaultdict(int)
        self._strands: dict[str, Strand] = {}
        self._last: dict[str, datetime] = {}
        self._posted: dict[str, Notification] = {}  # what is not settled yet
        self.known: set[str] = set()

    def posted(self, notification: Notification) -> None:
        """It will be sent: from now on its incidents count as told."""
        self.known.add(notification.id)
        self._posted[notification.id] = notification
        self._last[notification.group] = notification.at
        strand = self._strands.setdefault(notification.thread, Strand(notification.thread, notification.key))
        strand.length += 1
        for incident in notification.incidents:
            self._note(notification, strand, incident)

    def _note(self, notification: Notification, strand: Strand, incident: Incident) -> None:
        at = notification.receiver, identity_of(incident)
        if self._strand_of.get(at) is not strand:
            self._begun[at] += 1
        self._strand_of[at] = strand
        strand.members[identity_of(incident)] = incident
        before = heard(self._told.get(at))
        told = Told(incident.state, incident.severity, incident.confirmed, notification.at, "queued", bool(strand.receipt), before)
        self._told[at] = told

    def settled(self, delivery: Delivery) -> None:
        """It was sent, or never will be; what was posted later about the same counts as it is."""
        notification = self._posted.pop(delivery.id, None)
        if notification is None:
            return
        strand = self._strands[notification.thread]
        strand.receipt = delivery.receipt or strand.receipt  # the newest: the first message may be gone
        strand.refused = delivery.outcome == "failed" and (strand.refused or delivery.id == strand.id)
        for incident in notification.incidents:
            at = delivery.receiver, identity_of(incident)
            counts = _after(self._told.pop(at, None), (notification.at, incident.state), delivery.outcome, bool(strand.receipt))
            self._told |= {at: counts} if counts else {}

    def forgive(self, receiver: str | None = None) -> None:
        """What this receiver (None: any) has refused for good may be sent again: somebody has changed something, or begun anew."""
        known = ((at, heard(told) if receiver in {None, at[0]} else told) for at, told in self._told.items())
        self._told = {at: told for at, told in known if told is not None}

    def told(self, receiver: str, incident: Incident) -> Told | None:
        """What the receiver heard last of this incident."""
        return self._told.get((receiver, identity_of(incident)))

    def strand(self, receiver: str, incident: Incident) -> Strand | None:
        """The thread in which the receiver heard last of it."""
        return self._strand_of.get((receiver, identity_of(incident)))

    def named(self, thread: str) -> Strand:
        """The thread of this id."""
        return self._strands[thread]

    def begun(self, receiver: str, incident: Incident) -> int:
        """In how many threads the receiver heard of it."""
        return self._begun[receiver, identity_of(incident)]

    def open_strand(self, receiver: str, key: str) -> Strand | None:
        """The receiver's thread of this key that is not over: a second one would be taken for the same."""
        found = (one for (name, _), one in self._strand_of.items() if name == receiver and one.key == key)
        return next((one for one in found if not (one.over or one.refused)), None)

    def troubles(self) -> dict[str, Incident]:
        """What people were told last of each receiver's own trouble, where that is not over."""
        known = (one for strand in self._strands.values() for one in strand.members.values())
        newest = {name: one for one in known if (name := receiver_of(one)) is not None}
        return {name: one for name, one in newest.items() if one.state == "firing"}

    def last(self, group: str) -> datetime | None:
        """When the last message of the group was posted."""
        return self._last.get(group)

    def unsettled(self) -> Iterator[Notification]:
        """What waits to be sent, in the order in which it was posted."""
        yield from self._posted.values()

    def sustained(self, receiver: str, now: datetime, ended: timedelta) -> list[Incident]:
        """What the receiver was told and fires, or has ended within this time; a piece of news ends as soon as it is told."""
        mine = [one.members[id_] for (name, id_), one in self._strand_of.items() if name == receiver]
        over = ((one, one.fired_at if is_news(one) else one.resolved_at) for one in mine)
        return [one for one, at in over if at is None or now - at <= ended]


def _after(told: Told | None, which: tuple[datetime, State], outcome: Outcome, follows_up: bool) -> Told | None:  # noqa: FBT001 - a fact
    """What counts as told once one of several is settled: of what never arrives, nothing does."""
    if told is None or (told.at, told.state) != which:
        return told and told._replace(before=_after(told.before, which, outcome, follows_up))
    if outcome == "replaced":
        return told.before
    return told._replace(outcome=outcome, follows_up=follows_up, before=None if outcome == "sent" else told.before)
