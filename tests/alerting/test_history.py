"""What was usual."""

import pytest

from agent.alerting.changes import collection_of
from agent.alerting.history import History, Stream
from agent.alerting.measures import Reading
from agent.alerting.statistics import Sums
from tests.alerting.traffic import DAY, MICRO, MONDAY, key

STREAM = Stream(collection_of(key()), "de")
NOON = MONDAY + 20 * DAY + 720


def hits(n: int, of: int, model: str = "m1") -> Reading:
    """A reading of hits."""
    return Reading("hit_rate", (model, "cosine"), Sums(of, n * MICRO, n * MICRO))


def test_the_baseline_is_the_fourteen_complete_days_before() -> None:
    """Neither the day itself nor the fifteenth day before it."""
    history = History()
    for day in range(21):
        history.add(STREAM, MONDAY + day * DAY + 605, hits(9, 10))
    base = history.baseline(STREAM, hits(0, 0), NOON, [])
    assert base is not None
    assert (base.n, base.counts[10], base.days) == (140, 140, 14)


def test_an_incident_is_in_no_baseline() -> None:
    """Every hour that it touches is left out."""
    history = History()
    for hour in range(24):
        history.add(STREAM, MONDAY + 19 * DAY + hour * 60, hits(9, 10))
    start = MONDAY + 19 * DAY
    base = history.baseline(STREAM, hits(0, 0), NOON, [(start + 119, start + 180)])
    assert base is not None
    assert base.n == 220
    assert base.counts[:4] == (10, 0, 0, 10)
    assert base.days == 1


def test_scores_of_another_model_are_not_in_a_baseline() -> None:
    """Another model is another scale."""
    history = History()
    history.add(STREAM, MONDAY + 19 * DAY, hits(9, 10, "m1"))
    assert history.baseline(STREAM, hits(0, 0, "m2"), NOON, []) is None
    assert list(history.scales(STREAM, "hit_rate")) == [("m1", "cosine")]


def test_what_no_baseline_can_ask_for_is_forgotten() -> None:
    """The memory does not grow with time, and a change of three days ago still has its fourteen days."""
    history = History()
    for day in range(40):
        history.add(STREAM, MONDAY + day * DAY, hits(9, 10))
        history.forget(MONDAY + day * DAY)
    hours = history._hours[STREAM, "hit_rate"]["m1", "cosine"]
    assert len(hours) == 20
    base = history.baseline(STREAM, hits(0, 0), MONDAY + 36 * DAY, [])
    assert base is not None
    assert base.n == 140
    assert base.mean == pytest.approx(0.9)
