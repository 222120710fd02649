"""A fall that is injected: as large as asked for, and nothing else changes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.alerting.measures import Quality
from agent.backtest.fault import Drop, Fault, lowered, shows
from tests.alerting.traffic import MICRO, MONDAY, QUALITY, key, row


def test_exactly_so_many_points_are_taken() -> None:
    """Ten points of 300 queries are 30 hits and 30 labels, whatever the minutes they come in."""
    counts = [(3, 2, 3, 2), (1, 1, 1, 1), (2, 2, 2, 2)] * 50
    fault = Fault(Drop("de", 0.1, QUALITY))
    fallen = [fault(row(MONDAY + at, key(), *count)) for at, count in enumerate(counts)]
    assert sum(one.score_hist[50] for one in fallen) == 250 - 30
    assert sum(one.recall_sum for one in fallen) == pytest.approx(220 * MICRO, abs=1000)
    assert [sum(one.score_hist.values()) for one in fallen] == [queries for queries, *_ in counts]


def test_other_languages_stay() -> None:
    """Not a figure of theirs changes."""
    other = row(MONDAY, key("ko"), 100, 90, 100, 90)
    assert Fault(Drop("de", 0.5, QUALITY))(other) is other


def test_more_than_there_is_leaves_nothing() -> None:
    """A drop of 100 points takes every hit and every label, and no more."""
    fallen = Fault(Drop("de", 1.0, QUALITY))(row(MONDAY, key(), 10, 7, 10, 7))
    assert (fallen.score_hist[50], fallen.recall_sum, fallen.recall_sq) == (0, 0, 0)


def test_the_lowest_hits_go_just_below_the_threshold() -> None:
    """So the mean score falls by what these hits lose, hundredths."""
    whole = row(MONDAY, key(), 10, 5)._replace(score_hist={20: 5, 36: 2, 50: 3}, score_sum=3_220_000, score_sq=1_209_200)
    fallen = lowered(whole, 35, 3)
    assert fallen.score_hist == {20: 5, 34: 3, 36: 0, 50: 2}
    assert whole.score_sum - fallen.score_sum == 2 * 20_000 + 160_000
    assert whole.score_sq - fallen.score_sq == round((2 * (0.36**2 - 0.34**2) + 0.5**2 - 0.34**2) * MICRO)


@given(st.lists(st.tuples(st.integers(0, 30), st.floats(0, 1)), max_size=40), st.floats(0.01, 1))
def test_nothing_is_ever_negative(minutes: list[tuple[int, float]], drop: float) -> None:
    """No count goes below zero, and no more is taken than was asked for."""
    fault = Fault(Drop("de", drop, QUALITY))
    rows = [row(MONDAY + at, key(), n, int(n * rate), n, int(n * rate)) for at, (n, rate) in enumerate(minutes)]
    fallen = [fault(one) for one in rows]
    assert all(min(one.score_hist.values()) >= 0 and 0 <= one.recall_sq <= one.recall_sum for one in fallen)
    taken = sum(before.score_hist[50] - after.score_hist[50] for before, after in zip(rows, fallen, strict=True))
    assert taken <= drop * sum(n for n, _ in minutes) + 1e-6


def test_what_cannot_fall_is_known() -> None:
    """Without labels and without a threshold there is nothing to take."""
    assert shows(row(MONDAY, key(), 5, 5), QUALITY)
    assert shows(row(MONDAY, key(), 5, 5, 5, 5), Quality())
    assert not shows(row(MONDAY, key(), 5, 5), Quality())
