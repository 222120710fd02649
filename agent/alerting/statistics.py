"""The formulas of the decision procedure: pure functions of counts and sums.

Values lie in 0..1 (a hit, a recall, a similarity); their sums and sums of squares are integers in millionths, so that any
order and any split of the same queries gives the same bits. A "point" is .01.
"""

from collections.abc import Mapping, Sequence
from math import fsum, sqrt
from operator import mul
from typing import NamedTuple

from msgspec import Struct

from agent.alerting.minutes import DAY, HOUR, minutes_by_hour

MICRO = 1_000_000
HALF_A_MILLIONTH = 0.5 / MICRO  # sums of values in 0..1 that lie no further apart are the same
HOURS = 24
Z95 = 1.96  # two-sided 95 %
Z95_ONE_SIDED = 1.645
PRIOR = 1000  # queries at the overall mean that each hour's rate is pulled towards
TAIL_PRIOR = 10  # queries with the baseline's variance that a window's own variance is pulled towards
SMALLEST_VARIANCE = 1e-4
LARGEST_VARIANCE = 0.25 + 1e-9  # of any value in 0..1

# Where the service's own history does not tell yet. PHI is the design effect (2 - q) / q of sessions with geometric sizes and
# 1.25 queries on average, q = 1 / 1.25: queries of one session share their fate.
PHI = 1.5
# The wobble of a window that no number of queries removes, as a standard deviation: one point.
TAU = 0.01
SETTLED = 3 * DAY  # minutes after which a version's window wobbles like the mean of three days


class Noise(NamedTuple):
    """What widens an error bar beyond chance: the design effect `phi` and the wobble `tau` (a standard deviation, 0..1)."""

    phi: float = PHI
    tau: float = TAU


class Wobbles(NamedTuple):
    """The noise of one track on one day: `taus` has the wobble of each window (minutes), the smallest window first."""

    phi: float = PHI
    taus: tuple[tuple[int, float], ...] = ((15, TAU),)

    def of(self, window: int) -> Noise:
        """The noise of a window of the ladder: the wobble of the largest one that is not longer."""
        return Noise(self.phi, max((w, tau) for w, tau in self.taus if w <= window or w == self.taus[0][0])[1])

    def since(self, elapsed: int) -> Noise:
        """The noise of everything since a change: after three days the wobble of a day, averaged over three."""
        if elapsed < SETTLED:
            return self.of(min(elapsed, DAY))
        phi, tau = self.of(DAY)
        return Noise(phi, tau / sqrt(3))

    @property
    def least(self) -> float:
        """The smallest wobble that any window may have."""
        return min(tau for _, tau in self.taus) / sqrt(3)


class Expected(NamedTuple):
    """What a window would usually score (0..1), and the number of queries that this rests on."""

    mean: float
    weight: float


class Sums(NamedTuple):
    """How many values, their sum and their sum of squares, the latter two in millionths."""

    n: int = 0
    total: int = 0
    squares: int = 0

    @property
    def binary(self) -> bool:
        """Whether every value is 0 or 1."""
        return self.total == self.squares


def plus(one: Sums | None, other: Sums) -> Sums:
    """Two sums as one."""
    return other if one is None else Sums(one.n + other.n, one.total + other.total, one.squares + other.squares)


class Baseline(Struct, frozen=True):
    """What is usual at each hour of the day (UTC), frozen.

    `rates` has the expected value and `counts` the number of queries behind it, for each of the 24 hours. `variance` is that
    of a single query, `days` the reach of the history in days.
    """

    rates: tuple[float, ...]
    counts: tuple[int, ...]
    mean: float
    variance: float
    n: int
    days: int
    binary: bool


class Spread(NamedTuple):
    """The variance of a single query before, and whether its values were 0 or 1."""

    variance: float
    binary: bool


class Parts(NamedTuple):
    """What a standard error is made of: the variance of one query on each side, the baseline's queries, and the noise."""

    variance: float
    variance_baseline: float
    weight: float
    noise: Noise


class Figures(Struct, frozen=True):
    """One comparison: rates, drop, standard error and interval in 0..1, `z` in standard errors; `parts` of the error, where kept."""

    n: int
    n_baseline: int
    current: float
    baseline: float
    drop: float
    se: float
    z: float
    ci95: tuple[float, float]
    scale_minutes: int
    parts: Parts | None = None

    @property
    def upper95(self) -> float:
        """The one-sided upper 95 % bound of the drop."""
        return self.drop + Z95_ONE_SIDED * self.se


