"""The large charts of one language: each measure over time beside what is usual, with deployments and open incidents. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import numpy as np

from agent.alerting.changes import Change
from agent.alerting.incident import Incident, IncidentClass
from agent.alerting.measures import Quality, Scale
from agent.charts.trend import Mark, Point, Trend
from agent.report import tables
from agent.report.pages.measure import SCORES
from agent.report.pages.span import Span
from agent.report.tables import Row
from agent.store.base import Stretch, Total
from agent.store.days import DAY, EPOCH

BASELINE: Final = 14 * DAY
ENOUGH_DAYS: Final = 3
USUAL: Final = (5, 95)
"""The percentiles of the days before that a band reaches from and to."""
TITLES: Final[Mapping[str, str]] = {
    "recall_at_k": "Recall of labelled queries",
    "hit_rate": "Hit rate",
    SCORES: "Mean best score",
    "zero_result_rate": "Queries without any result",
    "error_rate": "Queries that failed",
}
COUNTS: Final[Mapping[str, str]] = {"recall_at_k": "labelled"}
"""What a measure counts where that is not every query seen."""
BREAKS: Final[tuple[IncidentClass, ...]] = ("change", "volume")
"""What begins and ends; a language that is low from the start is so on every day."""
LARGEST: Final = 3
"""So many score scales have a chart of their own, those with most queries."""


class Piece(NamedTuple):
    """One point of a chart: a measure in [start, end) with its 95 % interval, over `n` queries; None where nothing is known."""

    start: datetime
    end: datetime
    value: float | None
    ci95: tuple[float, float] | None
    n: int

    @property
    def point(self) -> Point:
        """In the middle of its stretch."""
        low, high = self.ci95 or (None, None)
        return Point(self.start + (self.end - self.start) / 2, self.value, low, high)


class Chart(NamedTuple):
    """One measure: `about` says of which scores, `drawn` and the same `pieces` as figures."""

    measure: str
    about: str
    drawn: Trend
    pieces: Sequence[Piece]

    @property
    def title(self) -> str:
        """What stands above it."""
        return f"{TITLES[self.measure]} ({self.about})" if self.about else TITLES[self.measure]

    @property
    def last(self) -> Piece | None:
        """The newest point that is known."""
        return next((one for one in reversed(self.pieces) if one.value is not None), None)


class Scene(NamedTuple):
    """What all charts of a page show besides their measure."""

    span: Span
    marks: Sequence[Mark]
    fired: Sequence[tuple[datetime, datetime]]


class History(NamedTuple):
    """What was read of one language: the stretches of the range, and the days before it on which nothing was broken."""

    stretches: Sequence[Stretch]
    days: Sequence[Stretch]


class _Rows(NamedTuple):
    """The same as rows of the table, by their start."""

    stretches: Mapping[datetime, Row]
    days: Mapping[datetime, Row]


def charts(history: History, scene: Scene, quality: Quality, first: str | None = None) -> list[Chart]:
    """Those of the measures that this language has, `first` before the others; mean scores are of one model and score kind.

    The band of the usual reaches from the 5th to the 95th percentile of the measure of whole days: of the fourteen days before
    the range those on which no break of this language was open. With fewer than three such days there is none.
    """
    whole = _rows(history, quality)
    about = {"hit_rate": _threshold(whole), "recall_at_k": f"first {quality.k} results"}
    found = [_chart(name, about.get(name, ""), whole, scene) for name in TITLES if name != SCORES]
    for scale in scales(history.stretches)[:LARGEST]:
        own = History(*(_within(each, scale) for each in history))
        found.append(_chart(SCORES, " ".join(filter(None, scale)), _rows(own, quality), scene))
    order = list(dict.fromkeys((*filter(None, [first]), *TITLES)))
    return sorted((one for one in found if _tells(one)), key=lambda one: order.index(one.measure))


def _threshold(rows: _Rows) -> str:
    """What counts as a hit, where it is the same all along."""
    known = {row["hit_threshold"] for row in rows.stretches.values()}
    limit = known.pop() if len(known) == 1 else None
    return "" if limit is None else f"best score ≥ {limit:.2f}"


def _rows(history: History, quality: Quality) -> _Rows:
    return _Rows(by_start(history.stretches, quality), by_start(history.days, quality))


def _tells(chart: Chart) -> bool:
    """Whether there is anything to see; that nothing fails needs no chart."""
    known = [one.value for one in chart.pieces if one.value is not None]
    return any(known) if chart.measure == "error_rate" else bool(known)


def _chart(name: str, about: str, rows: _Rows, scene: Scene) -> Chart:
    span, before = scene.span, [row[name] for row in rows.days.values() if row[name] is not None]
    pieces = list(_pieces(name, rows.stretches, span))
    end, points = min(span.end, span.as_of), [one.point for one in pieces]
    return Chart(name, about, Trend(span.start, end, points, usual(before), scene.marks, scene.fired, name != SCORES), pieces)


def _pieces(name: str, rows: Mapping[datetime, Row], span: Span) -> Iterator[Piece]:
    """One for each step of the range, known or not."""
    end, at = min(span.end, span.as_of), span.start - (span.start - EPOCH) % span.step
    while at < end:
        yield Piece(max(at, span.start), min(at + span.step, end), *_read(rows.get(at), name))
        at += span.step


def _read(row: Row | None, name: str) -> tuple[float | None, tuple[float, float] | None, int]:
    if row is None or row[name] is None:
        return None, None, 0
    interval = row["ci95"].get(name)
    return row[name], interval and (interval[0], interval[1]), row[COUNTS.get(name, "events")]


def quiet(days: Iterable[Stretch], fired: Sequence[tuple[datetime, datetime]]) -> list[Stretch]:
    """Without the days on which something was broken."""
    return [one for one in days if not any(start < one.start + DAY and one.start < end for start, end in fired)]


def usual(values: Sequence[float]) -> tuple[float, float] | None:
    """Between which values nine of ten days lie; None of fewer than three days."""
    if len(values) < ENOUGH_DAYS:
        return None
    low, high = np.percentile(values, USUAL)
    return float(low), float(high)


def by_start(stretches: Iterable[Stretch], quality: Quality, by: Sequence[str] = ("language",)) -> dict[datetime, Row]:
    """The row of the table for each stretch, everything in it together where it is one by `by`."""
    found: defaultdict[datetime, list[Total]] = defaultdict(list)
    for one in stretches:
        found[one.start].append(Total(one.key, one.measures))
    return {at: tables.rows(totals, by, quality)[0] for at, totals in found.items()}


def scales(sums: Iterable[Stretch | Total]) -> list[Scale]:
    """The embedding models and score kinds that have scores, the one with most first."""
    scored: defaultdict[Scale, int] = defaultdict(int)
    for one in sums:
        scored[one.key.embedding_model, one.key.score_kind] += one.measures.scored
    return sorted((scale for scale, n in scored.items() if n), key=lambda scale: (-scored[scale], scale))


def _within(stretches: Iterable[Stretch], scale: Scale) -> list[Stretch]:
    return [one for one in stretches if (one.key.embedding_model, one.key.score_kind) == scale]


def open_stretches(incidents: Iterable[Incident], start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """When breaks that fired were open, within [start, end]; those that overlap are one. One that goes on reaches to the end."""
    found: list[tuple[datetime, datetime]] = []
    reaches = (_reach(one, end) for one in incidents if one.fired_at and one.class_ in BREAKS)
    for first, last in sorted((max(first, start), min(last, end)) for first, last in reaches):
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        elif first < last:
            found.append((first, last))
    return found


def _reach(incident: Incident, end: datetime) -> tuple[datetime, datetime]:
    began = incident.began_at or incident.pending_since or incident.fired_at or end
    return began, incident.resolved_at or max(began, end)


def marks(changes: Iterable[Change], start: datetime, end: datetime) -> list[Mark]:
    """Deployments in [start, end], by the name of what is new."""
    return [Mark(one.at, _new(one)) for one in changes if start <= one.at <= end]


def _new(change: Change) -> str:
    first = change.embedding_model if change.new_model else change.index_version
    return first or change.embedding_model or change.index_version or "deployment"


def merged_totals(stretches: Iterable[Stretch]) -> list[Total]:
    """The stretches as parts of one table."""
    return [Total(one.key, one.measures) for one in stretches]


def step_words(step: timedelta) -> str:
    """How long a point of a chart is: `day`, `3 hours`, `5 minutes`."""
    if step % DAY == timedelta(0):
        days = step // DAY
        return "day" if days == 1 else f"{days} days"
    hours, minutes = step // timedelta(hours=1), step // timedelta(minutes=1)
    return ("hour" if hours == 1 else f"{hours} hours") if hours else f"{minutes} minutes"
