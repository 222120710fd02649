"""What was seen, as arrays."""

import random

import numpy as np

from agent.alerting.changes import Collection
from agent.alerting.grid import DAYS, FIRST_ROWS, QUARTERS, Cells, Grid, Series, Stream
from agent.alerting.measures import Reading
from agent.alerting.statistics import Sums
from tests.alerting.traffic import DAY, MONDAY

TODAY = MONDAY // DAY
SCALE = ("m1", "cosine")


def series(language: str = "de") -> Series:
    """Hits of a language."""
    return Series(Stream(Collection("help", "prod", "kb"), language), "hit_rate", SCALE)


def reading(n: int, total: int = 0) -> Reading:
    """So many values."""
    return Reading("hit_rate", SCALE, Sums(n, total, total))


def same(one: Cells, other: Cells) -> bool:
    """Whether all cells are equal."""
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_minutes_and_quarters_hold_what_was_counted() -> None:
    """Two readings of a minute and one of the next quarter."""
    grid = Grid()
    row = grid.row(series())
    grid.add([row, row, row], [MONDAY + 3, MONDAY + 3, MONDAY + 15], [reading(2, 1), reading(5, 4), reading(7, 6)])
    minutes = grid.minutes([row])
    assert (minutes.n[0, MONDAY + 3 - grid.origin], minutes.total[0, MONDAY + 3 - grid.origin]) == (7, 5)
    quarters, left_out = grid.quarters([row], TODAY, 1)
    assert quarters.n[0, 0, :3].tolist() == [7, 7, 0]
    assert not left_out.any()


def test_neither_order_nor_grouping_matters() -> None:
    """Readings of nine days, shuffled and in other parts: the same cells."""
    chance = random.Random(1)
    what = [(row, MONDAY + chance.randrange(9 * DAY), chance.randrange(9)) for row in range(3) for _ in range(200)]
    grids = []
    for size in (600, 7):
        grid = Grid()
        for language in ("de", "ko", "th"):
            grid.row(series(language))
        for at in range(0, len(what), size):
            part = what[at : at + size]
            grid.add([row for row, _, _ in part], [minute for _, minute, _ in part], [reading(n, n) for _, _, n in part])
        grids.append(grid)
        chance.shuffle(what)
    assert same(grids[0].minutes([0, 1, 2]), grids[1].minutes([0, 1, 2]))
    assert same(grids[0].quarters([0, 1, 2], TODAY + 8, 9)[0], grids[1].quarters([0, 1, 2], TODAY + 8, 9)[0])


def test_rings_forget() -> None:
    """After four days a minute is gone, after fifty its quarter too; what comes later than that is not counted for another day."""
    grid = Grid(ring_days=4)
    row = grid.row(series())
    grid.add([row], [MONDAY], [reading(1)])
    grid.leave_out([row], MONDAY, MONDAY + 15)
    grid.turn(TODAY + 3)
    assert grid.minutes([row]).n.sum() == 1
    grid.turn(TODAY + 4)
    assert grid.minutes([row]).n.sum() == 0
    assert grid.quarters([row], TODAY, 1)[0].n.sum() == 1
    grid.turn(TODAY + DAYS)
    assert grid.quarters([row], TODAY + DAYS, DAYS)[0].n.sum() == 0
    assert not grid.quarters([row], TODAY + DAYS, DAYS)[1].any()
    grid.add([row], [MONDAY], [reading(1)])
    assert grid.quarters([row], TODAY + DAYS, DAYS)[0].n.sum() == 0


def test_days_that_are_not_there_are_empty() -> None:
    """Asked from a day long ago, as while history is read in at once, the ring does not show later days for earlier ones."""
    grid = Grid()
    row = grid.row(series())
    grid.add([row, row], [MONDAY, MONDAY + (DAYS - 1) * DAY], [reading(1), reading(2)])
    grid.leave_out([row], MONDAY + (DAYS - 1) * DAY, MONDAY + DAYS * DAY)
    cells, left_out = grid.quarters([row], TODAY + 5, 10)
    assert cells.n.sum((0, 2)).tolist() == [0, 0, 0, 0, 1, 0, 0, 0, 0, 0]
    assert not left_out.any()
    assert grid.quarters([row], TODAY + DAYS + 5, 10)[0].n.sum() == 2


def test_a_jump_over_all_days_forgets_all() -> None:
    """A year of silence."""
    grid = Grid()
    row = grid.row(series())
    grid.add([row], [MONDAY], [reading(1)])
    grid.add([row], [MONDAY + 365 * DAY], [reading(2)])
    assert grid.minutes([row]).n.sum() == 2
    assert grid.quarters([row], grid.day, DAYS)[0].n.sum() == 2


def test_what_is_left_out_is_whole_quarters_of_these_rows() -> None:
    """From the quarter of the first minute to that of the last one; what lies before the ring or beyond today is nothing to mark."""
    grid = Grid()
    one, other = grid.row(series()), grid.row(series("ko"))
    grid.turn(TODAY)
    grid.leave_out([one], MONDAY + 20, MONDAY + 46)
    _, left_out = grid.quarters([one, other], TODAY, 1)
    assert np.flatnonzero(left_out[0, 0]).tolist() == [1, 2, 3]
    assert not left_out[1].any()
    grid.leave_out([one], 0, MONDAY + 100 * DAY)
    assert int(grid.quarters([one], TODAY, DAYS)[1].sum()) == DAYS * QUARTERS


def test_more_rows_than_there_is_room_for() -> None:
    """The grid grows, and keeps what it has."""
    grid = Grid()
    first = grid.row(series("l0"))
    grid.add([first], [MONDAY], [reading(3)])
    rows = [grid.row(series(f"l{at}")) for at in range(2 * FIRST_ROWS + 1)]
    assert rows == list(range(2 * FIRST_ROWS + 1))
    assert grid.row(series("l0")) == first
    assert grid.minutes(rows).n.sum(1).tolist() == [3, *([0] * 2 * FIRST_ROWS)]
