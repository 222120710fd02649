"""What is usual: each hour of the day over the last fourteen days that no incident covers, for every row at once."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Final, NamedTuple

import numpy as np

from agent.alerting.grid import QUARTERS, Bools, Cells, Floats, Grid
from agent.alerting.minutes import DAY
from agent.alerting.statistics import HALF_A_MILLIONTH, HOURS, MICRO, PRIOR, SMALLEST_VARIANCE, Baseline

BASELINE_DAYS: Final = 14
ENOUGH_DAYS: Final = 3  # complete ones of the version before
SEARCHED_DAYS: Final = 35  # among these the fourteen are found


class Usual(NamedTuple):
    """The baseline of each row: rows x 24 or rows. Means and rates in 0..1, NaN where nothing was seen; `days` is its reach."""

    rates: Floats
    counts: Floats
    mean: Floats
    variance: Floats
    n: Floats
    days: Any
    binary: Any


class Past(Cells):
    """The quarters of an hour that count for a baseline: rows x days x 96, oldest day first; what does not count is zero.

    Sums and sums of squares in 1, not in millionths.
    """

    @cached_property
    def whole(self) -> Cells:
        """All quarters of each row together."""
        return Cells(*(cells.sum((1, 2)) for cells in self))

    @property
    def mean(self) -> Floats:
        """The mean of each row, NaN where nothing was seen."""
        return ratio(self.whole.total, self.whole.n)

    @property
    def variance(self) -> Floats:
        """The variance of a single value of each row."""
        found: Floats = np.maximum(ratio(self.whole.squares, self.whole.n) - self.mean**2, SMALLEST_VARIANCE)
        return found

    @property
    def binary(self) -> Bools:
        """Whether every value of a row is 0 or 1."""
        same: Bools = np.isclose(self.whole.total, self.whole.squares, rtol=0, atol=HALF_A_MILLIONTH)
        return same

    def pooled(self, groups: Any, size: int) -> "Past":
        """Rows of the same group as one."""
        return Past(*(summed(cells, groups, size) for cells in self))


def lag_of(window: int) -> int:
    """How many days before a day its baseline ends, so that no window lies in its own baseline."""
    return max(1, -(-window // DAY))


def past(grid: Grid, rows: Sequence[int], last: int) -> Past:
    """The last fourteen days up to the day `last`, without what is left out; a day that is mostly left out is none of them."""
    cells, left_out = grid.quarters(rows, last, BASELINE_DAYS)
    if left_out.any():
        cells, left_out = grid.quarters(rows, last, SEARCHED_DAYS)
        return _counted(cells, ~left_out & _chosen(left_out)[:, :, None])
    return Past(cells.n.astype(float), cells.total / MICRO, cells.squares / MICRO)


def _chosen(left_out: Bools) -> Bools:
    """The newest fourteen of the days of which at least half counts."""
    good = left_out.sum(2) <= QUARTERS // 2
    rank = good[:, ::-1].cumsum(1)[:, ::-1]
    found: Bools = good & (rank <= BASELINE_DAYS)
    return found


def _counted(cells: Cells, kept: Bools) -> Past:
    n, total, squares = (np.where(kept, each, 0) for each in cells)
    return Past(n.astype(float), total / MICRO, squares / MICRO)


def usual(seen: Past) -> Usual:
    """The expected value at each hour of the day, b_h = (X_h + 1000 p) / (B_h + 1000)."""
    rows, days, _ = seen.n.shape
    counts, totals = (cells.reshape(rows, days, HOURS, -1).sum((1, 3)) for cells in (seen.n, seen.total))
    mean = seen.mean
    rates = (totals + PRIOR * mean[:, None]) / (counts + PRIOR)
    there = seen.n.sum(2) > 0
    reach = np.where(there.any(1), days - there.argmax(1), 0)
    return Usual(rates, counts, mean, seen.variance, counts.sum(1), reach, seen.binary)


def ratio(part: Floats, whole: Floats) -> Floats:
    """The quotient, NaN where nothing is divided."""
    found: Floats = np.divide(part, whole, out=np.full(np.broadcast_shapes(part.shape, whole.shape), np.nan), where=whole > 0)
    return found


def summed(cells: Floats, groups: Any, size: int) -> Floats:
    """The sums over the rows of each group."""
    if size == len(cells) and np.array_equal(groups, np.arange(size)):
        return cells
    total = np.zeros((size, *cells.shape[1:]))
    np.add.at(total, groups, cells)
    return total


def baseline(grid: Grid, row: int, last: int, since: int = 0) -> Baseline | None:
    """The baseline of one row up to the day `last`; of the days from `since` on where they are at least three."""
    seen = past(grid, [row], last)
    newer = last - since + 1
    if ENOUGH_DAYS <= newer < seen.n.shape[1]:
        seen = Past(*(cells[:, -newer:] for cells in seen))
    return frozen(usual(seen), 0)


def frozen(found: Usual, row: int) -> Baseline | None:
    """One row's baseline; None where nothing was seen."""
    if not found.n[row]:
        return None
    return Baseline(
        rates=tuple(found.rates[row].tolist()),
        counts=tuple(int(count) for count in found.counts[row]),
        mean=float(found.mean[row]),
        variance=float(found.variance[row]),
        n=int(found.n[row]),
        days=int(found.days[row]),
        binary=bool(found.binary[row]),
    )
