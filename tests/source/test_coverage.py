"""What is complete is told by offsets alone."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.source.coverage import OVERTAKEN, STUCK_AFTER, Coverage, Note, Reach, Still, patience, standing, stuck

NOON = datetime(2026, 11, 16, 12, tzinfo=UTC)
ENDS = st.dictionaries(st.sampled_from("abc"), st.integers(0, 5), max_size=3)


def at(minute: int) -> datetime:
    """Some minutes past noon."""
    return NOON + timedelta(minutes=minute)


def test_a_note_is_covered_when_every_partition_has_reached_it() -> None:
    """One partition behind holds everything back, one ahead changes nothing."""
    coverage = Coverage()
    coverage.note(at(0), {"a": 5, "b": 7})
    assert coverage.advance({"a": 5, "b": 6}).at is None
    assert coverage.advance({"a": 99}).at is None
    assert coverage.advance({"a": 5, "b": 7, "c": 0}).at == at(0)


def test_the_newest_covered_note_counts() -> None:
    """Several notes can be covered by one flush, and those that are not wait."""
    coverage = Coverage()
    for minute in range(4):
        coverage.note(at(minute), {"a": 10 * minute})
    assert coverage.advance({"a": 25}).at == at(2)
    assert coverage.advance({"a": 30}).at == at(3)


def test_an_idle_log_is_complete() -> None:
    """Without new records each note is covered at once, and an empty partition once it has a position."""
    coverage = Coverage()
    coverage.note(at(0), {"a": 5, "empty": 0})
    assert coverage.advance({"a": 5}).at is None
    assert coverage.advance({"a": 5, "empty": 0}).at == at(0)
    coverage.note(at(1), {"a": 5, "empty": 0})
    assert coverage.advance({"a": 5, "empty": 0}).at == at(1)


def test_a_partition_that_is_gone_holds_up_nothing() -> None:
    """A topic made anew can never reach the notes about the old one: the first note without it is enough."""
    coverage = Coverage()
    coverage.note(at(0), {"old": 100})
    coverage.note(at(1), {"new": 3})
    assert coverage.advance({"old": 60, "new": 3}).at == at(1)


def test_it_never_goes_back() -> None:
    """Positions that fall behind, and an older note, take nothing back."""
    coverage = Coverage()
    coverage.note(at(1), {"a": 1})
    assert coverage.advance({"a": 1}).at == at(1)
    coverage.note(at(2), {"a": 2})
    assert coverage.advance({"a": 0}).at == at(1)
    assert coverage.advance({}).at == at(1)


def test_a_log_without_partitions_says_nothing() -> None:
    """While the topic is missing nothing is complete."""
    coverage = Coverage()
    coverage.note(at(0), {})
    assert coverage.advance({"a": 9}).at is None


def test_what_was_noted_does_not_change() -> None:
    """The caller's dict may go on living."""
    coverage, ends = Coverage(), {"a": 5}
    coverage.note(at(0), ends)
    ends["a"] = 1
    assert coverage.advance({"a": 4}).at is None


def test_notes_are_bounded() -> None:
    """An agent that is far behind for days keeps the newest notes."""
    coverage = Coverage()
    for minute in range(5_000):
        coverage.note(at(minute), {"a": minute})
    assert coverage.advance({"a": 3_999}).at is None
    assert coverage.advance({"a": 4_000}).at == at(4_000)


def looked(coverage: Coverage, minutes: range, stored: Callable[[int], dict[str, int]], names: str = "ab") -> list[Reach]:
    """A note a minute of a log that grows by ten records in each source, and where the positions are then."""
    reached = []
    for minute in minutes:
        coverage.note(at(minute), dict.fromkeys(names, 10 * minute + 10))
        reached.append(coverage.advance(stored(minute)))
    return reached


def read(minute: int) -> int:
    """Where a source stands that is read to its end."""
    return 10 * minute + 10


def test_a_stuck_source_is_left_out_after_fifteen_minutes() -> None:
    """Until then as_of waits for it; from then on it is named with since when it stands still, and the others are enough."""
    reached = looked(Coverage(), range(30), lambda minute: {"a": read(minute), "b": min(read(minute), 50)})
    assert [reach.at for reach in reached[:5]] == [at(minute) for minute in range(5)]
    assert reached[5:20] == [Reach(at(4))] * 15
    assert reached[20:] == [Reach(at(minute), {"b": at(5)}) for minute in range(20, 30)]


def test_a_source_that_was_never_read_is_stuck_too() -> None:
    """No member reads it, so that the store does not know it."""
    reached = looked(Coverage(), range(17), lambda minute: {"a": read(minute)})
    assert reached[14].at is None
    assert reached[16] == Reach(at(16), {"b": at(0)})


