"""What is usual at each hour of the day."""

import numpy as np
import pytest

from agent.alerting.grid import QUARTERS, Grid, Series
from agent.alerting.measures import Reading
from agent.alerting.statistics import MICRO, Sums
from agent.alerting.usual import BASELINE_DAYS, baseline, lag_of, past, usual
from tests.alerting.test_grid import SCALE, TODAY, series
from tests.alerting.traffic import DAY, MONDAY


def filled(days: range, hits: int, of: int, grid: Grid | None = None, which: Series | None = None) -> Grid:
    """So many hits in every quarter of these days, counted from TODAY."""
    made = grid or Grid()
    row = made.row(which or series())
    at = [MONDAY + day * DAY + quarter * 15 for day in days for quarter in range(QUARTERS)]
    made.add([row] * len(at), at, [Reading("hit_rate", SCALE, Sums(of, hits * MICRO, hits * MICRO))] * len(at))
    return made


@pytest.mark.parametrize(("window", "lag"), [(15, 1), (60, 1), (1440, 1), (1441, 2), (4320, 3), (10080, 7)])
def test_no_window_lies_in_its_own_baseline(window: int, lag: int) -> None:
    """A baseline ends as many days before as the window is long."""
    assert lag_of(window) == lag


def test_an_hour_is_pulled_towards_the_mean() -> None:
    """Half of a thousand queries at 03:00 on one day, 90 % elsewhere."""
    grid = filled(range(-1, 0), 9, 10)
    grid.add([0], [MONDAY - DAY + 3 * 60], [Reading("hit_rate", SCALE, Sums(960, 464 * MICRO, 464 * MICRO))])
    found = usual(past(grid, [0], TODAY - 1))
    mean = (96 * 9 + 464) / (960 + 960)
    assert found.mean[0] == pytest.approx(mean)
    assert found.rates[0, 3] == pytest.approx((36 + 464 + 1000 * mean) / (40 + 960 + 1000))
    assert found.rates[0, 4] == pytest.approx((36 + 1000 * mean) / 1040)
    assert (found.counts[0, 3], found.n[0], found.days[0]) == (1000, 1920, 1)


def test_only_fourteen_days_count() -> None:
    """What came before them was other."""
    grid = filled(range(-14, 0), 9, 10, filled(range(-20, -14), 1, 10))
    found = usual(past(grid, [0], TODAY - 1))
    assert (found.mean[0], found.days[0]) == (pytest.approx(0.9), BASELINE_DAYS)


def test_days_that_are_mostly_left_out_are_replaced_by_earlier_ones() -> None:
    """A fall of two days is not usual, and there are fourteen days without it."""
    grid = filled(range(-30, -2), 9, 10)
    filled(range(-2, 0), 1, 10, grid)
    grid.leave_out([0], MONDAY - 2 * DAY, MONDAY)
    seen = past(grid, [0], TODAY - 1)
    assert seen.mean[0] == pytest.approx(0.9)
    assert int((seen.n.sum(2) > 0).sum()) == BASELINE_DAYS


def test_the_rest_of_a_day_counts() -> None:
    """An hour that is left out makes no day useless."""
    grid = filled(range(-14, 0), 9, 10)
    grid.leave_out([0], MONDAY - DAY, MONDAY - DAY + 60)
    assert past(grid, [0], TODAY - 1).n.sum() == 10 * (14 * QUARTERS - 4)


def test_where_nothing_was_seen_nothing_is_usual() -> None:
    """NaN, never a rate of zero."""
    grid = Grid()
    grid.row(series())
    grid.turn(TODAY)
    found = usual(past(grid, [0], TODAY - 1))
    assert np.isnan(found.rates).all()
    assert baseline(grid, 0, TODAY - 1) is None


def test_a_version_of_three_days_is_compared_with_itself() -> None:
    """Days before the last version count while it has fewer than three complete ones of its own."""
    grid = filled(range(-14, -3), 5, 10)
    filled(range(-3, 0), 9, 10, grid)
    since_three, since_two = baseline(grid, 0, TODAY - 1, TODAY - 3), baseline(grid, 0, TODAY - 1, TODAY - 2)
    assert since_three is not None
    assert since_two is not None
    assert since_three.mean == pytest.approx(0.9)
    assert since_two.mean == pytest.approx((11 * 0.5 + 3 * 0.9) / 14)


def test_collections_of_a_language_are_pooled() -> None:
    """For the noise they are one."""
    grid = filled(range(-1, 0), 9, 10)
    filled(range(-1, 0), 1, 10, grid, series("ko"))
    seen = past(grid, [0, 1], TODAY - 1).pooled(np.array([0, 0]), 1)
    assert seen.n.shape[0] == 1
    assert (seen.n.sum(), seen.mean[0], bool(seen.binary[0])) == (2 * 960, pytest.approx(0.5), True)
