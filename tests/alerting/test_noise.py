"""How far a language wobbles, measured on its past."""

import numpy as np
import pytest

from agent.alerting.grid import QUARTERS
from agent.alerting.noise import LARGEST_PHI, UNKNOWN, Wobble, block, phi, pooled, pooled_relative, wobble
from agent.alerting.usual import BASELINE_DAYS, Past

SHAPE = (1, BASELINE_DAYS, QUARTERS)


def seen(n: np.ndarray, rate: np.ndarray | float) -> Past:
    """Hits at this rate."""
    total = n * rate
    return Past(n, total, total)


@pytest.mark.parametrize(("window", "quarters"), [(15, 1), (60, 4), (240, 16), (1440, 96), (4320, 96), (45, 2), (720, 32)])
def test_a_block_divides_the_day(window: int, quarters: int) -> None:
    """No longer than the window."""
    assert block(window) == quarters


def test_independent_queries_have_a_design_effect_of_one() -> None:
    """Fourteen days of 200 queries a quarter: 1 within a tenth."""
    chance = np.random.default_rng(1)
    n = np.full(SHAPE, 200.0)
    assert phi(seen(n, chance.binomial(200, 0.9, SHAPE) / 200))[0] == pytest.approx(1.0, abs=0.1)


def test_sessions_of_two_have_a_design_effect_of_two() -> None:
    """Both queries of a session share their fate."""
    chance = np.random.default_rng(2)
    n = np.full(SHAPE, 200.0)
    assert phi(seen(n, chance.binomial(100, 0.9, SHAPE) / 100))[0] == pytest.approx(2.0, abs=0.15)


def test_thin_traffic_is_taken_for_sessions() -> None:
    """Nothing but the prior: 150 / 100."""
    assert phi(seen(np.zeros(SHAPE), 0.0))[0] == pytest.approx(1.5)


def test_phi_has_bounds() -> None:
    """A quarter of all hits beside one of none."""
    rate = np.where(np.arange(QUARTERS) % 2, 0.0, 1.0) * np.ones(SHAPE)
    assert phi(seen(np.full(SHAPE, 1000.0), rate))[0] == LARGEST_PHI
    assert phi(seen(np.full(SHAPE, 1000.0), 0.9))[0] == 1.0


def test_days_that_wobble_by_a_point_are_measured() -> None:
    """A point from day to day, in many queries: a day wobbles by one, three days by less, and with it every shorter window."""
    chance = np.random.default_rng(3)
    rate = 0.9 + chance.normal(0, 0.01, (1, BASELINE_DAYS, 1)) * np.ones(SHAPE)
    past = seen(np.full(SHAPE, 5000.0), rate)
    day, three = (float(np.sqrt(wobble(past, np.ones(1), window).own[0])) for window in (1440, 4320))
    assert day == pytest.approx(float(np.std(rate[0, :, 0], ddof=1)), rel=0.02)
    assert three == pytest.approx(day / np.sqrt(3))
    assert float(np.sqrt(wobble(past, np.ones(1), 15).own[0])) == pytest.approx(day, rel=0.05)


def test_a_daily_cycle_is_no_wobble_of_the_same_hours_but_of_a_fixed_reference() -> None:
    """Nights at 80 %, days at 90 %, every day alike."""
    rate = np.where(np.arange(QUARTERS) < 32, 0.8, 0.9) * np.ones(SHAPE)
    past = seen(np.full(SHAPE, 5000.0), rate)
    assert wobble(past, np.ones(1), 60).own[0] == 0.0
    assert wobble(past, np.ones(1), 60, by_clock=False).own[0] > 0.04**2


def test_too_few_queries_tell_nothing_of_their_own() -> None:
    """The median of those that do is taken, a point where none does."""
    thin = wobble(seen(np.full(SHAPE, 0.1), 0.9), np.ones(1), 15)
    assert np.isnan(thin.own[0])
    assert pooled(thin, np.zeros(1, int)).tolist() == [UNKNOWN]


def test_a_language_wobbles_no_less_than_the_median_of_its_group() -> None:
    """Its own, if that is more; another group is asked nothing."""
    found = Wobble(np.array([0.0001, 0.0004, np.nan, 0.0009, np.nan]), np.full(5, 0.09))
    groups = np.array([0, 0, 0, 0, 1])
    assert pooled(found, groups).tolist() == pytest.approx([0.0004, 0.0004, 0.0004, 0.0009, UNKNOWN])


def test_near_one_the_median_is_taken_in_units_of_a_querys_variance() -> None:
    """A language at 99 % does not wobble by a point because one at 80 % does."""
    found = Wobble(np.array([0.0001, np.nan]), np.array([0.16, 0.0099]))
    both = np.zeros(2, int)
    assert pooled(found, both)[1] == pytest.approx(0.0001)
    assert pooled_relative(found, both)[1] == pytest.approx(0.0001 * 0.0099 / 0.16)
    assert pooled_relative(Wobble(np.array([np.nan]), np.array([0.1])), np.zeros(1, int))[0] == UNKNOWN
