"""What is complete is told by offsets alone."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from agent.source.coverage import Coverage

NOON = datetime(2026, 11, 16, 12, tzinfo=UTC)
ENDS = st.dictionaries(st.sampled_from("abc"), st.integers(0, 5), max_size=3)


def at(minute: int) -> datetime:
    """Some minutes past noon."""
    return NOON + timedelta(minutes=minute)


def test_a_note_is_covered_when_every_partition_has_reached_it() -> None:
    """One partition behind holds everything back, one ahead changes nothing."""
    coverage = Coverage()
    coverage.note(at(0), {"a": 5, "b": 7})
    assert coverage.advance({"a": 5, "b": 6}) is None
    assert coverage.advance({"a": 99}) is None
    assert coverage.advance({"a": 5, "b": 7, "c": 0}) == at(0)


def test_the_newest_covered_note_counts() -> None:
    """Several notes can be covered by one flush, and those that are not wait."""
    coverage = Coverage()
    for minute in range(4):
        coverage.note(at(minute), {"a": 10 * minute})
    assert coverage.advance({"a": 25}) == at(2)
    assert coverage.advance({"a": 30}) == at(3)


def test_an_idle_log_is_complete() -> None:
    """Without new records each note is covered at once, and an empty partition once it has a position."""
    coverage = Coverage()
    coverage.note(at(0), {"a": 5, "empty": 0})
    assert coverage.advance({"a": 5}) is None
    assert coverage.advance({"a": 5, "empty": 0}) == at(0)
    coverage.note(at(1), {"a": 5, "empty": 0})
    assert coverage.advance({"a": 5, "empty": 0}) == at(1)


def test_a_partition_that_is_gone_holds_up_nothing() -> None:
    """A topic made anew can never reach the notes about the old one: the first note without it is enough."""
    coverage = Coverage()
    coverage.note(at(0), {"old": 100})
    coverage.note(at(1), {"new": 3})
    assert coverage.advance({"old": 60, "new": 3}) == at(1)


def test_it_never_goes_back() -> None:
    """Positions that fall behind, and an older note, take nothing back."""
    coverage = Coverage()
    coverage.note(at(1), {"a": 1})
    assert coverage.advance({"a": 1}) == at(1)
    coverage.note(at(2), {"a": 2})
    assert coverage.advance({"a": 0}) == at(1)
    assert coverage.advance({}) == at(1)


def test_a_log_without_partitions_says_nothing() -> None:
    """While the topic is missing nothing is complete."""
    coverage = Coverage()
    coverage.note(at(0), {})
    assert coverage.advance({"a": 9}) is None


def test_what_was_noted_does_not_change() -> None:
    """The caller's dict may go on living."""
    coverage, ends = Coverage(), {"a": 5}
    coverage.note(at(0), ends)
    ends["a"] = 1
    assert coverage.advance({"a": 4}) is None


def test_notes_are_bounded() -> None:
    """An agent that is far behind for days keeps the newest notes."""
    coverage = Coverage()
    for minute in range(5_000):
        coverage.note(at(minute), {"a": minute})
    assert coverage.advance({"a": 3_999}) is None
    assert coverage.advance({"a": 4_000}) == at(4_000)


@given(st.lists(st.tuples(ENDS, ENDS), max_size=12))
def test_it_is_the_newest_note_that_was_ever_covered(steps: list[tuple[dict[str, int], dict[str, int]]]) -> None:
    """Note by note and position by position it answers what its definition does."""
    coverage, noted, newest = Coverage(), [], -1
    for minute, (ends, stored) in enumerate(steps):
        coverage.note(at(minute), ends)
        noted.append(ends)
        covered = [n for n, note in enumerate(noted) if note and all(stored.get(source, -1) >= end for source, end in note.items())]
        newest = max([newest, *covered])
        assert coverage.advance(stored) == (at(newest) if newest >= 0 else None)
