"""The ladder of windows: every track, at every minute, at every scale, against the same hours of the days before."""

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from agent.alerting.daily import REFERENCE_WINDOWS, Day, Tracked, measured
from agent.alerting.finding import Subject
from agent.alerting.grid import Bools, Cells, Floats, Grid, Series
from agent.alerting.looked import TINY, Looked, WindowSums, compared
from agent.alerting.minutes import DAY, HOUR
from agent.alerting.rule import Measure
from agent.alerting.statistics import MICRO, Wobbles
from agent.alerting.usual import Usual, lag_of

BATCH: Final = 64  # rows that are summed at a time: what bounds the memory of a look


class Track(NamedTuple):
    """What one verdict is about: one measure on one score scale of one language, over all collections of its service."""

    subject: Subject
    measure: Measure
    scale: tuple[str, str]


class Ladder:
    """Looks at rows of the grid from the end of each minute."""

    def __init__(self, grid: Grid, windows: Sequence[int]) -> None:
        self._grid = grid
        self.windows = tuple(sorted(windows))
        self.tracks: dict[Track, int] = {}
        self._of_subject: dict[Subject, list[Track]] = {}
        self._places: list[list[int]] = []  # of each track among the rows
        self._tracked = Tracked([], [], [])
        self._groups: dict[object, int] = {}
        self._today: Day | None = None

    @property
    def rows(self) -> Sequence[int]:
        """The rows of the grid that it looks at."""
        return self._tracked.rows

    def admit(self, row: int, series: Series, subject: Subject) -> None:
        """Look at a row of the grid, as part of its track."""
        track = Track(subject, series.measure, series.scale)
        if track not in self.tracks:
            self.tracks[track] = len(self.tracks)
            self._of_subject.setdefault(subject, []).append(track)
            self._places.append([])
            group = (subject.service, subject.environment, series.measure, series.scale)
            self._tracked.group_of.append(self._groups.setdefault(group, len(self._groups)))
        self._places[self.tracks[track]].append(len(self._tracked.rows))
        self._tracked.rows.append(row)
        self._tracked.track_of.append(self.tracks[track])

    def tracks_of(self, subject: Subject) -> Sequence[Track]:
        """Everything that is judged of a language."""
        return self._of_subject.get(subject, ())

    def roll(self, day: int) -> None:
        """Measure what is usual, and how much it wobbles, once for each day."""
        if self._today is None or self._today.day != day:
            self._grid.turn(day)
            self._today = measured(self._grid, self._tracked, self.windows, day) if self.rows else None

    def forget_today(self) -> None:
        """What is usual has to be measured again: something was left out of it."""
        self._today = None

    @property
    def _measures(self) -> Day:
        assert self._today is not None, "roll comes before look"
        return self._today

    def wobbles(self, track: Track) -> Wobbles:
        """How much a track wobbles today, as its incidents and deployments are judged by from now on."""
        at = self.tracks.get(track)
        if self._today is None or at is None or at >= len(self._today.phi):
            return Wobbles()
        return self._today.wobbles(at, self.windows)

    def usual_of(self, track: Track) -> list[tuple[int, Usual, int]]:
        """Today's baseline of each row of a track: (row of the grid, baselines, place in them)."""
        if self._today is None or track not in self.tracks:
            return []
        today = self._today.usual[1][-1]
        return [(self.rows[at], today, at) for at in self._places[self.tracks[track]] if at < len(today.mean)]

    def days(self) -> Any:
        """How many days back each track's baseline reaches."""
        return self._measures.days

    def in_points(self) -> Bools:
        """Whether the values of each track lie in 0..1: of a score of 12 a fall in points says nothing."""
        return self._measures.in_points()

    def means(self) -> dict[Track, float]:
        """What each track usually is."""
        mean = self._measures.mean
        return {track: float(mean[at]) for track, at in self.tracks.items() if at < len(mean)}

    def minutes_of(self, track: Track) -> tuple[Floats, Floats, Floats] | None:
        """Queries, sum of values and the usual mean of each minute of the ring; only collections with a baseline count."""
        if self._today is None or 1 not in self._today.usual:
            return None
        days = self._today.usual[1]
        at = [place for place in self._places[self.tracks[track]] if place < len(days[-1].mean)]
        if not at:
            return None
        cells = self._grid.minutes([self.rows[place] for place in at])
        rate = np.repeat(np.concatenate([day.rates[at] for day in days], axis=1), HOUR, axis=1)
        n = np.where(np.isnan(rate), 0, cells.n)
        expected = (n * np.nan_to_num(rate)).sum(0)
        total = np.where(np.isnan(rate), 0, cells.total).sum(0) / MICRO
        return n.sum(0), total, expected / np.maximum(n.sum(0), 1)

    def look(self, first: int, last: int) -> Looked:
        """Every window that ends with one of the minutes first..last, which lie in one day."""
        self.roll(first // DAY)
        today = self._measures
        parts = [self._at_lag(lag, first, last) for lag in today.usual]
        order = np.argsort([self.windows.index(window) for lag in today.usual for window in self._of(lag)])
        joined = (np.concatenate(cells, axis=1)[:, order] for cells in zip(*parts, strict=True))
        return Looked(first, self.windows, *joined, *_noises(today.phi, today.tau2, today.tau2_relative))

    def look_back(self, first: int, last: int, mean: Floats, n: Floats) -> Looked:
        """The same against fixed references: a mean and its number of queries for each row, NaN where there is none."""
        self.roll(first // DAY)
        today, lag = self._measures, lag_of(REFERENCE_WINDOWS[-1])
        sums = self._empty(len(REFERENCE_WINDOWS), last - first + 1)
        for rows in self._batches(len(today.usual[1][-1].mean)):  # those that came since have nothing behind them today
            self._gather(sums, rows, mean[rows, None], REFERENCE_WINDOWS, self._ends(first, last), _weight(n[rows]))
        cells = compared(sums, today.variance[lag][:, None, None], today.binary[lag][:, None, None])
        return Looked(first, REFERENCE_WINDOWS, *cells, *_noises(today.phi, today.tau2_reference, today.tau2_reference))

    def _of(self, lag: int) -> list[int]:
        return [window for window in self.windows if lag_of(window) == lag]

    def _at_lag(self, lag: int, first: int, last: int) -> tuple[Floats, ...]:
        today, windows = self._measures, self._of(lag)
        days = today.usual[lag]
        sums = self._empty(len(windows), last - first + 1)
        for rows in self._batches(len(days[-1].mean)):
            rates, counts = (np.concatenate([getattr(day, name)[rows] for day in days], axis=1) for name in ("rates", "counts"))
            self._gather(sums, rows, rates, windows, self._ends(first, last), _clock_weight(counts))
        return compared(sums, today.variance[lag][:, None, None], today.binary[lag][:, None, None])

    def _batches(self, size: int) -> list[slice]:
        return [slice(start, min(start + BATCH, size)) for start in range(0, size, BATCH)]

    def _ends(self, first: int, last: int) -> Any:
        return np.arange(first, last + 1) - self._grid.origin + 1

    def _empty(self, windows: int, minutes: int) -> WindowSums:
        return WindowSums(*(np.zeros((len(self._measures.phi), windows, minutes)) for _ in WindowSums._fields))

    def _gather(  # noqa: PLR0913, PLR0917 - what is summed, over what, and how it is weighed
        self, sums: WindowSums, rows: slice, rates: Floats, windows: Sequence[int], ends: Any, weigh: "Weigh"
    ) -> None:
        """Add the windows of these rows to those of their tracks; hours without a baseline are compared with nothing."""
        cells = self._grid.minutes(self.rows[rows])
        hourly = cells.n.shape[1] // HOUR
        rate = np.repeat(np.broadcast_to(rates, (len(rates), hourly)), HOUR, axis=1)
        known = ~np.isnan(rate)
        if not known.all():
            cells, rate = Cells(*(np.where(known, each, 0) for each in cells)), np.where(known, rate, 0.0)
        n, total, squares, expected = map(running, (*cells, cells.n * rate))
        add = _adding(self._tracked.track_of[rows])
        for at, window in enumerate(windows):
            starts = np.maximum(ends - window, 0)
            n_c, x_c, q_c, e_c = (each[:, ends] - each[:, starts] for each in (n, total, squares, expected))
            weight = weigh(window, starts, ends)
            inverse = np.where(n_c > 0, n_c.astype(float) ** 2 / np.maximum(weight, TINY), 0.0)
            for into, more in zip(sums, (n_c, x_c / MICRO, q_c / MICRO, e_c, inverse, weight), strict=True):
                add(into[:, at], more)


Weigh = Callable[[int, Any, Any], Floats]


def running(cells: Any) -> Any:
    """Sums from the first column on, beginning with nothing."""
    sums = np.zeros((len(cells), cells.shape[1] + 1), cells.dtype)
    cells.cumsum(1, out=sums[:, 1:])
    return sums


def _adding(tracks: Sequence[int]) -> Callable[[Floats, Any], None]:
    """Adds rows to those of their tracks; `add.at` takes ten times as long, and is for tracks of several collections."""
    at, several = np.asarray(tracks), len(set(tracks)) < len(tracks)

    def add(into: Floats, more: Any) -> None:
        if several:
            np.add.at(into, at, more)
        else:
            into[at] += more

    return add


def _noises(phi: Floats, *tau2: Floats) -> tuple[Floats, ...]:
    return (phi[:, None, None], *(each[:, :, None] for each in tau2))


def _clock_weight(counts: Floats) -> Weigh:
    """The baseline's queries at the hours of a window's minutes: sum of B_h / 60, times max(1, 60 / W)."""
    total = running(np.repeat(counts / HOUR, HOUR, axis=1))

    def weigh(window: int, starts: Any, ends: Any) -> Floats:
        found: Floats = (total[:, ends] - total[:, starts]) * max(1.0, HOUR / window)
        return found

    return weigh


def _weight(n: Floats) -> Weigh:
    """The same number of queries behind every window."""
    return lambda _, starts, __: np.broadcast_to(np.nan_to_num(n)[:, None], (len(n), len(starts)))
