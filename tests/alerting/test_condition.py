"""Verdicts by name, each with its figures."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.alerting.condition import (
    Breach,
    Clear,
    Counts,
    InsufficientData,
    Limit,
    NoData,
    fell,
    low,
    low_limit,
    surely_not_low,
)
from agent.alerting.rule import Limits
from agent.alerting.statistics import MICRO, Sums, baseline_of, wilson
from tests.alerting.traffic import START

LIMITS = Limits(0.03, 3.5, 50)
BASE = baseline_of([Sums(1000, 900 * MICRO, 900 * MICRO)] * 24, days=14)
LIMIT = Limit(0.318, 0.57, 5000, ("en",))


def at_noon(n: int) -> list[int]:
    """All queries of a window in one hour."""
    return [n if hour == 12 else 0 for hour in range(24)]


def judge(n: int, hits: int, limits: Limits = LIMITS) -> object:
    """A window at noon against 90 % of 1,000."""
    first = START + 720
    return fell(at_noon(n), Sums(n, hits * MICRO, hits * MICRO), BASE, (first, first + 9), limits)


@pytest.mark.parametrize(
    ("n", "hits", "verdict"),
    [
        (1000, 800, Breach),  # 10 points, z 5.9
        (1000, 880, Clear),  # 2 points
        (100, 83, Clear),  # 7 points, but z 1.4
        (100_000, 87_100, Clear),  # 2.9 points
        (100_000, 86_400, Clear),  # 3.6 points, but the wobble and the baseline of 1,000 leave z at 2.4
        (49, 0, InsufficientData),
        (0, 0, NoData),
    ],
)
def test_a_fall_has_to_be_large_and_sure(n: int, hits: int, verdict: type) -> None:
    """At least the threshold and at least z standard errors."""
    assert isinstance(judge(n, hits), verdict)


def test_too_few_queries_say_how_many_are_missing() -> None:
    """On the side that lacks most; a missing baseline lacks all of them."""
    assert judge(49, 0) == InsufficientData(1, Counts(49, 1000, 10))
    first = START + 720
    assert fell(at_noon(60), Sums(60, 0, 0), None, (first, first), LIMITS) == InsufficientData(50, Counts(60, 0, 1))
    few = baseline_of([Sums(30, 30 * MICRO, 30 * MICRO), *[Sums()] * 23], days=1)
    assert fell([60, *[0] * 23], Sums(60, 0, 0), few, (START, START), LIMITS) == InsufficientData(20, Counts(60, 30, 1))


def test_a_verdict_carries_its_figures() -> None:
    """What a person is told can be read from the verdict."""
    verdict = judge(1000, 800)
    assert isinstance(verdict, Breach)
    figures = verdict.figures
    assert (figures.n, figures.n_baseline, figures.scale_minutes) == (1000, 1000, 10)
    assert figures.drop == pytest.approx(0.1)
    assert figures.ci95[0] < 0.1 < figures.ci95[1]


@given(st.integers(50, 3000), st.data())
def test_more_misses_never_turn_a_breach_into_none(n: int, data: st.DataObject) -> None:
    """Down to half of the queries."""
    hits = data.draw(st.integers(n // 2 + 1, n))
    if isinstance(judge(n, hits), Breach):
        assert isinstance(judge(n, hits - 1), Breach)


def test_the_limit_of_low_lies_three_tenths_above_the_floor() -> None:
    """The reference's example; where the reference itself is noise there is no limit."""
    assert low_limit(0.21, 0.57) == pytest.approx(0.318)
    assert low_limit(0.21, 0.21) is None


@pytest.mark.parametrize(("below", "verdict"), [(20, Breach), (19, Clear), (15, Clear), (0, Clear)])
def test_low_is_when_surely_more_than_half_lie_below_the_limit(below: int, verdict: type) -> None:
    """Of 30 queries: 20 by Wilson's bound; bin 31 reaches above the limit of .318 and does not count."""
    found = low({30: below, 31: 30 - below}, "cosine", LIMIT, 15)
    assert isinstance(found, verdict)


@given(st.integers(30, 400), st.data())
def test_the_statistic_of_low_agrees_with_wilson(n: int, data: st.DataObject) -> None:
    """It is above 1.645 where the lower bound is above one half, below -1.645 where the upper is below it."""
    below = data.draw(st.integers(0, n))
    found = low({10: below, 60: n - below}, "cosine", LIMIT, 15)
    bounds = wilson(below, n, 1.645)
    assert bounds is not None
    assert isinstance(found, Breach) == (bounds[0] > 0.5)
    assert surely_not_low(found) == (bounds[1] <= 0.5)


def test_low_tells_medians() -> None:
    """Current and baseline are medians, the interval is that of the median."""
    found = low({5: 50, 6: 50}, "cosine", LIMIT, 45)
    assert isinstance(found, Breach)
    figures = found.figures
    assert figures.current == pytest.approx(0.06)
    assert (figures.baseline, figures.n, figures.n_baseline, figures.scale_minutes) == (0.57, 100, 5000, 45)
    assert figures.drop == pytest.approx(0.51)
    assert figures.ci95 == pytest.approx((0.57 - 0.06196, 0.57 - 0.05804), abs=1e-4)


def test_low_needs_queries_and_a_reference() -> None:
    """Thirty on both sides."""
    assert low({}, "cosine", LIMIT, 15) == NoData(Counts(0, 5000, 15))
    assert low({5: 19, 50: 10}, "cosine", LIMIT, 15) == InsufficientData(1, Counts(29, 5000, 15))
    assert low({5: 40}, "cosine", LIMIT._replace(queries=10), 15) == InsufficientData(20, Counts(40, 10, 15))


def test_fewer_queries_are_judged_where_they_leave_no_doubt() -> None:
    """Fourteen of fourteen; thirteen of thirteen are one in 8,192."""
    assert isinstance(low({5: 14}, "cosine", LIMIT, 15), Breach)
    assert isinstance(low({5: 13}, "cosine", LIMIT, 15), InsufficientData)


def test_scores_of_an_unknown_kind_are_read_on_their_own_scale() -> None:
    """Bins of an asinh scale: .2 lies in bin 9, .5 in bin 24."""
    assert isinstance(low({9: 30}, "unknown", LIMIT, 15), Breach)
    assert isinstance(low({24: 30}, "unknown", LIMIT, 15), Clear)
