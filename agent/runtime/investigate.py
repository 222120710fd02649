"""What stands behind a fall that begins to fire: its cause, where it sits, examples, what to do. Read once, from the store.

It comes after the decision and changes none: where the store cannot be read, the alert goes out as it is.
"""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace

from agent.alerting.changes import Change
from agent.alerting.incident import Incident, Part
from agent.alerting.measures import Quality
from agent.alerting.triage import sits
from agent.alerting.triage.advice import advice
from agent.alerting.triage.cause import Found, cause_of
from agent.alerting.triage.grouping import ALL
from agent.errors import RetryLater
from agent.runtime.facts import Case, Seen, deployed, divided, facts
from agent.store.base import Journal, Selection, Total, WindowReader

log = logging.getLogger(__name__)

DAY: Final = timedelta(days=1)
DAYS_BEFORE: Final = 7
LONGEST: Final = timedelta(days=3)
FRESH: Final = timedelta(hours=1)  # how old examples may be
MOST_EXEMPLARS: Final = 5
BY: Final = ("language", "collection", "embedding_model", "index_version", "score_kind")
BY_PAIR: Final = ("document_language", "collection", "embedding_model", "score_kind")


class Investigation:
    """Reads what a message says beyond the figures."""

    def __init__(self, windows: WindowReader, journal: Journal, quality: Quality) -> None:
        self._windows, self._journal, self._quality = windows, journal, quality

    def explain(self, incident: Incident, changes: Iterable[Change], *, whole: bool = True) -> Incident:
        """The incident with what was found, where a fall fires; `whole`: all queries of this time were counted."""
        if incident.class_ != "change" or incident.state != "firing" or incident.fired_at is None:
            return incident
        try:
            return self._explained(incident, incident.fired_at, list(changes), whole=whole)
        except RetryLater as error:
            log.warning("%s %s is told without its cause: %s", incident.service, incident.language, error)
            return incident

    def _explained(self, incident: Incident, fired_at: datetime, changes: Sequence[Change], *, whole: bool) -> Incident:
        start = max(incident.began_at or fired_at - FRESH, fired_at - LONGEST)
        where = {"service": incident.service, "environment": incident.environment}
        seen = self._seen("language", Selection(start, fired_at, where), BY)
        one = {} if incident.language == ALL else {"language": incident.language}
        pairs = self._seen("pair", Selection(start, fired_at, where | one), BY_PAIR)
        case = Case(incident, seen, pairs, self._quality, changes, whole)
        explained = _with_parts(_with_cause(incident, cause_of(facts(case)), deployed(case)), divided(case))
        return replace(explained, exemplars=incident.exemplars or self._exemplars(incident, max(start, fired_at - FRESH)))

    def _seen(self, kind: str, selection: Selection, by: Sequence[str]) -> Seen:
        """The selection, and the same hours of up to seven days before it that had traffic."""
        lag = -(-(selection.end - selection.start) // DAY)
        days = (
            selection._replace(start=selection.start - n * DAY, end=selection.end - n * DAY) for n in range(lag, lag + DAYS_BEFORE)
        )
        before = [totals for day in days if (totals := self._windows.totals(kind, day, by))]
        flat: list[Total] = [total for totals in before for total in totals]
        return Seen(self._windows.totals(kind, selection, by), flat, len(before))

    def _exemplars(self, incident: Incident, since: datetime) -> tuple[str, ...]:
        """The latest queries of the language that found nothing relevant, or nothing at all."""
        found = (kept for entry in reversed(self._journal.read("exemplars", since)) for kept in entry.body["exemplars"])
        wanted = {"service": incident.service, "environment": incident.environment}
        wanted |= {} if incident.language == ALL else {"language": incident.language}
        wanted |= {"index_version": incident.index_version} if incident.index_version else {}
        ids = (id_ for kept in found if all(kept[name] == value for name, value in wanted.items()) for id_ in kept["ids"])
        return tuple(dict.fromkeys(ids))[:MOST_EXEMPLARS]


def _with_cause(incident: Incident, found: Found, change: Change | None) -> Incident:
    """The cause, said in the summary, and what to do; a cause that the rule itself knew stands where nothing was recognised."""
    cause = incident.cause if found.cause == "unknown" else found.cause
    version_, model = (
        (change.index_version, change.embedding_model) if change else (incident.index_version, incident.embedding_model)
    )
    summary = f"{incident.summary} {found.sentence}".strip()
    return replace(incident, cause=cause, summary=summary, advice=advice(cause, version_, model))


def _with_parts(incident: Incident, found: Sequence[tuple[Part, ...]]) -> Incident:
    """Where the fall sits, as parts and as sentences."""
    told = tuple(part for shares in found for part in sits.worth_telling(shares))
    summary = " ".join([incident.summary, *filter(None, map(sits.sentence, found))])
    return replace(incident, where=told, summary=summary)
