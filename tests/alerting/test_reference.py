"""Fixed references."""

import pytest

from agent.alerting.grid import DAYS, QUARTERS, Grid
from agent.alerting.measures import Quality, Thresholds
from agent.alerting.reference import References
from tests.alerting.test_grid import TODAY, series
from tests.alerting.test_usual import filled

QUALITY = Quality(hit_threshold=Thresholds(default=0.35))


def learned(grid: Grid, until: int, references: References) -> list[int]:
    """On which days, counted from TODAY, something was learned."""
    found = []
    for day in range(1, until + 1):
        grid.turn(TODAY + day)
        found += [day] * len(references.learn(grid, TODAY + day))
    return found


def test_the_first_fourteen_complete_days_are_the_reference() -> None:
    """What comes after them does not move it, however it slides."""
    grid, references = filled(range(14), 9, 10), References([], QUALITY)
    assert learned(grid, 14, references) == [14]
    filled(range(14, 30), 5, 10, grid)
    assert references.learn(grid, TODAY + 30) == []
    (one,) = references.all
    assert one.mean == pytest.approx(0.9)
    assert (one.n, one.first_day, one.threshold) == (14 * QUARTERS * 10, TODAY, 0.35)
    assert one.series == series()


def test_a_day_that_began_in_the_middle_is_not_complete() -> None:
    """The day after it is the first one."""
    grid = filled(range(15), 9, 10)
    for cells in grid._quarters:
        cells[0, TODAY % DAYS, :40] = 0
    references = References([], QUALITY)
    assert learned(grid, 20, references) == [15]
    assert references.all[0].first_day == TODAY + 1


def test_what_is_left_out_is_no_reference() -> None:
    """An incident in the first week."""
    grid = filled(range(14), 9, 10)
    filled(range(3, 5), 0, 1000, grid)
    grid.leave_out([0], (TODAY + 3) * 1440, (TODAY + 5) * 1440)
    references = References([], QUALITY)
    learned(grid, 14, references)
    assert references.all[0].mean == pytest.approx(0.9)


def test_too_few_queries_are_no_reference() -> None:
    """Forty-nine in fourteen days."""
    grid = Grid()
    grid.row(series())
    references = References([], QUALITY)
    grid._quarters.n[0, TODAY % DAYS, 0] = 49
    assert learned(grid, 20, references) == []


def test_it_begins_anew_where_a_person_says_so() -> None:
    """The old one is gone at once, the new one comes after fourteen days."""
    grid, references = filled(range(14), 9, 10), References([], QUALITY)
    learned(grid, 14, references)
    filled(range(14, 31), 5, 10, grid)
    references.begin_anew([series()], TODAY + 16)
    assert references.of([series()]) == {}
    assert references.learn(grid, TODAY + 29) == []
    (one,) = references.learn(grid, TODAY + 30)
    assert one.mean == pytest.approx(0.5)
    assert one.first_day == TODAY + 16


def test_another_threshold_is_another_reference() -> None:
    """Hits at .35 and at .50 are not the same hits; the same threshold goes on after a restart."""
    grid, references = filled(range(14), 9, 10), References([], QUALITY)
    learned(grid, 14, references)
    assert References(references.all, QUALITY).all == references.all
    assert References(references.all, Quality(hit_threshold=Thresholds(default=0.5))).all == ()


def test_the_newest_of_two_is_taken_over() -> None:
    """In whatever order they are read back."""
    grid, references = filled(range(14), 9, 10), References([], QUALITY)
    learned(grid, 14, references)
    (old,) = references.all
    filled(range(14, 31), 5, 10, grid)
    references.begin_anew([series()], TODAY + 16)
    (new,) = references.learn(grid, TODAY + 30)
    assert References([new, old], QUALITY).all == References([old, new], QUALITY).all == (new,)
