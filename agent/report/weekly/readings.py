"""Which measure speaks for a language, and its sums in each of two times. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from agent.aggregate.measures import Measures
from agent.alerting.measures import Quality, Scale, first_hit_bin, readings
from agent.alerting.minutes import minute_at
from agent.alerting.rule import LABELS, MEASURES, NO_LANGUAGE, Measure
from agent.alerting.statistics import MICRO, Sums, plus
from agent.alerting.sums import Minute
from agent.records import WindowKey
from agent.report.weekly.model import Level, RestsOn
from agent.store.base import Total

ENOUGH: Final = 50
"""Queries: of fewer labels scores speak, and fewer are compared with nothing."""
BY: Final = ("language", "collection", "embedding_model", "score_kind")
FIELDS: Final[Mapping[Measure, tuple[str, ...]]] = {
    "recall_at_k": ("labelled", "recall_sum", "recall_sq"),
    "hit_rate": ("events", "errors", "untold", "scored", "score_hist"),
    "similarity_mean": ("scored", "score_sum", "score_sq"),
}
"""The sums that each measure is read from."""
RESTS_ON: Final[Mapping[str, RestsOn]] = {"calibrated": "calibrated proxy", "weak": "weak proxy", "unknown": "uncalibrated proxy"}
SUMS: Final = Minute._fields[2:]
NOTHING: Final[Mapping[str, Any]] = {name: getattr(Measures(), name) for name in SUMS}
START: Final = datetime(1970, 1, 1, tzinfo=UTC)
Row = Mapping[str, Any]


class Key(NamedTuple):
    """What can be compared: one measure on one scale."""

    measure: Measure
    scale: Scale


Read = Mapping[str, Mapping[Key, Sums]]
"""By language and by what can be compared with each other."""


def real(rows: Iterable[Row]) -> Iterator[Row]:
    """Rows of languages, without what is no single language."""
    return (row for row in rows if is_real(row["language"]))


def is_real(language: str) -> bool:
    """Whether it is a single language."""
    return language not in NO_LANGUAGE


def read(totals: Iterable[Total], quality: Quality) -> Read:
    """The sums of labels, hits and scores by language; what found nothing counts on the scale of what found something."""
    found: defaultdict[str, dict[Key, Sums]] = defaultdict(dict)
    for total in sorted(totals, key=lambda one: not one.measures.scored):
        add(found[total.key.language], minute_of(START, total.key, total.measures), quality)
    return found


def minute_of(at: datetime, key: WindowKey, sums: Measures, names: Iterable[str] = SUMS) -> Minute:
    """Sums of the store, of which these were read, as rules read them."""
    return Minute(minute_at(at), key, **{**NOTHING, **{name: getattr(sums, name) for name in names}})


def add(into: dict[Key, Sums], row: Minute, quality: Quality) -> None:
    """Add the readings of a row."""
    for reading in readings(row, first_hit_bin(row.key, quality)):
        if reading.measure in MEASURES:
            key = Key(reading.measure, reading.scale)
            if key not in into and not row.scored and key.measure == "hit_rate":
                key = next((each for each in into if each.measure == "hit_rate"), key)
            into[key] = plus(into.get(key), reading.sums)


def level(row: Row, mine: Mapping[Key, Sums]) -> Level | None:
    """What a row of the table says of a language: labels where they are enough, else hits, else scores."""
    measures: Sequence[tuple[Measure, RestsOn]] = (
        (LABELS, "labels"),
        ("hit_rate", RESTS_ON.get(row["hit_source"] or "", "uncalibrated proxy")),
        ("similarity_mean", "score"),
    )
    known = [(name, source) for name, source in measures if row[name] is not None]
    if known and known[0][0] == LABELS and row["labelled"] < ENOUGH:
        known = [*known[1:], known[0]]
    for name, source in known[:1]:
        n = sum(sums.n for key, sums in mine.items() if key.measure == name)
        return Level(name, source, n, row[name], row["ci95"].get(name), row["hit_threshold"] if name == "hit_rate" else None)
    return None


def key_of(level: Level, mine: Mapping[Key, Sums]) -> Key | None:
    """Where the sums behind a level are; None where it has several scales."""
    keys = [key for key in mine if key.measure == level.measure]
    return keys[0] if len(keys) == 1 else None


def mean(sums: Sums) -> float:
    """In 0..1 (scores of other kinds are what they are)."""
    return sums.total / MICRO / sums.n
