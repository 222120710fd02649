"""Since when: simulated falls whose begin is known."""

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.alerting.minutes import start_of
from agent.alerting.triage.since import LOOK_BACK, Began, Beginning, Numbers, Series, Since, least_fall, search_from, since, snap

FIRST = 29_000_000
TRUTH = FIRST + LOOK_BACK
PHI = 1.5


class Fall(NamedTuple):
    """A fall of `drop` at `rate` queries a minute, seen for so many minutes."""

    rate: float
    drop: float
    seen: int
    mean: float = 0.9


def simulated(fall: Fall, seed: int) -> Series:
    """Sessions of 1.25 queries that share their fate, a daily cycle of traffic and of quality."""
    chance = np.random.default_rng([seed, 41])
    day = np.arange(LOOK_BACK + fall.seen) / 1440 * 2 * np.pi
    expected = fall.mean + 0.01 * np.cos(day)
    truth = expected - fall.drop * (day >= LOOK_BACK / 1440 * 2 * np.pi)
    sessions = chance.poisson(fall.rate / 1.25 * np.exp(0.7 * np.cos(day + seed)) / 1.13)
    hits = chance.binomial(sessions, truth)
    n, total = (_queries(chance, hits), _queries(chance, sessions - hits))
    return Series(FIRST, n + total, n, expected, PHI)


def _queries(chance: np.random.Generator, sessions: Numbers) -> Numbers:
    more = chance.negative_binomial(np.maximum(sessions, 1), 0.8)
    return np.where(sessions > 0, sessions + more, 0)


def as_similarity(series: Series, seed: int) -> Series:
    """The same queries with scores: hits around .6, misses around .2."""
    chance = np.random.default_rng([seed, 43])
    scores = series.total * 0.6 + (series.n - series.total) * 0.2 + chance.normal(0, 0.08, series.n.size) * np.sqrt(series.n)
    variance = 0.9 * 0.1 * 0.4**2 + 0.08**2
    return Series(FIRST, series.n, scores, 0.2 + 0.4 * series.expected, PHI, variance, least=0.01)


FALLS = {
    "Korean, 10 points, after six hours": (Fall(3, 0.10, 360), 20),
    "Korean, 5 points, after a day": (Fall(3, 0.05, 1440), 60),
    "German, 10 points, after an hour": (Fall(60, 0.10, 60), 3),
    "English, 10 points, after a quarter of an hour": (Fall(800, 0.10, 15), 1),
    "English, 3 points, after an hour": (Fall(800, 0.03, 60), 2),
    "Lao, 20 points, after a day": (Fall(0.5, 0.20, 1440), 40),
}


@pytest.mark.parametrize(("fall", "minutes"), FALLS.values(), ids=FALLS)
@pytest.mark.parametrize("similarity", [False, True], ids=["rate", "similarity"])
def test_the_begin_is_found_and_its_interval_covers_it(fall: Fall, minutes: int, similarity: bool) -> None:  # noqa: FBT001 - a parameter
    """The typical error is small for the traffic, and the 95 % interval holds the truth at least 9 times in 10."""
    made = [simulated(fall, seed) for seed in range(100)]
    found = [since(as_similarity(one, seed) if similarity else one) for seed, one in enumerate(made)]
    known = [one for one in found if one is not None]
    assert len(known) == 100
    assert np.median([abs(one.minute - TRUTH) for one in known]) <= minutes
    assert sum(one.low <= TRUTH <= one.high for one in known) >= 90


def test_half_a_point_of_wobble_does_not_belong_to_the_fall() -> None:
    """Three days half a point below usual weigh more than sixteen minutes of a fall, and are none."""
    n = np.full(LOOK_BACK + 16, 800)
    rate = np.where(np.arange(n.size) < LOOK_BACK, 0.935, 0.84)
    found = since(Series(FIRST, n, n * rate, np.full(n.size, 0.94), PHI))
    assert found is not None
    assert found.minute == TRUTH


