"""What stands behind a fall or a low level that begins to fire: its cause, where it sits, examples, what to do. Read once, from the store.

It comes after the decision and changes none: where the store cannot be read, the alert goes out as it is.
"""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import Final

from msgspec.structs import replace

from agent.aggregate.histogram import MICRO
from agent.alerting.changes import Change
from agent.alerting.incident import ALL, Incident, Part
from agent.alerting.measures import Quality
from agent.alerting.summary import version_text
from agent.alerting.triage import sits
from agent.alerting.triage.advice import advice, version_words
from agent.alerting.triage.cause import Found, cause_of
from agent.errors import RetryLater
from agent.report import thresholds
from agent.runtime.facts import OWN_SUMS, PAIR_SUMS, SERVICE_SUMS, Case, Seen, deployed, divided, facts
from agent.store.base import MINUTE, Journal, Selection, WindowReader

log = logging.getLogger(__name__)

JUDGED: Final = ("change", "level")
DAY: Final = timedelta(days=1)
DAYS_BEFORE: Final = 7
LONGEST: Final = timedelta(days=3)
LATELY: Final = timedelta(hours=6)  # of all languages, which are many
FRESH: Final = timedelta(hours=1)  # how old examples may be
MOST_EXEMPLARS: Final = 5
BY: Final = ("collection", "embedding_model", "index_version", "score_kind")
BY_LANGUAGE: Final = ("language",)
BY_PAIR: Final = ("document_language", "collection", "embedding_model", "score_kind")


class Investigation:
    """Reads what a message says beyond the figures."""

    def __init__(self, windows: WindowReader, journal: Journal, quality: Quality) -> None:
        self._windows, self._journal, self._quality = windows, journal, quality
        self._service: tuple[Selection, Seen] | None = None

    def explain(self, incident: Incident, changes: Iterable[Change], *, whole: bool = True) -> Incident:
        """The incident with what was found, where a fall or a low level fires; `whole`: all queries of this time were counted."""
        if incident.class_ not in JUDGED or incident.state != "firing" or incident.fired_at is None:
            return incident
        try:
            return self._explained(incident, incident.fired_at, list(changes), whole=whole)
        except RetryLater as error:
            log.warning("%s %s is told without its cause: %s", incident.service, incident.language, error)
            return incident

    def _explained(self, incident: Incident, fired_at: datetime, changes: Sequence[Change], *, whole: bool) -> Incident:
        start = max(incident.began_at or fired_at - FRESH, fired_at - LONGEST)
        service = {"service": incident.service, "environment": incident.environment}
        language = {} if incident.language == ALL else {"language": incident.language}
        span, lately = Selection(start, fired_at, service | language), Selection(max(start, fired_at - LATELY), fired_at, service)
        own, pairs, all_ = (
            self._seen("language", span, BY, OWN_SUMS),
            self._seen("pair", span, BY_PAIR, PAIR_SUMS),
            self._of_service(lately),
        )
        quality = thresholds.current(self._quality, self._journal, fired_at - MINUTE)  # as this minute was read
        case = Case(incident, own, pairs, all_, quality, changes, whole)
        reached = replace(incident, queries=_queries(own), users=self._windows.sessions(span) or None)
        explained = _with_parts(_with_cause(reached, cause_of(facts(case)), deployed(case)), divided(case))
        return replace(explained, exemplars=incident.exemplars or self._exemplars(incident, max(start, fired_at - FRESH)))

    def _seen(self, kind: str, span: Selection, by: Sequence[str], sums: Sequence[str]) -> Seen:
        """The span, and the same hours of about a week before it, as far as they had traffic: whole days, none twice."""
        days = max(-(-(span.end - span.start) // DAY), 1)
        earlier = (timedelta(days=days * n) for n in range(1, -(-DAYS_BEFORE // days) + 1))
        spans = (span._replace(start=span.start - back, end=span.end - back) for back in earlier)
        before = [totals for one in spans if (totals := self._windows.totals(kind, one, by, sums))]
        return Seen(self._windows.totals(kind, span, by, sums), list(chain.from_iterable(before)), len(before))

    def _of_service(self, lately: Selection) -> Seen:
        """All languages, read once for those that fire in the same minute."""
        if self._service is None or self._service[0] != lately:
            self._service = lately, self._seen("language", lately, BY_LANGUAGE, SERVICE_SUMS)
        return self._service[1]

    def _exemplars(self, incident: Incident, since: datetime) -> tuple[str, ...]:
        """The latest queries of the language that found nothing relevant, or nothing at all."""
        found = (kept for entry in reversed(self._journal.read("exemplars", since)) for kept in entry.body["exemplars"])
        wanted = {"service": incident.service, "environment": incident.environment}
        wanted |= {} if incident.language == ALL else {"language": incident.language}
        wanted |= {"index_version": incident.index_version} if incident.index_version else {}
        ids = (id_ for kept in found if all(kept[name] == value for name, value in wanted.items()) for id_ in kept["ids"])
        return tuple(dict.fromkeys(ids))[:MOST_EXEMPLARS]


def _queries(seen: Seen) -> int | None:
    """How many queries there were in this time, by the estimate of the log's sampling."""
    return round(sum(total.measures.queries for total in seen.now) / MICRO) or None


def _with_cause(incident: Incident, found: Found, change: Change | None) -> Incident:
    """The cause, said in the summary, and what to do; a cause that the rule itself knew stands where nothing was recognised."""
    cause = incident.cause if found.cause == "unknown" else found.cause
    version = version_text(change) if change else version_words(incident)
    summary = f"{incident.summary} {found.sentence}".strip()
    explained = replace(incident, cause=cause, summary=summary, advice=advice(cause, version))
    return _with_version(explained, change) if change and cause == "deployment" else explained


def _with_version(incident: Incident, change: Change) -> Incident:
    """What was deployed, where the rule that saw the fall first did not know."""
    return replace(
        incident,
        embedding_model=change.embedding_model or incident.embedding_model,
        index_version=change.index_version or incident.index_version,
        collection=change.collection or incident.collection,
    )


def _with_parts(incident: Incident, found: Sequence[tuple[Part, ...]]) -> Incident:
    """Where the fall sits, as parts and as sentences."""
    told = tuple(part for shares in found for part in sits.worth_telling(shares))
    summary = " ".join([incident.summary, *filter(None, map(sits.sentence, found))])
    return replace(incident, where=told, summary=summary)
