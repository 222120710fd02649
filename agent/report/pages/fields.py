"""Which fields the log of each service has, and what cannot be seen without one. Pure."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from agent.aggregate.measures import Measures
from agent.alerting.rule import NO_LANGUAGE
from agent.records import WindowKey
from agent.store.base import Total

SERVICES: Final = 12
"""As many services as one table shows, those with most queries."""


class Field(NamedTuple):
    """What a log may say: the name of the event's field, and what one loses where it is missing."""

    name: str
    field: str
    without: str


FIELDS: Final = (
    Field("What was found", "results", "No zero results, no hits: nothing judges quality where the log does not tell the results."),
    Field("Scores", "results[].score", "No hit rate and no mean score; without labels too, nothing judges quality."),
    Field("Labels", "relevant", "Recall is not known; alerts rest on scores and stay unconfirmed until a golden set is asked."),
    Field("Document languages", "results[].language", "Pairs cannot be told apart: weakness across languages is not seen."),
    Field("Collection", "collection", "A fall cannot be placed in one index, and deployments of several are mixed."),
    Field("Index version", "index_version", "Deployments are not noticed: no comparison by version, no cause to roll back."),
    Field("Embedding model", "embedding_model", "Scores of two models would be compared as if they were of one."),
    Field("Sessions", "session", "Messages count queries instead of users."),
    Field("Answer's language", "response_language", "Answers in another language than the question are not noticed."),
    Field(
        "Translation quality", "translation.quality", "Where queries are translated, a worse translator looks like a worse search."
    ),
    Field("Route", "route", "A move to a fallback is not seen."),
    Field("Latency", "latency_ms", "Slow languages are not seen."),
)
BY: Final = ("service", "language", "collection", "embedding_model", "index_version")
SUMS: Final = (
    "events",
    "errors",
    "untold",
    "zero_results",
    "mixed",
    "declared",
    "declared_agrees",
    "synthetic",
    "late",
    "scored",
    "labelled",
    "translated",
    "answered",
    "latency_hist",
    "routes",
    "tag_reasons",
)
COUNTED: Final[Mapping[str, Callable[[WindowKey, Measures], int]]] = {
    "results": lambda _, sums: sums.events - sums.untold,
    "results[].score": lambda _, sums: sums.scored,
    "relevant": lambda _, sums: sums.labelled,
    "collection": lambda key, sums: sums.events if key.collection else 0,
    "index_version": lambda key, sums: sums.events if key.index_version else 0,
    "embedding_model": lambda key, sums: sums.events if key.embedding_model else 0,
    "response_language": lambda _, sums: sums.answered,
    "translation.quality": lambda _, sums: sums.translated,
    "route": lambda _, sums: sum(sums.routes.values()),
    "latency_ms": lambda _, sums: sum(sums.latency_hist.values()),
}
"""Events that have a field; document languages and sessions are counted elsewhere."""
ANSWERED: Final = frozenset({"results[].score"})
"""Shares of the queries that found something, of all others nothing can be asked."""


class Line(NamedTuple):
    """One field: the share of each service's queries that have it (0..1, None: nothing to have it)."""

    field: Field
    shares: Sequence[float | None]


class Fields(NamedTuple):
    """`services` by volume, as the columns of `lines`; `left_out` are too many for one table."""

    services: Sequence[str]
    lines: Sequence[Line]
    left_out: int = 0


def services(totals: Iterable[Total]) -> list[str]:
    """The services, the one with most queries first."""
    counts = Counter[str]()
    for key, sums in totals:
        counts[key.service] += sums.events
    return [name for name, n in sorted(counts.items(), key=lambda item: (-item[1], item[0])) if n]


def fields(totals: Sequence[Total], documents: Iterable[Total], sessions: Mapping[str, int]) -> Fields:
    """From sums by `BY`, the pairs by service and document language, and how many sessions services had lately."""
    shown = services(totals)
    shares: dict[str, dict[str, float | None]] = {name: {} for name in shown}
    known = _known(documents)
    for name in shown[:SERVICES]:
        own = [one for one in totals if one.key.service == name]
        shares[name] = {field: _share(own, field) for field in COUNTED}
        shares[name]["results[].language"] = known.get(name)
        shares[name]["session"] = float(bool(sessions.get(name)))
    lines = [Line(each, [shares[name][each.field] for name in shown[:SERVICES]]) for each in FIELDS]
    return Fields(shown[:SERVICES], lines, len(shown[SERVICES:]))


def _share(totals: Iterable[Total], field: str) -> float | None:
    have = whole = 0
    for key, sums in totals:
        have += COUNTED[field](key, sums)
        whole += sums.events - (sums.errors + sums.untold + sums.zero_results if field in ANSWERED else 0)
    return have / whole if whole else None


def _known(documents: Iterable[Total]) -> dict[str, float]:
    """Of each service the share of queries whose best document is in a known language."""
    whole: defaultdict[str, int] = defaultdict(int)
    known: defaultdict[str, int] = defaultdict(int)
    for key, sums in documents:
        whole[key.service] += sums.events
        known[key.service] += sums.events * (key.document_language not in NO_LANGUAGE)
    return {name: known[name] / n for name, n in whole.items() if n}
