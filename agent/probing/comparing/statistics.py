"""How much worse a candidate is than its base on the same queries, and how sure that is. Pure: values in, figures out.

The difference of a query is base - candidate, so that a positive one is a fall. Where all values are 0 or 1 only the queries
that one side alone found tell anything; else the differences are taken as they are, beside two that nobody measured.
How often the intervals cover and how often an unchanged language fails: benchmarks/README.md.
"""

from math import ceil, sqrt
from typing import Any, Final, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc, ndtri, stdtr, stdtrit

Values = NDArray[np.float64]
Method = Literal["score", "studentised"]

ALPHA: Final = 0.05
POWER: Final = 0.8
Z95: Final = float(ndtri(0.975))
HALVINGS: Final = 60  # of an interval of two, to the last bit


class Interval(NamedTuple):
    """Two bounds in -1..1, each an array where there was one."""

    low: Any
    high: Any


class Estimate(NamedTuple):
    """What the same `n` queries say of two sides.

    `baseline`, `candidate`: means in 0..1. `drop`: their difference, positive where the candidate is worse. `p_value`: one-sided,
    of no fall. `sd`: of one query's difference, never 0. `method`: whether values were all 0 or 1 (`score`).
    """

    n: int
    baseline: float
    candidate: float
    drop: float
    ci95: tuple[float, float]
    p_value: float
    sd: float
    method: Method


def estimate(base: Values, candidate: Values) -> Estimate:
    """Compare the values of the same queries, in the same order; both (n,) in 0..1, n at least 1."""
    differences = base - candidate
    interval, p_value, sd = studentised(differences)
    method: Method = "score" if _binary(base) and _binary(candidate) else "studentised"
    if method == "score":
        lost, won = np.count_nonzero(differences > 0), np.count_nonzero(differences < 0)
        interval, p_value = tango(lost, won, len(differences)), mcnemar(lost, won)
    means = float(base.mean()), float(candidate.mean())
    ci95 = (float(interval.low), float(interval.high))
    return Estimate(len(base), *means, float(differences.mean()), ci95, float(p_value), float(sd), method)


def _binary(values: Values) -> bool:
    return bool(((values == 0) | (values == 1)).all())


def tango(lost: ArrayLike, won: ArrayLike, n: ArrayLike, z: float = Z95) -> Interval:
    """Tango's score interval for the difference of two paired proportions (Statistics in Medicine 17, 1998, 891).

    `lost` queries of `n` were found by the base alone, `won` by the candidate alone; numbers, or arrays that broadcast.
    """
    b, c, n = np.broadcast_arrays(*(np.asarray(each, float) for each in (lost, won, n)))
    drop = (b - c) / n
    return Interval(_where(b, c, n, z, (-np.ones_like(drop), drop)), _where(b, c, n, -z, (drop, np.ones_like(drop))))


def _where(b: Values, c: Values, n: Values, z: float, within: tuple[Values, Values]) -> Values:
    """The difference at which the score falls to z: it falls all the way, so halving finds it."""
    low, high = within
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        above = _score(b, c, n, middle) > z
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return (low + high) / 2


def _score(b: Values, c: Values, n: Values, difference: Values) -> Values:
    """The score of a difference, with the likeliest share of `won` that it leaves (Tango's equations 4 to 6)."""
    linear = (2 * n - b + c) * difference - b - c
    constant = -c * difference * (1 - difference)
    share = (np.sqrt(np.maximum(linear**2 - 8 * n * constant, 0)) - linear) / (4 * n)
    variance = n * (2 * share + difference * (1 - difference))
    return np.asarray((b - c - n * difference) / np.sqrt(np.maximum(variance, np.finfo(float).tiny)))


def mcnemar(lost: ArrayLike, won: ArrayLike) -> Any:
    """Exact one-sided McNemar test of no fall: the chance of so many `lost` or more, each as likely as `won`."""
    b, c = np.asarray(lost, float), np.asarray(won, float)
    return np.where(b > 0, betainc(np.maximum(b, 1), c + 1, 0.5), 1.0)


class Studentised(NamedTuple):
    """A 95 % interval of the mean, the one-sided p-value of no fall, and the standard deviation of one difference."""

    interval: Interval
    p_value: Any
    sd: Any


def studentised(differences: Values) -> Studentised:
    """Student's t of the differences (..., n), n at least 1, and of two more: one query wholly lost, and one wholly won.

    With those two, equal differences are no certainty, and rare ones are not taken for none: for values of 0 and 1 it is the
    adjusted interval of Bonett and Price (2012). Without them as few as 17 % of the intervals cover.
    """
    n = differences.shape[-1]
    free, m = n + 1, n + 2
    mean = differences.sum(axis=-1) / m
    sd = np.sqrt(np.maximum((differences**2).sum(axis=-1) + 2 - m * mean**2, 0) / free)
    error = sd / sqrt(m)
    half = stdtrit(free, 0.975) * error
    return Studentised(Interval(np.maximum(mean - half, -1), np.minimum(mean + half, 1)), stdtr(free, -mean / error), sd)


def detectable(sd: float, n: int, compared: int) -> float:
    """The smallest true fall that `n` queries would find with 80 % power, one of `compared` languages."""
    return _reach(compared) * sd / sqrt(n)


def needed(sd: float, fall: float, compared: int) -> int:
    """How many queries would find a true fall of this size with 80 % power, one of `compared` languages."""
    return ceil((_reach(compared) * sd / fall) ** 2)


def _reach(compared: int) -> float:
    """How many standard errors a fall must be long to be found."""
    return float(ndtri(1 - ALPHA / compared) + ndtri(POWER))