def test_nothing_fell_and_nothing_is_said() -> None:
    """Traffic at or above the usual has no begin of a fall, nor has no traffic at all."""
    n = np.full(60, 10)
    assert since(Series(FIRST, n, n * 0.9, np.full(60, 0.9), PHI)) is None
    assert since(Series(FIRST, n * 0, n * 0.0, np.full(60, 0.9), PHI)) is None
    assert since(Series(FIRST, n[:0], n[:0], n[:0], PHI)) is None


def test_a_fall_to_nothing_and_from_everything_is_found() -> None:
    """Rates of 0 and 1 have no logarithm and are judged all the same."""
    n = np.full(120, 20)
    hits = np.where(np.arange(120) < 90, 20, 0)
    assert since(Series(FIRST, n, hits, np.ones(120), PHI)) == Since(FIRST + 90, FIRST + 90, FIRST + 90)


def test_a_begin_among_empty_minutes_is_the_first_one_that_shows_it() -> None:
    """Minutes without queries tell nothing; all of them are in the interval."""
    n = np.concatenate([np.full(60, 20), np.zeros(30, dtype=int), np.full(30, 20)])
    hits = np.where(np.arange(120) < 90, n, 0)
    found = since(Series(FIRST, n, hits, np.full(120, 0.9), PHI))
    assert found == Since(FIRST + 90, FIRST + 60, FIRST + 90)


@given(st.floats(1, 10), st.integers(0, 20))
def test_a_larger_design_effect_never_narrows_the_interval(phi: float, seed: int) -> None:
    """Queries that share their fate say less; the likeliest minute stays."""
    series = simulated(Fall(3, 0.1, 240), seed)
    one, other = since(series._replace(phi=1.0)), since(series._replace(phi=phi))
    assert one is not None
    assert other is not None
    assert other.minute == one.minute
    assert other.low <= one.low <= one.minute <= one.high <= other.high


def test_the_search_is_bounded() -> None:
    """Three days before the window that fired, and the window itself."""
    assert search_from(10_000, 60) == 10_000 - 59 - 3 * 1440


def test_a_deployment_in_the_interval_is_the_begin() -> None:
    """Its time is known to the minute; of several the one nearest to the likeliest minute; none outside."""
    found = Since(100, 80, 110)
    assert snap(found, [95, 82, 300]) == Beginning(95, 80, 110, Began.DEPLOYED)
    assert snap(found, [79, 111]) == Beginning(100, 80, 110, Began.ESTIMATED)
    assert snap(found, [110]).at == start_of(110)
    assert snap(found, []).between == (start_of(80), start_of(110))


def test_korean_after_a_deployment_is_right_within_half_an_hour() -> None:
    """Ten points at three queries a minute, a deployment at the true minute: the begin is right in at least 95 of 100 falls."""
    found = [since(simulated(Fall(3, 0.10, 360), seed)) for seed in range(100, 200)]
    began = [snap(one, [TRUTH]) for one in found if one is not None]
    assert sum(abs(one.minute - TRUTH) <= 30 for one in began) >= 95


@pytest.mark.parametrize(("drop", "least"), [(0.10, 0.05), (0.04, 0.03), (0.02, 0.02)])
def test_the_least_fall(drop: float, least: float) -> None:
    """Half of a large one, the threshold for a small one, and never more than was seen (a rate of 8 % that loses 2)."""
    assert least_fall(0.03, drop) == pytest.approx(least)


def test_a_day_that_is_a_little_low_is_no_part_of_a_large_fall() -> None:
    """Two points for eleven hours, then ten for ten minutes: it began ten minutes ago; by the threshold alone, eleven hours."""
    hours, last = 11 * 60, 10
    n = np.full(hours + last, 400)
    rate = np.r_[np.full(hours, 0.88), np.full(last, 0.80)]
    series = Series(FIRST, n, n * rate, np.full(n.size, 0.9), 1.5, least=least_fall(0.03, 0.10))
    found = since(series)
    assert found is not None
    assert found.minute == FIRST + hours
    by_threshold = since(series._replace(least=0.03))
    assert by_threshold is not None
    assert by_threshold.minute == FIRST
