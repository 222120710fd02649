"""The demo's past: what an agent would have stored had it watched the same service for two weeks.

Millions of events are not made one by one: the sums of each language and quarter of an hour are drawn directly. An alert is
explained by the same minutes of the week before: where those will be asked for, it is minutes.
"""

# ruff: noqa: S311 - traffic for a demo; nothing here is a secret

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from math import cos, floor, pi, sqrt
from random import Random
from statistics import NormalDist
from typing import Final, NamedTuple

from msgspec import Struct

from agent.aggregate.histogram import MICRO
from agent.aggregate.ranking import DISCOUNTS
from agent.alerting.minutes import DAY, HOUR
from agent.demo.profiles import ERRORS, OLD_INDEX, PROFILES, ZERO_RESULTS

QUARTER: Final = 15
ASKED_DAYS: Final = 7
ASKED_BEFORE: Final = QUARTER  # this time of day at the most: the quarter of an hour that holds it
ASKED_AFTER: Final = HOUR
BUSIEST_HOUR: Final = 14
SWING: Final = 0.5

_TAIL: Final = 3.0  # scores are drawn up to so many spreads away from their mean
_ROUNDING: Final = 1 / 6  # the variance that rounding by chance adds
_NO_LIMIT: Final = 10**12

_Draw = Callable[[], float]  # a number in [0, 1)


class PastWindow(Struct, frozen=True, kw_only=True):
    """The sums of one language over so many `minutes` from `minute` (since the Unix epoch) on.

    Names and units are those of the stored measures. Every event without an error is labelled, so `score_hist` is also
    that of the labelled events; `hit_hist` has the scores of those whose article was found.
    """

    minute: int
    minutes: int
    language: str
    index_version: str
    events: int
    zero_results: int
    errors: int
    scored: int
    score_sum: int
    score_sq: int
    score_hist: dict[int, int]
    labelled: int
    hits: int
    hit_hist: dict[int, int]
    mrr_sum: int
    mrr_sq: int
    ndcg_sum: int
    ndcg_sq: int


class _Cells(NamedTuple):
    """Neighbouring cells (bins, ranks), each with the chance of what no earlier cell took."""

    first: int
    chances: tuple[float, ...]


def history(end: datetime, days: int = 14, per_minute: float = 600, seed: int = 1) -> Iterator[PastWindow]:
    """All windows from midnight `days` days before up to the minute of `end`, the last quarter cut off there.

    Traffic follows the hour of the day; at the end it is `per_minute`, so live traffic goes on without a step.
    """
    draw = Random(seed).random
    midnight = end.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    usual = per_minute / _busy(_minute(end))
    for minute, minutes in _spans(_minute(midnight - timedelta(days=days)), _minute(end)):
        total = usual * minutes * _busy(minute)
        for language, profile in PROFILES.items():
            expected = total * profile.weight
            yield _window(draw, minute, minutes, language, _count(draw, expected, expected, _NO_LIMIT))


def _spans(start: int, end: int) -> Iterator[tuple[int, int]]:
    """Quarters of an hour, or their minutes."""
    for quarter in range(start, end, QUARTER):
        asked = (
            end - quarter <= ASKED_DAYS * DAY + ASKED_BEFORE and (quarter - end + ASKED_BEFORE) % DAY < ASKED_BEFORE + ASKED_AFTER
        )
        step = 1 if asked else QUARTER
        for minute in range(quarter, min(quarter + QUARTER, end), step):
            yield minute, min(step, end - minute)


def _minute(at: datetime) -> int:
    return floor(at.timestamp()) // 60


def _busy(minute: int) -> float:
    """The traffic of this minute of the day against the mean."""
    return 1 + SWING * cos(2 * pi * (minute / 60 - BUSIEST_HOUR) / 24)


