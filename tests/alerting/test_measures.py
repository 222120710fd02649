"""How a minute reads as measures."""

import pytest

from agent.alerting.measures import Quality, Reading, Thresholds, first_hit_bin, readings
from agent.alerting.statistics import Sums
from tests.alerting.traffic import MICRO, START, key, row

SETS = Thresholds(
    0.3, models={"m1": 0.35, "own": "auto", "none": None}, collections={"kb": 0.4}, languages={"ko": 0.5, "ja": "auto"}
)


@pytest.mark.parametrize(
    ("language", "collection", "model", "threshold"),
    [
        ("ko", "kb", "m1", 0.5),
        ("de", "kb", "m1", 0.4),
        ("de", "other", "m1", 0.35),
        ("de", "other", "m2", 0.3),
        ("de", "other", "own", None),
        ("de", "other", "none", None),
        ("ja", "kb", "m1", None),
    ],
)
def test_the_most_specific_threshold_wins(language: str, collection: str, model: str, threshold: float | None) -> None:
    """Language, then collection, then model, then the default; `auto` stands even where the default is a number."""
    assert SETS.of(key(language, model=model, collection=collection)) == threshold


@pytest.mark.parametrize(
    ("language", "collection", "model", "threshold"),
    [
        ("de", "other", "own", 0.2),
        ("ja", "kb", "m1", 0.25),
        ("ko", "kb", "m1", 0.5),
        ("de", "other", "m1", 0.35),
        ("de", "other", "none", None),
    ],
)
def test_what_was_learned_counts_where_the_winning_setting_is_auto(
    language: str, collection: str, model: str, threshold: float | None
) -> None:
    """That of the model and score kind; a number that wins stays, and so does none."""
    learned = {("own", "cosine"): 0.2, ("m1", "cosine"): 0.25, ("none", "cosine"): 0.1, ("own", "bm25"): 7.0}
    known = Quality(hit_threshold=SETS).with_learned(learned).hit_threshold
    where = key(language, model=model, collection=collection)
    assert known.of(where) == threshold
    assert known.is_provisional(where) == (threshold in learned.values())


def test_hits_are_read_at_the_threshold_with_zero_results_as_misses() -> None:
    """7 of 9 events without an error; the error counts on neither side."""
    minute = row(START, key(), 8, 7)._replace(events=10, errors=1, zero_results=1)
    hit = next(reading for reading in readings(minute, 35) if reading.measure == "hit_rate")
    assert hit == Reading("hit_rate", ("m1", "cosine"), Sums(9, 7 * MICRO, 7 * MICRO))


def test_a_minute_says_nothing_of_what_it_does_not_hold() -> None:
    """No labels, no threshold, a scale whose mean says nothing: no reading, never a zero."""
    assert [reading.measure for reading in readings(row(START, key(kind="bm25"), 5, 5), None)] == ["has_results"]
    found = [reading.measure for reading in readings(row(START, key(), 5, 5, 2, 1), None)]
    assert found == ["recall_at_k", "has_results", "similarity_mean"]
    assert list(readings(row(START, key(), 5, 5)._replace(events=5, errors=5, scored=0), 35)) == []


def test_queries_with_results_are_counted_on_no_scale() -> None:
    """Two of ten answered queries have none; an error is no answer."""
    minute = row(START, key(), 8, 8)._replace(events=11, errors=1, zero_results=2)
    found = next(reading for reading in readings(minute, None) if reading.measure == "has_results")
    assert found == Reading("has_results", ("", ""), Sums(10, 8 * MICRO, 8 * MICRO))


def test_a_distance_has_no_hits() -> None:
    """There a lower score is better."""
    quality = Quality(hit_threshold=Thresholds(default=0.35))
    assert first_hit_bin(key(kind="distance"), quality) is None
    assert first_hit_bin(key(kind="cosine"), quality) == 35
    assert first_hit_bin(key(kind="cosine"), Quality()) is None
