"""Fixed references: the first fourteen complete days of a language on a model, so that a slow slide is not taken for usual."""

from collections.abc import Iterable, Mapping
from operator import attrgetter
from typing import Any, Final

import numpy as np
from msgspec import Struct

from agent.alerting.changes import Collection
from agent.alerting.grid import Floats, Grid, Series, Stream
from agent.alerting.measures import Quality
from agent.alerting.rule import Measure
from agent.alerting.statistics import HOURS, MICRO
from agent.alerting.usual import BASELINE_DAYS, SEARCHED_DAYS
from agent.records import WindowKey

SMALLEST: Final = 50  # queries


class Reference(Struct, frozen=True):
    """What one measure of a language in a collection was in the days [first_day, first_day + 14); days since the Unix epoch.

    `threshold`: from which score on a query was a hit; read with another one it would be another number.
    """

    service: str
    environment: str
    collection: str
    language: str
    measure: Measure
    scale: tuple[str, str]
    mean: float
    n: int
    first_day: int
    threshold: float | None = None

    @property
    def series(self) -> Series:
        """Whose reference it is."""
        where = Collection(self.service, self.environment, self.collection)
        return Series(Stream(where, self.language), self.measure, self.scale)


class References:
    """Learned once for each series; only a person's `accept`, or a new model where labels are compared, begins anew."""

    def __init__(self, known: Iterable[Reference], quality: Quality) -> None:
        self._quality = quality
        oldest_first = sorted(known, key=attrgetter("first_day"))
        self._known = {one.series: one for one in oldest_first if one.threshold == self._threshold(one.series)}
        self._not_before: dict[Series, int] = {}

    @property
    def all(self) -> tuple[Reference, ...]:
        """Every reference."""
        return tuple(self._known.values())

    def begin_anew(self, series: Iterable[Series], day: int) -> None:
        """Learn from this day on; what was learned from earlier days does not hold any more."""
        for one in series:
            self._not_before[one] = max(day, self._not_before.get(one, 0))
            if one in self._known and self._known[one].first_day < self._not_before[one]:
                del self._known[one]

    def learn(self, grid: Grid, day: int) -> list[Reference]:
        """Those whose fourteen days are complete at the start of this day; returns the new ones."""
        missing = [series for series in grid.rows if series not in self._known]
        if not missing:
            return []
        cells, left_out = grid.quarters([grid.rows[series] for series in missing], day - 1, SEARCHED_DAYS)
        n, total = (np.where(left_out, 0, each) for each in (cells.n, cells.total))
        found = [self._reference(series, n[at], total[at], day) for at, series in enumerate(missing)]
        new = [reference for reference in found if reference is not None]
        self._known |= {reference.series: reference for reference in new}
        return new

    def _reference(self, series: Series, n: Any, total: Any, day: int) -> Reference | None:
        first = self._first_day(series, n, day)
        at = first - (day - SEARCHED_DAYS)
        if first + BASELINE_DAYS > day:
            return None
        days = slice(at, at + BASELINE_DAYS)
        queries = int(n[days].sum())
        if queries < SMALLEST:
            return None
        where, language = series.stream
        mean = float(total[days].sum()) / MICRO / queries
        return Reference(*where, language, series.measure, series.scale, mean, queries, first, self._threshold(series))

    def _threshold(self, series: Series) -> float | None:
        (where, language), scale = series.stream, series.scale
        key = WindowKey(*where, language, "", scale[0], "", scale[1])
        return self._quality.hit_threshold.of(key) if series.measure == "hit_rate" else None

    def _first_day(self, series: Series, n: Any, day: int) -> int:
        """The first complete day: the one after traffic began, unless it began with the day."""
        seen = np.flatnonzero(n.any(1))
        if not seen.size:
            return day
        began = int(seen[0])
        whole = began == 0 or bool(n[began, :4].any())
        return max(day - SEARCHED_DAYS + began + (not whole), self._not_before.get(series, 0))

    def of(self, series: Iterable[Series]) -> dict[Series, tuple[float, ...]]:
        """The same rate at every hour of the day, for those that have a reference."""
        return {one: (self._known[one].mean,) * HOURS for one in series if one in self._known}

    def arrays(self, grid_rows: Mapping[int, Series], rows: Iterable[int]) -> tuple[Floats, Floats]:
        """Mean and number of queries for these rows of the grid, NaN where there is no reference."""
        known = [self._known.get(grid_rows[row]) for row in rows]
        mean = np.array([one.mean if one else np.nan for one in known], float)
        return mean, np.array([one.n if one else np.nan for one in known], float)
