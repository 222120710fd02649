"""Actions in the journal, and the incident that a person means by a fingerprint."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec

from agent.alerting.action import Action, handled
from agent.alerting.incident import Incident
from agent.alerting.triage.advice import advised
from agent.errors import Misconfigured, Mistake, NotFound
from agent.store.base import Entry, Journal

KIND: Final = "action"
SHOWN: Final = 5
NEVER: Final = datetime.min.replace(tzinfo=UTC)


def entry_of(action: Action) -> Entry:
    """The action's row: the same one when it is done twice."""
    return Entry(KIND, action.id, action.at, msgspec.to_builtins(action))


def actions_since(journal: Journal, at: datetime | None = None, until: datetime | None = None) -> list[Action]:
    """What people did from this time on (None: ever), and until then, oldest first."""
    return [msgspec.convert(dict(entry.body), Action) for entry in journal.read(KIND, at, until)]


def joined(incidents: Iterable[Incident], actions: Iterable[Action]) -> list[Incident]:
    """Each incident with what was done with it, and what is still to be done."""
    by_fingerprint: defaultdict[str, list[Action]] = defaultdict(list)
    for action in actions:
        by_fingerprint[action.fingerprint].append(action)
    return [advised(handled(incident, by_fingerprint[incident.fingerprint])) for incident in incidents]


def found(incidents: Iterable[Incident], name: str, at: datetime | None = None) -> Incident:
    """The newest incident whose fingerprint begins so, or the one that was open at `at`.

    Raises NotFound where there is none, Misconfigured where several fingerprints begin so.
    """
    several = [incident for incident in incidents if incident.fingerprint.startswith(name)]
    meant = [incident for incident in several if incident.fingerprint == name] or several
    if not meant or not name:
        raise unknown(name)
    if len(names := sorted({incident.fingerprint for incident in meant})) > 1:
        more = ", …" if len(names) > SHOWN else ""
        raise Misconfigured([Mistake(name, "", f"several fingerprints begin so: {', '.join(names[:SHOWN])}{more}")])
    return max(_at(meant, name, at), key=_begun)


def unknown(name: str) -> NotFound:
    """That nothing is called so."""
    return NotFound([Mistake(repr(name), "", "no incident has this fingerprint: `babelwatch alerts --all` shows them")])


def _at(incidents: Sequence[Incident], name: str, at: datetime | None) -> Sequence[Incident]:
    if at is None:
        return incidents
    then = [one for one in incidents if _begun(one) <= at and (one.resolved_at is None or at < one.resolved_at)]
    if not then:
        times = ", ".join(f"{_begun(one):%Y-%m-%d %H:%M}" for one in incidents[-SHOWN:])
        raise NotFound([Mistake(name, "", f"was not open at {at:%Y-%m-%d %H:%M} UTC; it began at {times}")])
    return then


def _begun(incident: Incident) -> datetime:
    return incident.began_at or incident.pending_since or incident.fired_at or NEVER
