"""The demo's past: what an agent would have stored had it watched the same service for two weeks.

Millions of events are not made one by one: the sums of each language and quarter of an hour are drawn directly. An alert is
explained by the same minutes of the week before: where those will be asked for, it is minutes.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from math import floor, pi
from statistics import NormalDist
from typing import Any, Final

import numpy as np
from msgspec import Struct
from numpy.random import Generator
from numpy.typing import NDArray

from agent.aggregate.histogram import MICRO
from agent.aggregate.ranking import DISCOUNTS
from agent.alerting.minutes import DAY, HOUR
from agent.demo.profiles import ERRORS, OLD_INDEX, PROFILES, TOP_K, ZERO_RESULTS

QUARTER: Final = 15
ASKED_DAYS: Final = 7
ASKED_BEFORE: Final = QUARTER  # this time of day at the most: the quarter of an hour that holds it
ASKED_AFTER: Final = HOUR
BUSIEST_HOUR: Final = 14
SWING: Final = 0.5

_MIDDLES: Final = np.arange(100) * 10_000 + 5_000  # of the bins of .01, in millionths
_PLACES: Final = np.arange(1, TOP_K + 1)
_GAINS: Final = np.array(DISCOUNTS[:TOP_K])

_Counts = NDArray[np.int64]  # a row for each span of time; of a histogram a column for each bin


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


def history(end: datetime, days: int = 14, per_minute: float = 600, seed: int = 1) -> Iterator[PastWindow]:
    """All windows from midnight `days` days before up to the minute of `end`, the last quarter cut off there.

    Traffic follows the hour of the day; at the end it is `per_minute`, so live traffic goes on without a step.
    """
    midnight = end.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    spans = np.array(list(_spans(_minute(midnight - timedelta(days=days)), _minute(end))))
    expected = per_minute * spans[:, 1] * _busy(spans[:, 0]) / _busy(np.array(_minute(end)))
    draws = np.random.default_rng(seed).spawn(len(PROFILES))
    of_each = [_windows(draw, spans, language, expected) for draw, language in zip(draws, PROFILES, strict=True)]
    for together in zip(*of_each, strict=True):
        yield from together


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


def _busy(minute: _Counts) -> NDArray[np.float64]:
    """The traffic of these minutes of the day against the mean."""
    return 1 + SWING * np.cos(2 * pi * (minute / 60 - BUSIEST_HOUR) / 24)


def _windows(draw: Generator, spans: _Counts, language: str, expected: NDArray[np.float64]) -> Iterator[PastWindow]:
    """The windows of one language, where so many events of all are expected in each span."""
    columns = {"minute": spans[:, 0], "minutes": spans[:, 1], **_drawn(draw, language, expected * PROFILES[language].weight)}
    for row in zip(*(_values(column) for column in columns.values()), strict=True):
        yield PastWindow(language=language, index_version=OLD_INDEX, **dict(zip(columns, row, strict=True)))


def _drawn(draw: Generator, language: str, expected: NDArray[np.float64]) -> dict[str, _Counts]:
    """The sums of each span by the names of their fields."""
    quality = PROFILES[language].old
    events = draw.poisson(expected)
    zero_results = draw.binomial(events, ZERO_RESULTS)
    errors = draw.binomial(events - zero_results, ERRORS)
    scored = events - zero_results - errors
    hits = draw.binomial(scored, quality.recall)
    hit_hist = draw.multinomial(hits, _chances(quality.hit_scores()))
    score_hist = hit_hist + draw.multinomial(scored - hits, _chances(quality.miss_scores()))
    return {
        "events": events,
        "zero_results": zero_results,
        "errors": errors,
        "scored": scored,
        "score_sum": score_hist @ _MIDDLES,
        "score_sq": score_hist @ _MIDDLES**2 // MICRO,
        "score_hist": score_hist,
        "labelled": scored + zero_results,
        "hits": hits,
        "hit_hist": hit_hist,
        **_ranked(draw.multinomial(hits, quality.ranks())),
    }


def _ranked(ranks: _Counts) -> dict[str, _Counts]:
    """The sums of how many stand at each rank."""
    return {
        "mrr_sum": (ranks * MICRO // _PLACES).sum(axis=1),
        "mrr_sq": (ranks * MICRO // _PLACES**2).sum(axis=1),
        "ndcg_sum": np.rint(ranks @ _GAINS * MICRO).astype(np.int64),
        "ndcg_sq": np.rint(ranks @ _GAINS**2 * MICRO).astype(np.int64),
    }


@cache
def _chances(scores: NormalDist) -> NDArray[np.float64]:
    """How likely each bin of .01 is, of those in 0..1."""
    edges = np.array([scores.cdf(edge / 100) for edge in range(len(_MIDDLES) + 1)])
    shares: NDArray[np.float64] = np.diff(edges) / (edges[-1] - edges[0])
    return shares


def _values(column: _Counts) -> list[Any]:
    """A number for each span, or a histogram without its empty bins."""
    values: list[Any] = column.tolist()
    return values if column.ndim == 1 else [{bin_: count for bin_, count in enumerate(row) if count} for row in values]