def baseline_of(hours: Sequence[Sums], days: int) -> Baseline | None:
    """The baseline from the sums of each hour of the day, b_h = (X_h + 1000 p) / (B_h + 1000); None without queries."""
    n = sum(hour.n for hour in hours)
    if n == 0:
        return None
    total, squares = sum(hour.total for hour in hours), sum(hour.squares for hour in hours)
    mean = total / MICRO / n
    return Baseline(
        rates=tuple((hour.total / MICRO + PRIOR * mean) / (hour.n + PRIOR) for hour in hours),
        counts=tuple(hour.n for hour in hours),
        mean=mean,
        variance=max(squares / MICRO / n - mean * mean, SMALLEST_VARIANCE),
        n=n,
        days=days,
        binary=total == squares,
    )


def expected_mean(by_hour: Sequence[int], base: Baseline) -> float:
    """What a window with so many queries at each hour of the day would usually score: E = sum n_h b_h / n."""
    total: float = fsum(map(mul, by_hour, base.rates))
    return total / sum(by_hour)


def baseline_weight(base: Baseline, first: int, last: int) -> float:
    """The baseline's queries at the hours of the minutes first..last: sum of B_h / 60, times max(1, 60 / W).

    A window longer than a day meets each hour more than once; the queries behind it stay the same ones, hence the cap.
    """
    seen: float = sum(map(mul, minutes_by_hour(first, last), base.counts)) / HOUR
    return min(seen * max(1.0, HOUR / (last - first + 1)), float(base.n))


def compare(now: Sums, usual: Expected, base: Baseline | Spread, scale: int, noise: Noise = Noise()) -> Figures:  # noqa: B008 - immutable
    """The drop d = E - S/n with se^2 = phi (v_c/n_c + v_b/n_b) + tau^2, for a window of `scale` minutes.

    The window's own variance, not a pooled one: with few queries near 100 % a pooled variance has far too short a lower tail.
    """
    mean = now.total / MICRO / now.n
    if base.binary and now.binary:
        shrunk = (now.total / MICRO + 1) / (now.n + 2)
        own, before = shrunk * (1 - shrunk), usual.mean * (1 - usual.mean)
    else:
        spread = max(now.squares / MICRO / now.n - mean * mean, 0.0)
        own, before = (now.n * spread + TAIL_PRIOR * base.variance) / (now.n + TAIL_PRIOR), base.variance
    se = sqrt(noise.phi * (own / now.n + before / usual.weight) + noise.tau**2)
    drop = usual.mean - mean
    interval = (drop - Z95 * se, drop + Z95 * se)
    parts = Parts(own, before, usual.weight, noise)
    return Figures(now.n, round(usual.weight), mean, usual.mean, drop, se, drop / se, interval, scale, parts)


def beside(now: Mapping[int, Sums], then: Mapping[int, Sums]) -> tuple[Sums, Expected]:
    """What ran side by side, hour by hour: the new version's sums, and what the old one scored in the same mix of hours.

    The weight is the number of old queries with the same variance: 1 / sum (share of the hour)^2 / n_old.
    """
    shared = [hour for hour, sums in now.items() if sums.n and hour in then and then[hour].n]
    total = Sums(*(sum(now[hour][at] for hour in shared) for at in range(3)))
    if not total.n:
        return total, Expected(0.0, 0.0)
    mean = fsum(now[hour].n * then[hour].total / then[hour].n for hour in shared) / MICRO / total.n
    return total, Expected(mean, 1 / fsum((now[hour].n / total.n) ** 2 / then[hour].n for hour in shared))


def wilson(hits: float, n: int, z: float = Z95) -> tuple[float, float] | None:
    """The score interval of a share (Wilson 1927); None without observations."""
    if n == 0:
        return None
    share, weight = hits / n, z * z / n
    middle = share + weight / 2
    half = z * sqrt(share * (1 - share) / n + weight / (4 * n))
    return max(0.0, (middle - half) / (1 + weight)), min(1.0, (middle + half) / (1 + weight))


def mean_interval(total: float, squares: float, n: int, z: float = Z95) -> tuple[float, float] | None:
    """The normal interval of a mean, from sum and sum of squares; None below two observations."""
    if n < 2:  # noqa: PLR2004 - one value has no spread
        return None
    mean = total / n
    half = z * sqrt(max(squares - n * mean * mean, 0.0) / (n - 1) / n)
    return mean - half, mean + half


def rank_position(histogram: Mapping[int, int], share: float) -> float:
    """Where this share (0..1) of the values is reached, in bins and fractions of a bin (values spread evenly within one)."""
    left = min(max(share, 0.0), 1.0) * sum(histogram.values())
    for position in sorted(histogram):
        if 0 < histogram[position] >= left:
            return position + left / histogram[position]
        left -= histogram[position]
    raise ValueError("a histogram without values has no quantile")


def median_ranks(n: int) -> tuple[float, float]:
    """The shares of n ordered values between which the median lies with 95 % (normal form of the binomial; Conover 1999, 3.2)."""
    half = Z95 * 0.5 / sqrt(n)
    return 0.5 - half, 0.5 + half
