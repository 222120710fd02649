"""What the journal knows of one incident: its states, who was told, what people did with it, and deployments around it."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple

import msgspec
from msgspec.structs import replace

from agent.alerting.action import Action, is_about
from agent.alerting.changes import Change
from agent.alerting.incident import OWN, Incident, identity_of, is_news, is_own
from agent.alerting.weighing import Weighing
from agent.notify.mute import Mute, matches
from agent.notify.notification import DELIVERY, OUTBOX, Delivery, Notification, read
from agent.report import golden_falls, mutes
from agent.report.actions import actions_since
from agent.report.pages.alerts import begun
from agent.store.base import Journal
from agent.store.days import DAY

TRANSITION: Final = "transition"
WEIGHING: Final = "weighing"
CHANGE: Final = "change"
BEFORE: Final = DAY
"""A deployment of so long before may have to do with it."""


class Stage(NamedTuple):
    """The incident as it was stored at a time."""

    at: datetime
    incident: Incident


class Deployed(NamedTuple):
    """A deployment; announced ones have a note and who said it."""

    change: Change
    note: str = ""
    by: str = ""


class Told(NamedTuple):
    """A message of it, and what became of that; None: it waits."""

    notification: Notification
    delivery: Delivery | None


class Past(NamedTuple):
    """All of it, each part oldest first; `mutes` are those that people typed."""

    stages: Sequence[Stage] = ()
    told: Sequence[Told] = ()
    actions: Sequence[Action] = ()
    mutes: Sequence[Mute] = ()
    deployed: Sequence[Deployed] = ()
    weighings: Sequence[Weighing] = ()


def past(journal: Journal, incident: Incident, now: datetime) -> Past:
    """Read it; raises RetryLater."""
    since, end = begun(incident), incident.resolved_at or now
    return Past(
        [*_transitions(journal, incident, since), *_falls(journal, incident)],
        list(_told(journal, incident, since)),
        [one for one in actions_since(journal, since) if is_about(one, incident)],
        [one for one in mutes.stored(journal) if matches(one, incident) and _meets(one, since, end)],
        [] if is_own(incident) else [one for one in deployed(journal, since - BEFORE, end) if _is_near(one.change, incident)],
        list(_weighings(journal, incident, since)),
    )


def told_alone(journal: Journal, known: Iterable[Incident], since: datetime | None = None) -> list[Incident]:
    """What the agent said of itself in messages and nowhere else: a receiver that is down, what was found late; in its newest state."""
    others = {identity_of(one) for one in known}
    said = (body for entry in journal.read(OUTBOX, since) for body in entry.body["incidents"] if body["class"] == OWN)
    newest = {identity_of(one): one for one in (msgspec.convert(body, Incident) for body in said)}
    return [_over(one) for id_, one in newest.items() if id_ not in others]


def deployed(journal: Journal, since: datetime | None = None, until: datetime | None = None) -> list[Deployed]:
    """The deployments of this time (None: of all), noticed or announced."""
    rows = ({**entry.body, "at": entry.at} for entry in journal.read(CHANGE, since, until))
    return [Deployed(msgspec.convert(row, Change), row.get("note", ""), row.get("by", "")) for row in rows]


def _over(incident: Incident) -> Incident:
    """A piece of news asks nobody for anything."""
    return replace(incident, state="resolved", resolved_at=incident.fired_at) if is_news(incident) else incident


def _transitions(journal: Journal, incident: Incident, since: datetime) -> Iterator[Stage]:
    for entry in journal.read(TRANSITION, since):
        if entry.body["fingerprint"] == incident.fingerprint:
            stage = Stage(entry.at, read(Incident, entry.body))
            if stage.incident.pending_since == incident.pending_since:
                yield stage


def _falls(journal: Journal, incident: Incident) -> Iterator[Stage]:
    for fall in golden_falls.falls(journal):
        one = fall.incident
        if identity_of(one) == identity_of(incident):
            yield Stage(one.resolved_at or one.fired_at or begun(one), one)


def _told(journal: Journal, incident: Incident, since: datetime) -> Iterator[Told]:
    deliveries = {entry.id: read(Delivery, entry.body) for entry in journal.read(DELIVERY, since)}
    for entry in journal.read(OUTBOX, since):
        if any(body["fingerprint"] == incident.fingerprint for body in entry.body["incidents"]):
            one = read(Notification, entry.body)
            if identity_of(incident) in map(identity_of, one.incidents):
                yield Told(one, deliveries.get(one.id))


def _weighings(journal: Journal, incident: Incident, since: datetime) -> Iterator[Weighing]:
    for entry in journal.read(WEIGHING, since):
        one = read(Weighing, entry.body)
        if (one.fingerprint, one.began_at) == identity_of(incident):
            yield one


def _meets(mute: Mute, since: datetime, end: datetime) -> bool:
    """Whether it counted while the incident was open."""
    over = mute.removed_at or mute.ends_at
    return (mute.starts_at is None or mute.starts_at <= end) and (over is None or over > since)


def _is_near(change: Change, incident: Incident) -> bool:
    """Whether it was in the same place; what one of them does not name it is about."""
    pairs = ((change.service, incident.service), (change.environment, incident.environment))
    return all(one in ("", other) or not other for one, other in pairs)
