"""Whether a language has recovered: trailing windows after the firing, over all its traffic, against what was frozen then."""

from bisect import bisect_left
from collections.abc import Sequence

from msgspec import Struct

from agent.alerting.changes import Version
from agent.alerting.measures import Reading
from agent.alerting.minutes import HOUR
from agent.alerting.rule import Measure
from agent.alerting.statistics import HOURS, MICRO, Baseline, Expected, Figures, Sums, Wobbles, baseline_weight, compare

SCALES = (60, 240, 1440, 4320)  # minutes
SMALLEST = 50  # queries
CLOSE = 0.015  # a fall of less than this, and ...
SURE = 0.03  # ... whose upper 95 % bound is below this, is none any more
STRAY = 10  # fewer queries on the version that fell are leftovers of a rollback


class Standard(Struct, frozen=True):
    """What one measure of an incident is compared with until it has recovered: frozen when it fired, kept over a restart.

    `rates` has what is usual at each hour of the day for each collection; other collections are compared with nothing.
    `first` is the first minute that counts, `n_fired` the queries of the window that fired, `version` the one that fell.
    """

    measure: Measure
    scale: tuple[str, str]
    base: Baseline
    rates: dict[str, tuple[float, ...]]
    wobbles: Wobbles
    threshold: float
    min_events: int
    n_fired: int
    first: int
    version: Version | None = None


class Trail:
    """Cumulated sums by minute since the firing; a window is the difference of two of them."""

    def __init__(self) -> None:
        self._minutes: list[int] = []
        self._sums: list[tuple[int, int, int, float]] = [(0, 0, 0, 0.0)]

    def add(self, minute: int, sums: Sums, rate: float) -> None:
        """Count what a minute said, where `rate` is usual; minutes come in order."""
        if not self._minutes or self._minutes[-1] < minute:
            self._minutes.append(minute)
            self._sums.append(self._sums[-1])
            self._trim()
        n, total, squares, expected = self._sums[-1]
        self._sums[-1] = (n + sums.n, total + sums.total, squares + sums.squares, expected + sums.n * rate)

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

    def __init__(self, standard: Standard) -> None:
        self.standard = standard
        self._needed = max(SMALLEST, standard.n_fired // 2)
        self._all, self._new = Trail(), Trail()

    def add(self, minute: int, collection: str, version: Version, reading: Reading) -> None:
        """Count what a minute of any version said, if it is on the scale of the standard."""
        standard = self.standard
        if minute < standard.first or reading[:2] != (standard.measure, standard.scale) or collection not in standard.rates:
            return
        rate = standard.rates[collection][minute // HOUR % HOURS]
        self._all.add(minute, reading.sums, rate)
        if version == standard.version:
            self._new.add(minute, reading.sums, rate)

    def figures(self, last: int) -> Figures | None:
        """Those of the smallest window that lies entirely after the firing and has enough queries; None without one."""
        base = self.standard.base
        for width in SCALES:
            if last - width + 1 < self.standard.first:
                return None
            now, expected = self._all.window(last, width)
            weight = baseline_weight(base, last - width + 1, last)
            if now.n >= self._needed and weight >= self.standard.min_events:
                return compare(now, Expected(expected / now.n, weight), base, width, self.standard.wobbles.of(width))
        return None

    def still_fallen(self, last: int, width: int) -> bool:
        """Whether this window lies at least the threshold below the usual, as a whole or on the version that fell.

        With one query in ten on a canary the language as a whole looks well while the new version is as broken as before.
        """
        standard = self.standard
        windows = ((self._all.window(last, width), standard.min_events), (self._new.window(last, width), STRAY))
        return any(
            now.n >= least and expected - now.total / MICRO >= standard.threshold * now.n for (now, expected), least in windows
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
