"""When traffic is gone."""

import numpy as np
import pytest

from agent.alerting.absence import Look
from agent.alerting.rule import VanishedRule

RULE = VanishedRule(name="vanished", where=())


def look(observed: list[int], expected: list[float]) -> Look:
    """A window of a quarter."""
    return Look(0, 15, np.array(observed, np.int64), np.array(expected, np.float64))


def test_gone_is_a_tenth_of_what_is_expected_where_enough_is() -> None:
    """3 of 30 and not 4; 0 of 29 is nothing."""
    assert look([3, 4, 0, 0], [30, 30, 29.9, 0]).gone(RULE).tolist() == [True, False, False, False]


@pytest.mark.parametrize(
    ("observed", "expected", "together"),
    [
        ([0, 0], [900, 10], True),
        ([0, 0], [900, 9], False),
        ([0, 2], [900, 10], False),
        ([0, 1], [900, 10], True),
        ([0, 0, 0], [20, 6, 6], True),
        ([200, 0, 0], [900, 300, 300], False),
        ([0], [900], False),
        ([], [], False),
    ],
)
def test_all_are_gone_when_the_others_are_too(observed: list[int], expected: list[float], together: bool) -> None:  # noqa: FBT001 - a table
    """The largest language alone may be nearly all of a service."""
    assert look(observed, expected).all_gone(RULE) is together


def test_figures_are_shares_with_the_interval_of_a_count() -> None:
    """4 of 100: Poisson counts of 1.6 to 10.3 are within reach."""
    figures = look([4], [100]).figures()
    assert (figures.n, figures.n_baseline, figures.current, figures.baseline, figures.drop) == (4, 100, 0.04, 1.0, 0.96)
    assert figures.ci95 == pytest.approx((1 - 0.1029, 1 - 0.0155), abs=1e-3)
    assert figures.z == pytest.approx(9.6)
