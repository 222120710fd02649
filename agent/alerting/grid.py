"""What was seen, as arrays: sums by minute for the longest window, by quarter of an hour for as long as a baseline may reach.

A row of the grid is a series: one measure, on one score scale, of one language in one collection, whatever the index version.
Sums are integers, so that neither order nor grouping of what is added matters.
"""

from collections.abc import Sequence
from itertools import chain
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from agent.alerting.changes import Collection
from agent.alerting.measures import Reading
from agent.alerting.minutes import DAY
from agent.alerting.rule import Measure

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

QUARTER: Final = 15  # minutes
QUARTERS: Final = DAY // QUARTER
DAYS: Final = 50  # 35 that a baseline may take its days from, and as many as its windows and their lag reach back
FIRST_ROWS: Final = 16


class Stream(NamedTuple):
    """One language in one collection, whatever the version."""

    where: Collection
    language: str


class Series(NamedTuple):
    """One row of the grid; `scale` is the (model, score kind) of scores, empty for what is counted."""

    stream: Stream
    measure: Measure
    scale: tuple[str, str]


class Cells(NamedTuple):
    """Numbers of values, their sums and sums of squares, the latter two in millionths."""

    n: Any
    total: Any
    squares: Any


class Grid:
    """Rings of days: adding a later day forgets the oldest one."""

    def __init__(self, ring_days: int = 4) -> None:
        """`ring_days`: the days kept by the minute, the present one among them."""
        self.rows: dict[Series, int] = {}
        self.day = -1
        self.ring_days = ring_days
        self._quarters = Cells(*(np.zeros((FIRST_ROWS, DAYS, QUARTERS), np.int64) for _ in Cells._fields))
        self._minutes = Cells(*(np.zeros((FIRST_ROWS, ring_days, DAY), np.int64) for _ in Cells._fields))
        self._left_out = np.zeros((FIRST_ROWS, DAYS, QUARTERS), np.bool_)

    def __len__(self) -> int:
        return len(self.rows)

    def row(self, series: Series) -> int:
        """The row of a series; a new one is empty."""
        found = self.rows.get(series)
        if found is None:
            found = self.rows[series] = len(self.rows)
            if found >= len(self._left_out):
                self._grow()
        return found

    def _grow(self) -> None:
        more = len(self._left_out) + max(FIRST_ROWS, len(self._left_out) // 2)
        self._quarters = Cells(*(_grown(cells, more) for cells in self._quarters))
        self._minutes = Cells(*(_grown(cells, more) for cells in self._minutes))
        self._left_out = _grown(self._left_out, more)

    def turn(self, day: int) -> None:
        """Make room up to this day; days go forward only."""
        for new in range(max(self.day + 1, day - DAYS + 1), day + 1):
            for cells in (*self._quarters, self._left_out):
                cells[:, new % DAYS] = 0
            for cells in self._minutes:
                cells[:, new % self.ring_days] = 0
        self.day = max(self.day, day)

    def add(self, rows: Sequence[int], minutes: Sequence[int], read: Sequence[Reading]) -> None:
        """Count readings; those of days that the rings do not hold any more are left out."""
        if not rows:
            return
        row, minute = np.asarray(rows), np.asarray(minutes)
        sums = np.fromiter(chain.from_iterable(reading.sums for reading in read), np.int64).reshape(-1, 3)
        day, within = np.divmod(minute, DAY)
        self.turn(int(day.max()))
        kept = day > self.day - DAYS
        near = day > self.day - self.ring_days
        for at, (far, close) in enumerate(zip(self._quarters, self._minutes, strict=True)):
            np.add.at(far.reshape(-1), ((row * DAYS + day % DAYS) * QUARTERS + within // QUARTER)[kept], sums[kept, at])
            np.add.at(close.reshape(-1), ((row * self.ring_days + day % self.ring_days) * DAY + within)[near], sums[near, at])

    def leave_out(self, rows: Sequence[int], first: int, end: int) -> None:
        """The minutes [first, end) of these rows are in no baseline: an incident, from before it fired to its end."""
        oldest = (self.day - DAYS + 1) * QUARTERS
        quarters = np.arange(max(first // QUARTER, oldest), min(-(-end // QUARTER), (self.day + 1) * QUARTERS))
        self._left_out[np.asarray(rows, int)[:, None], quarters // QUARTERS % DAYS, quarters % QUARTERS] = True

    def take_back(self, rows: Sequence[int]) -> None:
        """Nothing of these rows is left out any more."""
        self._left_out[rows] = False

    def quarters(self, rows: Sequence[int], last: int, days: int) -> tuple[Cells, Bools]:
        """The quarters of an hour of so many days up to the day `last`, oldest first, and which of them are left out.

        Shapes: rows x days x 96.
        """
        wanted = np.arange(last - days + 1, last + 1)
        at = np.ix_(np.asarray(rows, int), wanted % DAYS)
        cells, left_out = Cells(*(cells[at] for cells in self._quarters)), self._left_out[at]
        gone = (wanted <= self.day - DAYS) | (wanted > self.day)  # their places in the ring are those of other days
        for each in (*cells, left_out):
            each[:, gone] = 0
        return cells, left_out

    def minutes(self, rows: Sequence[int]) -> Cells:
        """The minutes of the ring, oldest first: rows x (ring days * 1440); its last day is the present one."""
        at = np.ix_(np.asarray(rows, int), np.arange(self.day - self.ring_days + 1, self.day + 1) % self.ring_days)
        return Cells(*(cells[at].reshape(len(rows), -1) for cells in self._minutes))

    @property
    def origin(self) -> int:
        """The first minute of the ring."""
        return (self.day - self.ring_days + 1) * DAY


def _grown(cells: NDArray[Any], rows: int) -> NDArray[Any]:
    more = np.zeros((rows, *cells.shape[1:]), cells.dtype)
    more[: len(cells)] = cells
    return more
