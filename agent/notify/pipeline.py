"""Telling someone: the order of work, named once.

Deciding ends in the outbox: `mute -> inhibit -> route -> group -> dedup -> wait -> post`. From there each receiver has a
courier of its own, so that a slow one delays nobody: `render -> send with retry -> record` (`courier.py`).
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from msgspec import structs

from agent import tracing
from agent.alerting.changes import Change
from agent.alerting.incident import Identity, Incident, identity_of, is_news, is_own
from agent.clock import Clock
from agent.notify import posting, steps
from agent.notify.dedup import Reason
from agent.notify.grouping import Group, Timing
from agent.notify.mute import Mute
from agent.notify.notification import Notification
from agent.notify.outbox import Outbox
from agent.notify.posting import Moment
from agent.notify.route import Route
from agent.notify.steps import Parcel, Step

MOST_REMEMBERED: Final = 10_000

logger = logging.getLogger(__name__)


def nothing_muted(_: datetime) -> Sequence[Mute]:
    """The mutes where there are none."""
    return ()


def no_trouble(_: datetime) -> Sequence[Incident]:
    """The receivers that cannot be reached where nobody asks."""
    return ()


def as_it_is(incidents: Sequence[Incident]) -> Sequence[Incident]:
    """The incidents where nobody did anything about them."""
    return incidents


def nobody() -> None:
    """Who is woken where deliveries come by themselves."""


def unheard(_: str, __: Reason) -> None:
    """Who hears why a receiver is not told, where nobody counts."""


@dataclass(frozen=True, kw_only=True)
class Telling:
    """What deciding is configured with: who can be told, when, of what, and what people have muted and done meanwhile."""

    receivers: Sequence[str]
    timings: Mapping[str, Timing]
    routes: Sequence[Route] = ()
    deployments: Sequence[str] = ()
    mutes: Callable[[datetime], Sequence[Mute]] = nothing_muted
    handled: Callable[[Sequence[Incident]], Sequence[Incident]] = as_it_is
    troubles: Callable[[datetime], Sequence[Incident]] = no_trouble
    wake: Callable[[], None] = nobody
    on_silence: Callable[[str, Reason], None] = unheard


class Pipeline:
    """Decides who is told of what, and posts it. What waits for others of its group is held in memory: it is told again anyway."""

    def __init__(self, telling: Telling, outbox: Outbox, clock: Clock) -> None:
        self._telling, self._outbox, self._clock = telling, outbox, clock
        self._held: dict[Identity, Incident] = {}
        self._since: dict[Group, datetime] = {}
        self._dues: list[datetime] = []
        self._found_in: dict[str, str] = {}
        self._troubles: Sequence[Incident] = ()
        self._own: dict[Identity, Incident] = {}
        self._why: dict[tuple[Identity, str], Reason] = {}

    def configure(self, telling: Telling) -> None:
        """Tell these from now on."""
        self._telling = telling

    def steps(self, known: Sequence[Incident], now: datetime) -> list[Step]:
        """The order of work."""
        telling, outbox = self._telling, self._outbox
        return [
            partial(steps.muting, mutes=telling.mutes(now), now=now),
            partial(steps.inhibiting, known=known),
            partial(steps.routing, routes=telling.routes, every=telling.receivers),
            steps.grouped,
            partial(steps.deduplicated, sent=outbox.told, timings=telling.timings, now=now),
            partial(steps.waiting, since=self._since, last=self._last, timings=telling.timings, now=now),
            partial(self._post, now=now),
        ]

    def notify(self, incidents: Iterable[Incident], now: datetime) -> None:
        """Tell of these as soon as it is their time; raises RetryLater where they could not be written down."""
        if not self._telling.receivers:
            return
        self._troubles = [*self._telling.troubles(now)]
        self._held |= {identity_of(one): one for one in (*incidents, *self._troubles)}
        known = self._telling.handled([*self._held.values()])
        parcels: Iterable[Parcel] = [Parcel(one) for one in known]
        for step in self.steps([*known, *self._said_of_itself()], now):
            parcels = step(parcels)
        self._hold([*parcels], now)

    def look(self, now: datetime) -> None:
        """Tell what is due by now, and what has become of the receivers; raises RetryLater."""
        is_due = bool(self._dues) and now >= min(self._dues)
        if is_due or [*self._telling.troubles(now)] != self._troubles:
            self.notify((), now)

    def _said_of_itself(self) -> Iterable[Incident]:
        """What the agent says of itself is said once, and stands for others until it is over."""
        known = self._own | self._held
        self._own = {id_: one for id_, one in known.items() if is_own(one) and one.state == "firing" and not is_news(one)}
        return self._own.values()

    def deployed(self, changes: Iterable[Change], now: datetime) -> None:
        """Tell those who want to know of deployments; raises RetryLater."""
        moment, receivers = self._moment(now), self._telling.deployments
        self._outbox.post([posting.deployment(receiver, change, moment) for change in changes for receiver in receivers])
        self._telling.wake()

    def reported(self, week: str, at: datetime, receivers: Iterable[str]) -> None:
        """Tell these of the report of a week, whose row is of the time `at`; who was told already is not told again. Raises RetryLater."""
        wall = self._clock.now()
        self._outbox.post([posting.report(receiver, week, at, wall) for receiver in receivers])
        self._telling.wake()

    def forget(self) -> None:
        """Somebody else tells: what waits here for others of its group is theirs to tell."""
        self._held, self._since, self._dues, self._found_in = {}, {}, [], {}

    def close(self) -> None:
        """Tell what still waits for others: nobody will come any more."""
        if self._dues:
            self.notify((), max(self._dues))

    def _post(self, parcels: Iterable[Parcel], now: datetime) -> list[Parcel]:
        """Write down what is due; what has to wait goes on."""
        decided = [*parcels]
        for parcel in decided:
            self._say_why_not(parcel)
        due = [parcel for parcel in decided if parcel.due_at is not None and parcel.due_at <= now]
        self._outbox.post_all(lambda ledger: map(self._traced, posting.notifications(due, ledger, moment=self._moment(now))))
        if due:
            self._telling.wake()
        return [parcel for parcel in decided if parcel.due_at is not None and parcel.due_at > now]

    def _traced(self, notification: Notification) -> Notification:
        """As a part of the evaluation that found the first of its group."""
        return structs.replace(notification, traceparent=self._found_in.get(notification.group) or tracing.here())

    def _hold(self, waiting: Sequence[Parcel], now: datetime) -> None:
        """Keep what waits: since when its group does, and until when."""
        self._held = {identity_of(parcel.incident): parcel.incident for parcel in waiting}
        groups = {parcel.group for parcel in waiting if parcel.group}
        self._since = {group: self._since.get(group, now) for group in groups}
        self._found_in = {group.name: self._found_in.get(group.name) or tracing.here() for group in groups}
        self._dues = [parcel.due_at for parcel in waiting if parcel.due_at]

    def _say_why_not(self, parcel: Parcel) -> None:
        """Once for each incident and receiver, until there is another reason."""
        name, reason = (identity_of(parcel.incident), parcel.receiver), parcel.reason
        if reason is None or self._why.get(name) is reason:
            return
        if len(self._why) >= MOST_REMEMBERED:
            self._why.clear()
        self._why[name] = reason
        if not reason.tells:
            self._telling.on_silence(parcel.receiver, reason)
            level = logging.INFO if reason in {Reason.MUTED, Reason.INHIBITED} else logging.DEBUG
            extra = {"reason": reason.value, "receiver": parcel.receiver}
            logger.log(level, "%s is not told: %s", parcel.incident.fingerprint, reason.value, extra=extra)

    def _last(self, group: Group) -> datetime | None:
        return self._outbox.last(group.name)

    def _moment(self, now: datetime) -> Moment:
        return Moment(now, self._clock.now())
