"""The smallest fall that can be seen, beside what simulation measured."""

import pytest

from agent.alerting.detectable import Rate, detectable, watched_by

MEASURED = [(100, 24.0), (500, 9.7), (1_000, 7.1), (2_000, 5.6), (5_000, 4.6)]


@pytest.mark.parametrize(("per_day", "points"), MEASURED)
def test_a_day_shows_what_was_measured(per_day: int, points: float) -> None:
    """Falls from 90 % that the trailing rule found, in points by queries a day (detection.md)."""
    found = detectable(Rate(0.9, per_day))
    assert found is not None
    assert found * 100 == pytest.approx(points, rel=0.03)


def test_few_queries_need_three_days() -> None:
    """Twenty queries a day are sixty in three days; ten are too few; and with fifty a day one day is enough."""
    in_three = detectable(Rate(0.9, 20))
    in_one = detectable(Rate(0.9, 60))
    assert in_three is not None
    assert in_one is not None
    assert in_three > 0.25
    assert in_three == pytest.approx(in_one, abs=0.02)
    assert detectable(Rate(0.9, 10)) is None


def test_nothing_smaller_than_the_threshold_is_told() -> None:
    """However many queries there are."""
    assert detectable(Rate(0.99, 10_000_000)) is not None
    assert detectable(Rate(0.5, 1e12)) == pytest.approx(0.04, abs=0.001)  # four wobbles of a point


def test_a_rate_near_zero_cannot_fall_far_enough() -> None:
    """Two percent cannot fall by three points."""
    assert detectable(Rate(0.02, 1_000)) is None


@pytest.mark.parametrize(
    ("smallest", "grouped", "expected"), [(0.05, True, "traffic"), (None, True, "group"), (None, False, "nothing")]
)
def test_what_watches_a_language(smallest: float | None, expected: str, *, grouped: bool) -> None:
    """Its own traffic, else all rare ones together, else nothing."""
    assert watched_by(smallest, grouped=grouped) == expected
