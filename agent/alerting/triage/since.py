"""Since when: the minute at which a measure most likely began to fall, and how sure that is.

A change point by maximum likelihood. Before it the baseline's expectation holds, from it on a level that is at least the
rule's threshold, and half of what fell, lower. For each minute k the queries from k to the end are compared with what they
would usually score; the likelihood ratio is that of a binomial for rates and of a normal for similarities, divided by the design
effect. Cumulated sums make it one pass.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from agent.alerting.minutes import start_of

LOOK_BACK: Final = 3 * 1440
"""Minutes before the window that fired in which a begin is looked for."""

# Twice the log likelihood ratio below which a minute is in the 95 % interval. Not chi-square's 3.84: a change point is no
# regular parameter. The ratio is the maximum of a two-sided random walk, P(< c) = (1 - exp(-c / 2))^2 (Yao 1987, Hansen 2000),
# and 3.84 would cover 73 %.
COVERS_95: Final = 7.35
_EDGE: Final = 1e-6  # rates of 0 and 1 have no logarithm

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.number[Any]]


class Series(NamedTuple):
    """What each minute from `first` on said: queries, the sum of their values (0..1), and the mean that would be usual.

    `phi` is the design effect, `variance` that of a single query's value; without one the values are hits and misses. A fall
    is at least `least` (see `least_fall`).
    """

    first: int
    n: Numbers
    total: Numbers
    expected: Numbers
    phi: float
    variance: float | None = None
    least: float = 0.03


class Since(NamedTuple):
    """The most likely first minute of a fall, and the 95 % interval [low, high]."""

    minute: int
    low: int
    high: int


class Began(StrEnum):
    """What says when a fall began."""

    DEPLOYED = "deployed"
    ESTIMATED = "estimated"


class Beginning(NamedTuple):
    """When a fall began, between when and when (95 %), and what says so."""

    minute: int
    low: int
    high: int
    reason: Began

    @property
    def at(self) -> datetime:
        """The begin as a time."""
        return start_of(self.minute)

    @property
    def between(self) -> tuple[datetime, datetime]:
        """The interval as times."""
        return start_of(self.low), start_of(self.high)


def least_fall(threshold: float, drop: float) -> float:
    """What counts as the fall where one of `drop` was seen: the rule's threshold, and half of it at least.

    Else days that wobble by a point or two would belong to the fall of a large language.
    """
    return max(min(threshold, drop), drop / 2)


def search_from(fired: int, window: int) -> int:
    """The first minute of the series that is asked, for a window of so many minutes that fired at the end of `fired`."""
    return fired - window + 1 - LOOK_BACK


def since(series: Series) -> Since | None:
    """The most likely begin of the fall that lasts to the end of the series; None where nothing in it lies below the usual."""
    ratio = _ratios(series)
    if not ratio.size or ratio.max() <= 0:
        return None
    likely = ratio.size - 1 - int(np.argmax(ratio[::-1]))  # minutes without queries tie with the next one that has some
    inside = np.flatnonzero(2 * (ratio[likely] - ratio) / series.phi <= COVERS_95)
    return Since(series.first + likely, series.first + int(inside[0]), series.first + int(inside[-1]))


def snap(found: Since, deployments: Iterable[int]) -> Beginning:
    """A deployment within the interval is the begin, of several the likeliest; else the begin is as estimated."""
    inside = [minute for minute in deployments if found.low <= minute <= found.high]
    if not inside:
        return Beginning(*found, Began.ESTIMATED)
    return Beginning(min(inside, key=lambda minute: abs(minute - found.minute)), found.low, found.high, Began.DEPLOYED)


def _ratios(series: Series) -> Floats:
    """The log likelihood ratio of a fall that begins with each minute against none at all."""
    n = _to_the_end(series.n)
    weight = np.where(n > 0, n, 1.0)
    now, usual = _to_the_end(series.total) / weight, _to_the_end(series.n * series.expected) / weight
    level = np.minimum(now, usual - series.least)
    if series.variance is None:
        return n * _gain(now, level, usual)
    fall = usual - level
    return n * fall * (usual - now - fall / 2) / series.variance


def _to_the_end(values: Numbers) -> Floats:
    sums: Floats = np.cumsum(values[::-1], dtype=np.float64)[::-1]
    return sums


def _gain(now: Floats, level: Floats, usual: Floats) -> Floats:
    """How much likelier a query's outcome is at this level than at the usual one, as a mean logarithm."""
    q, p = np.clip(level, _EDGE, 1 - _EDGE), np.clip(usual, _EDGE, 1 - _EDGE)
    gain: Floats = now * np.log(q / p) + (1 - now) * np.log((1 - q) / (1 - p))
    return gain
