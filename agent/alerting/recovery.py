"""Whether a language has recovered: trailing windows after the firing, over all its traffic, against the frozen baseline."""

from bisect import bisect_left
from collections.abc import Sequence

from agent.alerting.changes import Version
from agent.alerting.measures import Reading
from agent.alerting.minutes import HOUR
from agent.alerting.statistics import HOURS, MICRO, Expected, Figures, Sums, baseline_weight, compare
from agent.alerting.watch import Tally, Watch

SCALES = (60, 240, 1440, 4320)  # minutes
SMALLEST = 50  # queries
CLOSE = 0.015  # a fall of less than this, and ...
SURE = 0.03  # ... whose upper 95 % bound is below this, is none any more
STRAY = 10  # fewer queries on the version that fell are leftovers of a rollback


class Trail:
    """Cumulated sums by minute since the firing; a window is the difference of two of them."""

    def __init__(self, rates: tuple[float, ...]) -> None:
        self._rates = rates
        self._minutes: list[int] = []
        self._sums: list[tuple[int, int, int, float]] = [(0, 0, 0, 0.0)]

    def add(self, minute: int, sums: Sums) -> None:
        """Count what a minute said; minutes come in order."""
        if not self._minutes or self._minutes[-1] < minute:
            self._minutes.append(minute)
            self._sums.append(self._sums[-1])
            self._trim()
        n, total, squares, _ = self._sums[-1]
        before, expected = self._sums[-2][0], self._sums[-2][3]
        rate = self._rates[self._minutes[-1] // HOUR % HOURS]
        n += sums.n
        self._sums[-1] = (n, total + sums.total, squares + sums.squares, expected + (n - before) * rate)

    def window(self, last: int, width: int) -> tuple[Sums, float]:
        """The sums of `width` minutes that end with `last`, and what they would usually total."""
        at = bisect_left(self._minutes, last - width + 1)
        start, end = self._sums[at], self._sums[-1]
        return Sums(end[0] - start[0], end[1] - start[1], end[2] - start[2]), end[3] - start[3]

    def _trim(self) -> None:
        """Keep twice the longest window at most."""
        if len(self._minutes) > 2 * SCALES[-1]:
            del self._minutes[: SCALES[-1]]
            del self._sums[: SCALES[-1]]


class Recovery:
    """One measure of an open incident, from the minute after it fired."""

    def __init__(self, watch: Watch, tally: Tally, first: int, n_fired: int) -> None:
        """`first`: the first minute that counts; `n_fired`: the queries of the window that fired."""
        assert tally.baseline is not None
        self.watch, self.tally, self._first, self._baseline = watch, tally, first, tally.baseline
        self._limits = watch.limits_of(tally.measure)
        self._needed = max(SMALLEST, n_fired // 2)
        self._all, self._new = Trail(self._baseline.rates), Trail(self._baseline.rates)

    def add(self, minute: int, version: Version, reading: Reading) -> None:
        """Count what a minute of any version said, if it is on the scale of the baseline."""
        if minute >= self._first and (reading.measure, reading.scale) == (self.tally.measure, self.tally.scale):
            self._all.add(minute, reading.sums)
            if version == self.watch.change.version:
                self._new.add(minute, reading.sums)

    def figures(self, last: int) -> Figures | None:
        """Those of the smallest window that lies entirely after the firing and has enough queries; None without one."""
        for width in SCALES:
            if last - width + 1 < self._first:
                return None
            now, expected = self._all.window(last, width)
            weight = baseline_weight(self._baseline, last - width + 1, last)
            if now.n >= self._needed and weight >= self._limits.min_events:
                return compare(now, Expected(expected / now.n, weight), self._baseline, width)
        return None

    def still_fallen(self, last: int, width: int) -> bool:
        """Whether this window lies at least the threshold below the usual, as a whole or on the version that fell.

        With one query in ten on a canary the language as a whole looks well while the new version is as broken as before.
        """
        windows = ((self._all.window(last, width), self._limits.min_events), (self._new.window(last, width), STRAY))
        return any(
            now.n >= least and expected - now.total / MICRO >= self._limits.threshold * now.n for (now, expected), least in windows
        )


def recovered(recoveries: Sequence[Recovery], last: int) -> tuple[Recovery, Figures] | None:
    """What ends an incident: a measure lies close to the usual again, and in that window no other is still fallen."""
    for recovery in recoveries:
        figures = recovery.figures(last)
        if figures is None or figures.drop >= CLOSE or figures.upper95 >= SURE:
            continue
        if not any(other.still_fallen(last, figures.scale_minutes) for other in recoveries):
            return recovery, figures
    return None
