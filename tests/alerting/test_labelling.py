"""When labels are compared with those of before, and when they are of other queries."""

import pytest

from agent.alerting.labelling import Labelling, moved

BEFORE = Labelling(2_000, 10_000)


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (Labelling(200, 1_000), ""),
        (Labelling(150, 1_000), ""),
        (Labelling(100, 1_000), "the share of labelled queries went from 20.0 % to 10.0 %"),
        (Labelling(400, 1_000), "the share of labelled queries went from 20.0 % to 40.0 %"),
        (Labelling(5, 50), ""),
        (Labelling(0, 1_000), ""),
    ],
)
def test_another_share_is_of_other_queries(now: Labelling, told: str) -> None:
    """The same; a quarter less; half; double; half of too few to be sure; and none, which says nothing."""
    assert moved(now, BEFORE) == told


def test_without_labels_before_there_is_nothing_to_compare() -> None:
    """And nothing to say either."""
    assert moved(BEFORE, Labelling(0, 1_000)) == ""
