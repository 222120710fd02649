"""The steps of deciding, each from parcels to parcels: pure but for what they look up.

A parcel is one incident on its way to one receiver; one that has got a reason not to be told goes no further.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from agent.alerting.action import ended_by_hand
from agent.alerting.incident import Incident, is_news
from agent.notify import grouping, inhibit, mute
from agent.notify.dedup import Reason, Told, decide
from agent.notify.grouping import Group, Timing
from agent.notify.mute import Mute
from agent.notify.route import Route, receivers_of
from agent.notify.trouble import receiver_of

HURRY: Final = frozenset({Reason.ESCALATED, Reason.WEIGHED})
"""What somebody who has been told waits for."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """One incident on its way to one receiver; `due_at` is when the news of its group are told."""

    incident: Incident
    receiver: str = ""
    group: Group | None = None
    reason: Reason | None = None
    due_at: datetime | None = None

    @property
    def goes_on(self) -> bool:
        """Whether it may still be told."""
        return self.reason is None or self.reason.tells


Step = Callable[[Iterable[Parcel]], Iterable[Parcel]]
Sent = Callable[[str, Incident], Told | None]
"""What a receiver heard last of an incident."""
Timings = Mapping[str, Timing]
"""Of each receiver."""


def muting(parcels: Iterable[Parcel], mutes: Sequence[Mute], now: datetime) -> Iterator[Parcel]:
    """A fire that somebody has muted is not told; an end is, to those who heard of the fire."""
    for parcel in parcels:
        muted = parcel.incident.state == "firing" and mute.muting(parcel.incident, mutes, now)
        yield replace(parcel, reason=Reason.MUTED) if muted else parcel


def inhibiting(parcels: Iterable[Parcel], known: Sequence[Incident]) -> Iterator[Parcel]:
    """What a larger incident stands for is not told."""
    for parcel in parcels:
        inhibited = parcel.goes_on and inhibit.inhibitor(parcel.incident, known)
        yield replace(parcel, reason=Reason.INHIBITED) if inhibited else parcel


def routing(parcels: Iterable[Parcel], routes: Sequence[Route], every: Sequence[str]) -> Iterator[Parcel]:
    """One parcel for each receiver; an end goes to all, since it is known who was told of the fire.

    A receiver that cannot be reached is not told of that.
    """
    for parcel in parcels:
        taken = () if parcel.incident.state == "resolved" else routes
        names = receivers_of(parcel.incident, taken, every) if parcel.goes_on else ("",)
        yield from (replace(parcel, receiver=name) for name in names if name != receiver_of(parcel.incident))


def grouped(parcels: Iterable[Parcel]) -> Iterator[Parcel]:
    """Each with the group in which it is told."""
    for parcel in parcels:
        yield replace(parcel, group=grouping.group_of(parcel.incident, parcel.receiver)) if parcel.goes_on else parcel


def deduplicated(parcels: Iterable[Parcel], sent: Sent, timings: Timings, now: datetime) -> Iterator[Parcel]:
    """Each with the reason why it is told, or why not."""
    for parcel in parcels:
        if not parcel.goes_on:
            yield parcel
            continue
        repeat = None if is_news(parcel.incident) else timings[parcel.receiver].repeat[parcel.incident.severity]
        yield replace(parcel, reason=decide(parcel.incident, sent(parcel.receiver, parcel.incident), now, repeat))


def waiting(
    parcels: Iterable[Parcel],
    since: Mapping[Group, datetime],
    last: Callable[[Group], datetime | None],
    timings: Timings,
    now: datetime,
) -> Iterator[Parcel]:
    """Each that is told, with when: all of a group at once."""
    groups: defaultdict[Group, list[Parcel]] = defaultdict(list)
    for parcel in parcels:
        if parcel.group is None or not parcel.goes_on:
            yield parcel
        else:
            groups[parcel.group].append(parcel)
    for group, members in groups.items():
        hurry = any(member.reason in HURRY or ended_by_hand(member.incident) for member in members)
        due = grouping.due_at(group, since.get(group, now), last(group), timings[group.receiver], hurry=hurry)
        yield from (replace(member, due_at=due) for member in members)
