"""Which active checks are due, and why: pure, a named reason each."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Literal, NamedTuple

from msgspec import Struct

from agent.alerting.changes import Change
from agent.alerting.incident import ALL, Incident
from agent.alerting.summary import RARE
from agent.records import row_id

Kind = Literal["probe", "golden"]
Outcome = Literal["running", "done", "failed", "missed"]


class Why(StrEnum):
    """What makes a check due; a field of its row and of the log line."""

    SCHEDULE = "schedule"
    MISSED = "missed"  # nobody was there at its time
    DEPLOYMENT = "deployment"
    NEW_LANGUAGE = "new_language"
    SCORE_ONLY = "score_only"  # an incident that nothing but scores speaks for


class Check(NamedTuple):
    """A probe or golden set of the settings to be run; `about` is what it is due for, `language` the only one (empty: all)."""

    kind: Kind
    name: str
    why: Why
    about: str = ""
    language: str = ""

    @property
    def id(self) -> str:
        """The same thing makes a check due once."""
        return row_id("/".join(self))


class CheckRun(Struct, frozen=True):
    """What became of a check; `said` is what it said where it failed."""

    id: str
    kind: Kind
    name: str
    why: Why
    about: str
    language: str
    outcome: Outcome
    started_at: datetime
    ended_at: datetime | None = None
    said: str = ""


class Planned(NamedTuple):
    """The probes and golden sets of the settings, by name; of a set also the service that it is for (empty: any)."""

    probes: tuple[str, ...] = ()
    golden: Mapping[str, str] = {}

    @property
    def places(self) -> set[tuple[str, str]]:
        """Kind and name of each."""
        return {*(("probe", name) for name in self.probes), *(("golden", name) for name in self.golden)}

    def sets(self, service: str) -> list[str]:
        """The golden sets for a service."""
        return [name for name, of in self.golden.items() if of in {"", service}]


class Seen(NamedTuple):
    """What evaluation has seen lately: deployments, languages that were asked for the first time, and open incidents."""

    changes: Sequence[Change] = ()
    new_languages: Sequence[str] = ()
    incidents: Sequence[Incident] = ()


def due(planned: Planned, seen: Seen) -> Iterator[Check]:
    """Everything that this makes due, what people wait for first; what was due before has the same id again."""
    for incident in filter(is_score_only, seen.incidents):
        yield from _each(planned.sets(incident.service), "golden", Why.SCORE_ONLY, about(incident), _language(incident))
    for language in seen.new_languages:
        yield from _each(planned.golden, "golden", Why.NEW_LANGUAGE, language, language)
        yield from _each(planned.probes, "probe", Why.NEW_LANGUAGE, language, language)
    for change in seen.changes:
        yield from _after(change, planned)


def is_score_only(incident: Incident) -> bool:
    """Whether it fires, and only scores speak for it."""
    return incident.state == "firing" and incident.confirmed == "unconfirmed" and incident.class_ in {"change", "level"}


def about(incident: Incident) -> str:
    """Which incident a check is about."""
    return f"{incident.fingerprint}/{incident.began_at.isoformat() if incident.began_at else ''}"


def _after(change: Change, planned: Planned) -> Iterator[Check]:
    """Any deployment may change what is found; what a text means to the model changes with the model alone.

    One that was announced and is then seen in the traffic is the same, though the announcement may name less.
    """
    version = "/".join((*change.where, change.index_version or change.embedding_model, f"{change.at:%Y-%m-%d}"))
    yield from _each(planned.sets(change.service), "golden", Why.DEPLOYMENT, version)
    if change.new_model:
        yield from _each(planned.probes, "probe", Why.DEPLOYMENT, version)


def _each(names: Iterable[str], kind: Kind, why: Why, about: str, language: str = "") -> Iterator[Check]:
    return (Check(kind, name, why, about, language) for name in names)


def _language(incident: Incident) -> str:
    """The one that is to be asked; empty where it is about several."""
    return "" if incident.language in {ALL, RARE} else incident.language
