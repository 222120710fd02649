"""What is measured once a day: of every row of the grid what is usual, of every track how far it wobbles."""

from collections.abc import Collection, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from agent.alerting import noise
from agent.alerting.grid import Bools, Floats, Grid
from agent.alerting.statistics import LARGEST_VARIANCE, Wobbles
from agent.alerting.usual import Past, Usual, lag_of, past, usual

REFERENCE_WINDOWS: Final = (1440, 4320)


class Tracked(NamedTuple):
    """Which rows of the grid are measured, the track of each, and the group of each track."""

    rows: list[int]
    track_of: list[int]
    group_of: list[int]

    def pooled(self, seen: Past) -> Past:
        """The rows of each track as one."""
        return seen.pooled(np.asarray(self.track_of, int), len(self.group_of))


class Day(NamedTuple):
    """Of each lag the rows' baselines for each day of the ring, of each track its noise."""

    day: int
    usual: dict[int, list[Usual]]
    variance: dict[int, Floats]
    binary: dict[int, Bools]
    days: Any  # the reach of each track's baseline
    mean: Floats  # of each track
    phi: Floats
    tau2: Floats  # tracks x windows
    tau2_relative: Floats
    tau2_reference: Floats

    def in_points(self) -> Bools:
        """Whether the values of each track lie in 0..1: of a score of 12 a fall in points says nothing."""
        beyond: Bools = (np.abs(self.mean) > 1) | (self.variance[1] > LARGEST_VARIANCE)
        return ~beyond

    def wobbles(self, track: int, windows: Sequence[int]) -> Wobbles:
        """How much a track wobbles at each window."""
        taus = np.sqrt(self.tau2[track])
        return Wobbles(float(self.phi[track]), tuple(zip(windows, map(float, taus), strict=True)))


def measured(grid: Grid, tracked: Tracked, windows: Sequence[int], day: int) -> Day:
    """Measure on what came before this day, which the grid has turned to."""
    lags = sorted({1, *map(lag_of, (*windows, *REFERENCE_WINDOWS))})
    pooled = {lag: tracked.pooled(past(grid, tracked.rows, day - lag)) for lag in lags}
    phis, groups = noise.phi(pooled[1]), np.asarray(tracked.group_of, int)
    found = [noise.wobble(pooled[lag_of(window)], phis, window) for window in windows]
    fixed = [noise.wobble(pooled[lag_of(window)], phis, window, by_clock=False) for window in REFERENCE_WINDOWS]
    own, relative = ([pool(each, groups) for each in found] for pool in (noise.pooled, noise.pooled_relative))
    reference, days = [noise.pooled(each, groups) for each in fixed], usual(pooled[1]).days
    return Day(
        day,
        _usual(grid, tracked.rows, {1, *map(lag_of, windows)}, day),
        {lag: seen.variance for lag, seen in pooled.items()},
        {lag: seen.binary for lag, seen in pooled.items()},
        days,
        pooled[1].mean,
        phis,
        *(early(np.stack(each, 1), days) for each in (own, relative, reference)),
    )


def _usual(grid: Grid, rows: Sequence[int], lags: Collection[int], day: int) -> dict[int, list[Usual]]:
    """Of each lag the baselines for each day of the ring; those that end with the same day are measured once."""
    ring = range(day - grid.ring_days + 1, day + 1)
    known = {last: usual(past(grid, rows, last)) for last in {each - lag for lag in lags for each in ring}}
    return {lag: [known[each - lag] for each in ring] for lag in lags}


def early(tau2: Floats, days: Any) -> Floats:
    """Under a week of days shows less wobble than there is: a point at least is allowed for. Tracks x windows, and tracks."""
    return np.where((days < noise.SETTLED_DAYS)[:, None], np.maximum(tau2, noise.UNKNOWN), tau2)
