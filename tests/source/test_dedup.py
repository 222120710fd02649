"""A duplicate is an id that stands among the last offsets of its partition, whoever asks."""

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.records import Accepted, Event
from agent.source.dedup import WINDOW, RecentIds

X = Event("x", 0)
Log = list[tuple[int, str]]
# Offsets have holes: aborted records, markers, what compaction removed.
LOGS = st.lists(st.tuples(st.integers(1, 4), st.sampled_from("abcdef")), max_size=40).map(
    lambda steps: list(zip(accumulate(step for step, _ in steps), (event_id for _, event_id in steps), strict=True))
)


def naive(log: Log, window: int) -> list[int]:
    """The offsets of the duplicates, by definition."""
    return [at for at, event_id in log if any(event_id == other and 0 < at - before <= window for before, other in log)]


def duplicates(log: Log, recent: RecentIds) -> list[int]:
    """The offsets of the duplicates, as they are told one by one."""
    new = {item.offset for item in recent.new(Accepted(at, 0, Event(event_id, 0)) for at, event_id in log)}
    return [at for at, _ in log if at not in new]


@given(LOGS, st.integers(1, 12))
def test_it_is_the_definition(log: Log, window: int) -> None:
    """Neither a hole in the offsets nor the change of generations makes a difference."""
    assert duplicates(log, RecentIds(window)) == naive(log, window)


@given(LOGS, st.integers(1, 12), st.integers(0, 80))
def test_a_warm_start_decides_alike(log: Log, window: int, start: int) -> None:
    """Whoever begins in the middle, after reading the window before it, finds the same duplicates as who was there."""
    recent = RecentIds(window)
    duplicates([(at, event_id) for at, event_id in log if start - window <= at < start], recent)
    after = [(at, event_id) for at, event_id in log if at >= start]
    assert duplicates(after, recent) == [at for at in naive(log, window) if at >= start]


@pytest.mark.parametrize("window", range(1, 8))
def test_the_window_has_one_length_at_any_time(window: int) -> None:
    """However much was read before, an id is known `window` offsets later and not one more."""
    for before in range(3 * window + 2):
        for distance in (window, window + 1):
            others = [(at, f"e{at}") for at in range(before + distance)]
            others[before] = (before, "x")
            assert duplicates([*others, (before + distance, "x")], RecentIds(window)) == [before + distance] * (distance == window)


def test_the_window_is_fifty_thousand_offsets() -> None:
    """An id is known for exactly that long, and what is remembered stays bounded."""
    recent = RecentIds()
    log = [(at, "first" if at in (0, WINDOW, 2 * WINDOW + 1) else f"e{at}") for at in range(2 * WINDOW + 2)]
    assert duplicates(log, recent) == [WINDOW]
    assert len(recent._young) + len(recent._old) <= 2 * (WINDOW + 1)


@pytest.mark.parametrize(
    ("before", "repeats"),
    [
        pytest.param([], False, id="the original cannot be read"),
        pytest.param([3], False, id="it can be read now, and was not counted then"),
        pytest.param([1, 3], False, id="nor was the one before it"),
        pytest.param([3, 5], True, id="its producer has sent it again"),
        pytest.param([3, 7], True, id="it was fed before"),
    ],
)
def test_a_letter_that_is_fed_again_repeats_what_came_after_it(before: list[int], repeats: bool) -> None:  # noqa: FBT001  a table's column
    """It stood at offset 3, was rejected there, and comes again at offset 9."""
    recent = RecentIds()
    recent.new(Accepted(at, 0, X) for at in before)
    assert (recent.new([Accepted(9, 0, X, "logs/0:3")], "logs/0") == []) is repeats
    assert recent.new([Accepted(10, 0, X)]) == [], "and is known from then on"


def test_a_letter_of_another_log_repeats_whatever_is_known() -> None:
    """Its offset is one of elsewhere."""
    recent = RecentIds()
    recent.new([Accepted(3, 0, X)])
    assert recent.new([Accepted(9, 0, X, "logs/1:3")], "logs/0") == []


# Records of spans: several events at one offset.
RECORDS = st.lists(st.tuples(st.integers(0, 2), st.sampled_from("abcdef")), max_size=60).map(
    lambda steps: list(zip(accumulate(step for step, _ in steps), (event_id for _, event_id in steps), strict=True))
)


def naive_places(log: Log, window: int, most: int) -> list[int]:
    """The places in the list of the duplicates: the last event of that id is near in offsets and in events."""
    found = []
    for place, (at, event_id) in enumerate(log):
        before = [other for other in range(place) if log[other][1] == event_id]
        found += [place] if before and at - log[before[-1]][0] <= window and place - before[-1] <= most else []
    return found


def duplicate_places(log: Log, recent: RecentIds) -> list[int]:
    """The places of the duplicates, as they are told one by one."""
    items = [Accepted(at, place, Event(event_id, 0)) for place, (at, event_id) in enumerate(log)]
    new = {item.at for item in recent.new(items)}
    return [place for place in range(len(log)) if place not in new]


@given(RECORDS, st.integers(1, 12), st.integers(1, 12))
def test_events_of_one_record_are_told_apart(log: Log, window: int, most: int) -> None:
    """Two limits hold at once, one of offsets and one of events."""
    assert duplicate_places(log, RecentIds(window, most)) == naive_places(log, window, most)


@given(RECORDS, st.integers(1, 12), st.integers(1, 12), st.integers(0, 60))
def test_a_warm_start_among_records_of_many_events_decides_alike(log: Log, window: int, most: int, start: int) -> None:
    """Who has read the window of offsets before it needs no more to know which events are among the last."""
    first = [place for place, (at, _) in enumerate(log) if at >= start - window]
    begun = first[0] if first else len(log)
    told = [begun + place for place in duplicate_places(log[begun:], RecentIds(window, most))]
    assert [p for p in told if log[p][0] >= start] == [p for p in naive_places(log, window, most) if log[p][0] >= start]
