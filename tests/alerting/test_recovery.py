"""Windows after the firing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.alerting.changes import Version
from agent.alerting.measures import Reading
from agent.alerting.recovery import SCALES, Recovery, Standard, Trail, recovered
from agent.alerting.rule import Measure
from agent.alerting.statistics import MICRO, Sums, Wobbles, baseline_of
from tests.alerting.traffic import START

OLD, NEW = Version("m1", "v41"), Version("m1", "v42")
COSINE = ("m1", "cosine")


def hits(n: int, of: int) -> Sums:
    """So many hits."""
    return Sums(of, n * MICRO, n * MICRO)


def following(n_fired: int, measure: Measure = "hit_rate") -> Recovery:
    """A recovery of hits that began at START, against 90 % of 6,000 an hour."""
    base = baseline_of([hits(5400, 6000)] * 24, days=14)
    assert base is not None
    rates = {"kb": base.rates}
    return Recovery(Standard(measure, COSINE, base, rates, Wobbles(), 0.03, 50, n_fired, START, version=NEW))


def feed(recovery: Recovery, first: int, minutes: int, counts: tuple[int, int], version: Version = OLD) -> None:
    """The same every minute."""
    for minute in range(first, first + minutes):
        recovery.add(minute, "kb", version, Reading(recovery.standard.measure, COSINE, hits(*counts)))


@given(st.lists(st.tuples(st.integers(1, 90), st.integers(0, 50), st.integers(0, 50)), max_size=80), st.sampled_from(SCALES))
def test_a_window_of_a_trail_is_the_sum_of_its_minutes(steps: list[tuple[int, int, int]], width: int) -> None:
    """Against adding them up one by one, with gaps and with several readings a minute."""
    rates = tuple(hour / 24 for hour in range(24))
    trail, minute = Trail(), START
    seen: list[tuple[int, int, int]] = []
    for gap, one, other in steps:
        minute += gap
        for n in (one, other):
            trail.add(minute, Sums(n, n * 7, n * 5), rates[minute // 60 % 24])
        seen.append((minute, one + other, minute // 60 % 24))
    last = minute + 3
    inside = [(n, hour) for at, n, hour in seen if last - width < at <= last]
    sums, expected = trail.window(last, width)
    assert sums == Sums(sum(n for n, _ in inside), sum(n * 7 for n, _ in inside), sum(n * 5 for n, _ in inside))
    assert expected == pytest.approx(sum(n * rates[hour] for n, hour in inside), abs=1e-6)


def test_a_trail_keeps_no_more_than_it_needs() -> None:
    """Weeks of an open incident do not fill the memory, and the longest window stays right."""
    trail = Trail()
    for minute in range(START, START + 20_000):
        trail.add(minute, Sums(1, 1, 1), 0.5)
    assert len(trail._minutes) <= 2 * SCALES[-1]
    sums, expected = trail.window(START + 19_999, SCALES[-1])
    assert sums.n == 4320
    assert expected == pytest.approx(2160)


def test_a_window_lies_entirely_after_the_firing() -> None:
    """An hour of good traffic says nothing at its 59th minute."""
    recovery = following(800)
    feed(recovery, START, 60, (90, 100))
    assert recovery.figures(START + 58) is None
    figures = recovery.figures(START + 59)
    assert figures is not None
    assert (figures.n, figures.scale_minutes) == (6000, 60)
    assert recovered([recovery], START + 59) is not None


def test_it_takes_half_the_queries_that_fired() -> None:
    """An incident that took 20,000 queries to see is not over after 6,000 good ones."""
    recovery = following(20_000)
    feed(recovery, START, 240, (90, 100))
    assert recovery.figures(START + 200) is None
    figures = recovery.figures(START + 239)
    assert figures is not None
    assert figures.scale_minutes == 240


@pytest.mark.parametrize(
    ("counts", "over"),
    [
        ((90, 100), True),
        ((89, 100), True),  # 1 point
        ((88, 100), False),  # 2 points
        ((80, 100), False),
        ((9, 10), False),  # 600 queries: the bound is 3.1 points
    ],
)
def test_a_language_is_back_when_it_is_close_and_surely_not_fallen(counts: tuple[int, int], over: bool) -> None:  # noqa: FBT001 - a table
    """Less than 1.5 points below, and 3 points are excluded at 95 %."""
    recovery = following(100)
    feed(recovery, START, 60, counts)
    assert (recovered([recovery], START + 59) is not None) == over


def test_the_version_that_fell_must_not_lie_as_low_as_before() -> None:
    """All traffic is well, a tenth of it on the new version is not; after a rollback nothing of it is left."""
    recovery = following(100)
    feed(recovery, START, 120, (90, 100))
    feed(recovery, START, 60, (8, 10), NEW)
    assert recovered([recovery], START + 59) is None
    assert recovered([recovery], START + 119) is not None


def test_another_measure_that_is_still_fallen_holds_it_open() -> None:
    """The mean score has recovered, the hits have not."""
    hit, mean = following(100), following(100, "similarity_mean")
    feed(mean, START, 60, (90, 100))
    feed(hit, START, 60, (80, 100))
    assert recovered([mean, hit], START + 59) is None
    assert recovered([mean], START + 59) is not None


def test_scores_on_another_scale_are_not_counted() -> None:
    """Rolled forward to another model, scores say nothing."""
    recovery = following(100)
    for minute in range(START, START + 60):
        recovery.add(minute, "kb", Version("m2", "v43"), Reading("hit_rate", ("m2", "cosine"), hits(90, 100)))
    assert recovery.figures(START + 59) is None


def test_collections_that_nothing_was_frozen_of_are_not_counted() -> None:
    """A collection that is new since the firing has no usual rate."""
    recovery = following(100)
    for minute in range(START, START + 60):
        recovery.add(minute, "new", OLD, Reading("hit_rate", COSINE, hits(90, 100)))
    assert recovery.figures(START + 59) is None


def test_each_collection_has_its_own_usual_rate() -> None:
    """As many queries of a collection at 70 % as of one at 90 %: 80 % together is no fall."""
    recovery = following(100)
    recovery.standard.rates["hard"] = (0.7,) * 24
    feed(recovery, START, 60, (90, 100))
    for minute in range(START, START + 60):
        recovery.add(minute, "hard", OLD, Reading("hit_rate", COSINE, hits(70, 100)))
    figures = recovery.figures(START + 59)
    assert figures is not None
    assert figures.baseline == pytest.approx(0.8)
    assert figures.drop == pytest.approx(0.0)


def test_the_upper_bound_of_six_hundred_queries() -> None:
    """The reason behind the table above, by numpy: 1.645 sqrt(1.5 (.09/600 + .09/6000) + .0001)."""
    recovery = following(100)
    feed(recovery, START, 60, (9, 10))
    figures = recovery.figures(START + 59)
    assert figures is not None
    shrunk = 541 / 602
    se = np.sqrt(1.5 * (shrunk * (1 - shrunk) / 600 + 0.09 / 6000) + 0.0001)
    assert figures.upper95 == pytest.approx(1.645 * se)
    assert figures.upper95 > 0.03