def test_a_source_that_catches_up_is_not_stuck() -> None:
    """However far behind, and however slow: while it moves as_of waits for it."""
    reached = looked(Coverage(), range(99), lambda minute: {"a": read(minute), "b": minute // 10})
    assert reached == [Reach(None)] * 99


def test_a_source_that_moves_again_is_waited_for() -> None:
    """as_of stands until it has caught up; nothing is left out any more, and then it goes on with all."""
    coverage = Coverage()
    looked(coverage, range(30), lambda minute: {"a": read(minute), "b": 50})
    back = looked(coverage, range(30, 35), lambda minute: {"a": read(minute), "b": 60 * (minute - 29)})
    assert back[:4] == [Reach(at(29))] * 4
    assert looked(coverage, range(35, 36), lambda minute: {"a": read(minute), "b": read(minute)}) == [Reach(at(35))]


def test_an_idle_source_is_not_stuck() -> None:
    """It has nothing to read; the first record that waits begins its time."""
    coverage = Coverage()
    for minute in range(60):
        coverage.note(at(minute), {"a": read(minute), "idle": 5 + minute // 40})
        reach = coverage.advance({"a": read(minute), "idle": 5})
    assert reach == Reach(at(59), {"idle": at(40)})


def test_where_nothing_is_read_nothing_is_left_out() -> None:
    """A store that takes nothing, or a log with one partition: the minutes would be evaluated empty, and never again."""
    assert looked(Coverage(), range(60), lambda _: {"a": 5, "b": 5}) == [Reach(None)] * 60
    assert looked(Coverage(), range(60), lambda _: {"a": 5}, "a") == [Reach(None)] * 60


def test_after_an_outage_of_all_nobody_is_left_out() -> None:
    """Somebody is the first to be written again; an hour in which nobody looked counts for nothing either."""
    coverage = Coverage()
    looked(coverage, range(30), lambda _: {"a": 5, "b": 5})
    assert looked(coverage, range(30, 31), lambda minute: {"a": read(minute), "b": 5}) == [Reach(None)]
    assert looked(coverage, range(31, 32), lambda minute: {"a": read(minute), "b": read(minute)}) == [Reach(at(31))]
    looked(coverage, range(32, 33), lambda minute: {"a": read(minute), "b": 5})
    assert looked(coverage, range(99, 100), lambda minute: {"a": read(minute), "b": 5}) == [Reach(at(31))]


def test_a_process_that_begins_anew_waits_anew() -> None:
    """It does not know since when a source stands still."""
    looked(Coverage(), range(30), lambda minute: {"a": read(minute), "b": 50})
    assert looked(Coverage(), range(30, 45), lambda minute: {"a": read(minute), "b": 50})[-1] == Reach(None)


@pytest.mark.parametrize(
    ("before", "position", "found"),
    [
        pytest.param(None, 5, Still(5, at(9)), id="behind for the first time"),
        pytest.param(Still(5, at(2), 3), 5, Still(5, at(2), 4), id="where it stood"),
        pytest.param(Still(4, at(2), 3), 5, Still(5, at(9)), id="it moved"),
        pytest.param(Still(9, at(2), 3), 5, Still(5, at(9)), id="it went back"),
        pytest.param(Still(5, at(2), 3), 10, None, id="at the end"),
    ],
)
def test_who_stands_still(before: Still | None, position: int, found: Still | None) -> None:
    """Behind, at the same place as before, while others moved."""
    known = {"a": before} if before else {}
    assert standing(known, Note(at(9), {"a": 10}), {"a": position}, others_move=True).get("a") == found


@pytest.mark.parametrize(
    ("minutes", "overtaken", "left_out"), [(15, OVERTAKEN, True), (14, OVERTAKEN, False), (99, OVERTAKEN - 1, False)]
)
def test_who_is_stuck(minutes: int, overtaken: int, left_out: bool) -> None:  # noqa: FBT001
    """For fifteen minutes, while others were read."""
    assert stuck({"a": Still(5, at(0), overtaken)}, at(minutes), STUCK_AFTER) == ({"a": at(0)} if left_out else {})


@pytest.mark.parametrize(("flush_interval", "minutes"), [(20, 15), (300, 15), (3600, 180)])
def test_a_position_that_moves_seldom_is_waited_for(flush_interval: int, minutes: int) -> None:
    """Three flushes."""
    assert patience(timedelta(seconds=flush_interval)) == timedelta(minutes=minutes)


@given(st.lists(st.tuples(ENDS, ENDS), max_size=12))
def test_it_is_the_newest_note_that_was_ever_covered(steps: list[tuple[dict[str, int], dict[str, int]]]) -> None:
    """Note by note and position by position it answers what its definition does."""
    coverage, noted, newest = Coverage(), [], -1
    for minute, (ends, stored) in enumerate(steps):
        coverage.note(at(minute), ends)
        noted.append(ends)
        covered = [n for n, note in enumerate(noted) if note and all(stored.get(source, -1) >= end for source, end in note.items())]
        newest = max([newest, *covered])
        assert coverage.advance(stored).at == (at(newest) if newest >= 0 else None)
