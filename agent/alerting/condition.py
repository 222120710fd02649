"""Verdicts: what a rule finds in the figures, by name. Pure; nothing here knows of incidents or messages."""

from collections.abc import Mapping, Sequence
from math import floor, sqrt
from typing import NamedTuple, TypeGuard

from msgspec import Struct

from agent.aggregate.histogram import score_at
from agent.alerting.binomial import surely_most
from agent.alerting.rule import Limits
from agent.alerting.statistics import (
    Z95,
    Z95_ONE_SIDED,
    Baseline,
    Expected,
    Figures,
    Noise,
    Sums,
    baseline_weight,
    compare,
    expected_mean,
    median_ranks,
    rank_position,
    wilson,
)

LOW_QUERIES = 30  # the least that a window of the low rule holds
LOW_SHARE = 0.5  # of the queries below the limit: the median is low
ROUNDING = 1e-9
LOW_LIMIT = 0.3  # where the limit lies between floor and reference

NOISE = Noise()


class Counts(Struct, frozen=True):
    """The queries behind a verdict that could not compare."""

    n: int
    n_baseline: int
    scale_minutes: int


class Breach(Struct, frozen=True):
    """It fell, or is low."""

    figures: Figures


class Clear(Struct, frozen=True):
    """Enough was seen, and it did not."""

    figures: Figures


class InsufficientData(Struct, frozen=True):
    """`needed` queries are missing, on the side that lacks most."""

    needed: int
    figures: Counts


class NoData(Struct, frozen=True):
    """Nothing came; that is neither good nor bad."""

    figures: Counts


class NotComparable(Struct, frozen=True):
    """The two sides do not measure the same."""

    reason: str
    figures: Counts


Verdict = Breach | Clear | InsufficientData | NoData | NotComparable


class Limit(NamedTuple):
    """Below which best score a query found next to nothing, and the median, queries and languages of the reference behind it."""

    limit: float
    median: float
    queries: int
    languages: tuple[str, ...]


def fell(  # noqa: PLR0913, PLR0917 - the five things a comparison rests on, and the noise
    by_hour: Sequence[int], now: Sums, base: Baseline | None, span: tuple[int, int], limits: Limits, noise: Noise = NOISE
) -> Verdict:
    """The version rule: everything on the new version in the minutes `span` against the same hours of earlier versions.

    `by_hour` has the window's queries for each hour of the day. Breach: at least the threshold, and at least z standard errors.
    """
    first, last = span
    scale = last - first + 1
    weight = 0.0 if base is None else baseline_weight(base, first, last)
    if now.n == 0:
        return NoData(Counts(0, round(weight), scale))
    if base is None or min(now.n, weight) < limits.min_events:
        return InsufficientData(limits.min_events - int(min(now.n, weight)), Counts(now.n, round(weight), scale))
    return judged(compare(now, Expected(expected_mean(by_hour, base), weight), base, scale, noise), limits)


def judged(figures: Figures, limits: Limits) -> Verdict:
    """Breach: at least the threshold, and at least z standard errors."""
    breach = figures.drop >= limits.threshold and figures.z >= limits.z
    return Breach(figures) if breach else Clear(figures)


def low_limit(noise: float, reference: float) -> float | None:
    """Below which best score a query found next to nothing; None where the reference itself finds nothing."""
    return noise + LOW_LIMIT * (reference - noise) if reference > noise else None


def low(histogram: Mapping[int, int], kind: str, limit: Limit, minutes: int) -> Verdict:
    """The low rule: whether most of a window's best scores lie below the limit, by Wilson's one-sided 95 % bound.

    A window of 30 queries is judged; a smaller one only where it is beyond doubt that most are (`surely_low`).
    Current and baseline are medians; `z` is the score statistic of the share below the limit (above 1.645 exactly when the bound
    is above one half), standard error and interval are those of the median by its order statistics.
    """
    n = sum(histogram.values())
    if n == 0:
        return NoData(Counts(0, limit.queries, minutes))
    if limit.queries < LOW_QUERIES or (n < LOW_QUERIES and not surely_low(histogram, kind, limit)):
        return InsufficientData(LOW_QUERIES - min(n, limit.queries), Counts(n, limit.queries, minutes))
    below = _below(histogram, kind, limit)
    bounds = wilson(below, n, Z95_ONE_SIDED)
    assert bounds is not None
    figures = _level(histogram, kind, below, limit, minutes)
    return Breach(figures) if bounds[0] > LOW_SHARE else Clear(figures)


def surely_low(histogram: Mapping[int, int], kind: str, limit: Limit) -> bool:
    """Whether so few queries already show it, by the exact binomial."""
    return surely_most(_below(histogram, kind, limit), sum(histogram.values()))


def surely_not_low(verdict: Verdict) -> TypeGuard[Clear]:
    """Whether Wilson's upper bound of the share below the limit is at most one half: what ends a low incident."""
    return isinstance(verdict, Clear) and verdict.figures.z <= -Z95_ONE_SIDED


def _below(histogram: Mapping[int, int], kind: str, limit: Limit) -> int:
    return sum(count for bin_, count in histogram.items() if score_at(bin_ + 1, kind) <= limit.limit + ROUNDING)


def _level(histogram: Mapping[int, int], kind: str, below: int, limit: Limit, minutes: int) -> Figures:
    n = sum(histogram.values())
    ranks = median_ranks(n)
    least, median, most = (score_at_position(rank_position(histogram, rank), kind) for rank in (ranks[0], 0.5, ranks[1]))
    z = (below / n - LOW_SHARE) / sqrt(LOW_SHARE * (1 - LOW_SHARE) / n)
    interval = (limit.median - most, limit.median - least)
    return Figures(n, limit.queries, median, limit.median, limit.median - median, (most - least) / 2 / Z95, z, interval, minutes)


def score_at_position(position: float, kind: str) -> float:
    """The score at a place within a bin, spread evenly between its edges."""
    bin_ = floor(position)
    low_edge, high_edge = score_at(bin_, kind), score_at(bin_ + 1, kind)
    return low_edge + (position - bin_) * (high_edge - low_edge)