def _window(draw: _Draw, minute: int, minutes: int, language: str, events: int) -> PastWindow:
    recall = PROFILES[language].old.recall
    zero_results = _binomial(draw, events, ZERO_RESULTS)
    errors = _binomial(draw, events - zero_results, ERRORS)
    scored = events - zero_results - errors
    hits = _binomial(draw, scored, recall)
    hit_bins, miss_bins, rank_cells = _cells(language)
    hit_hist = _spread(draw, hits, hit_bins)
    score_hist = _added(hit_hist, _spread(draw, scored - hits, miss_bins))
    ranks = _spread(draw, hits, rank_cells)
    return PastWindow(
        minute=minute,
        minutes=minutes,
        language=language,
        index_version=OLD_INDEX,
        events=events,
        zero_results=zero_results,
        errors=errors,
        scored=scored,
        score_sum=sum(count * _middle(bin_) for bin_, count in score_hist.items()),
        score_sq=sum(count * _middle(bin_) ** 2 for bin_, count in score_hist.items()) // MICRO,
        score_hist=score_hist,
        labelled=scored + zero_results,
        hits=hits,
        hit_hist=hit_hist,
        mrr_sum=sum(count * MICRO // rank for rank, count in ranks.items()),
        mrr_sq=sum(count * MICRO // rank**2 for rank, count in ranks.items()),
        ndcg_sum=round(sum(count * DISCOUNTS[rank - 1] for rank, count in ranks.items()) * MICRO),
        ndcg_sq=round(sum(count * DISCOUNTS[rank - 1] ** 2 for rank, count in ranks.items()) * MICRO),
    )


def _middle(bin_: int) -> int:
    """The middle of a bin of .01, in millionths."""
    return bin_ * 10_000 + 5_000


@cache
def _cells(language: str) -> tuple[_Cells, _Cells, _Cells]:
    """Score bins of hits, score bins of misses, and ranks."""
    quality = PROFILES[language].old
    ranks = _Cells(1, _chances(quality.ranks()))
    return _bins(quality.hit_scores()), _bins(quality.miss_scores()), ranks


def _bins(scores: NormalDist) -> _Cells:
    first, last = (floor(100 * (scores.mean + side * _TAIL * scores.stdev)) for side in (-1, 1))
    first, last = max(0, first), min(99, last)
    return _Cells(first, _chances([scores.cdf((bin_ + 1) / 100) - scores.cdf(bin_ / 100) for bin_ in range(first, last + 1)]))


def _chances(shares: Sequence[float]) -> tuple[float, ...]:
    left = [sum(shares[place:]) for place in range(len(shares))]
    return tuple(share / rest for share, rest in zip(shares, left, strict=True))


def _spread(draw: _Draw, n: int, cells: _Cells) -> dict[int, int]:
    """Throw n things into the cells; those that stay empty are left out."""
    counts: dict[int, int] = {}
    for cell, chance in enumerate(cells.chances, cells.first):
        if not n:
            break
        mean = n * chance
        if count := _count(draw, mean, mean * (1 - chance), n):
            counts[cell] = count
            n -= count
    return counts


def _added(one: Mapping[int, int], other: Mapping[int, int]) -> dict[int, int]:
    return {bin_: one.get(bin_, 0) + other.get(bin_, 0) for bin_ in sorted(one.keys() | other.keys())}


def _binomial(draw: _Draw, n: int, chance: float) -> int:
    """How many of n happen."""
    return _count(draw, n * chance, n * chance * (1 - chance), n)


def _count(draw: _Draw, mean: float, variance: float, most: int) -> int:
    """A whole number of this mean and variance: nearly normal noise (of three draws, as it is fast), rounded by a fourth.

    Rounding up as often as the fraction says keeps the mean even of counts far below 1, where it is all the noise there is.
    """
    if variance > _ROUNDING:
        mean += 2 * sqrt(variance - _ROUNDING) * (draw() + draw() + draw() - 1.5)
    count = int(mean + draw())
    return count if 0 <= count <= most else max(0, min(most, count))
