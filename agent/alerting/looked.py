"""Windows beside what is usual, for every track at once: what is summed of them, and the figures that makes."""

from typing import Any, Final, NamedTuple

import numpy as np

from agent.alerting.grid import Floats
from agent.alerting.statistics import HALF_A_MILLIONTH, TAIL_PRIOR

TINY: Final = 1e-100  # in place of 0 below a line, far from where floats end


class Looked(NamedTuple):
    """The comparison of windows that end with the minutes from `first` on: tracks x windows x minutes, means in 0..1.

    `expected` is what a window would usually score, `n_baseline` the queries behind that; the variances are those of a single
    query; `tau2` is the variance of the wobble, `tau2_relative` the same for rates near 0 or 1.
    """

    first: int
    windows: tuple[int, ...]
    n: Floats
    mean: Floats
    expected: Floats
    n_baseline: Floats
    variance: Floats
    variance_baseline: Floats
    phi: Floats
    tau2: Floats
    tau2_relative: Floats

    @property
    def drop(self) -> Floats:
        """How far the mean lies below what is expected."""
        return self.expected - self.mean

    @property
    def chance(self) -> Floats:
        """The variance of the drop by chance alone."""
        weight = np.maximum(self.n_baseline, TINY)
        found: Floats = self.phi * (self.variance / np.maximum(self.n, TINY) + self.variance_baseline / weight)
        return found


class WindowSums(NamedTuple):
    """What is summed over the collections of a track: tracks x windows x minutes; `inverse` is the sum of n^2 / n_b."""

    n: Floats
    total: Floats
    squares: Floats
    expected: Floats
    inverse: Floats
    weight: Floats


def compared(sums: WindowSums, variance: Floats, binary: Any) -> tuple[Floats, ...]:
    """Queries, mean, expected value, queries of the baseline, and the variances of a single query now and before."""
    n = np.maximum(sums.n, TINY)
    mean, expected = sums.total / n, sums.expected / n
    weight = np.where(sums.n > 0, sums.n**2 / np.maximum(sums.inverse, TINY), sums.weight)
    shrunk = (sums.total + 1) / (sums.n + 2)
    spread = np.maximum(sums.squares / n - mean**2, 0.0)
    zero_or_one = binary & (np.abs(sums.total - sums.squares) < HALF_A_MILLIONTH)
    own = np.where(zero_or_one, shrunk * (1 - shrunk), (sums.n * spread + TAIL_PRIOR * variance) / (sums.n + TAIL_PRIOR))
    before = np.where(zero_or_one, expected * (1 - expected), variance)
    return sums.n, mean, expected, weight, own, before
