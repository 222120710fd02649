"""The time that a page is about."""

from datetime import UTC, datetime, timedelta

import pytest

from agent.report.pages.span import Span, span_of
from agent.report.query import Query
from agent.store.base import MINUTE
from agent.store.days import DAY

NEWEST = datetime(2026, 11, 20, 14, 31, tzinfo=UTC)
OLDEST = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 21, tzinfo=UTC)


def asked(start: timedelta | None = None, end: datetime | None = None, oldest: datetime = OLDEST) -> Span:
    """The span of a range that begins so long before the newest window."""
    return span_of(Query(None if start is None else NEWEST + MINUTE - start, end), oldest, NEWEST)


def test_a_long_range_is_of_whole_days() -> None:
    """It begins at midnight before what was asked for, and ends at the one after the newest window: both are read by day."""
    span = asked()
    assert (span.start, span.end) == (datetime(2026, 11, 13, tzinfo=UTC), MIDNIGHT)
    assert span.as_of == NEWEST + MINUTE


@pytest.mark.parametrize("hours", [1, 24, 47])
def test_a_short_range_is_as_it_was_asked_for(hours: int) -> None:
    """To the minute."""
    span = asked(timedelta(hours=hours))
    assert (span.start, span.end) == (NEWEST + MINUTE - timedelta(hours=hours), NEWEST + MINUTE)


def test_a_range_in_the_past_ends_where_it_was_asked_to() -> None:
    """What came after it is not in it, and it is as old as it says."""
    end = datetime(2026, 11, 10, 6, 0, tzinfo=UTC)
    span = span_of(Query(datetime(2026, 11, 1, tzinfo=UTC), end), OLDEST, NEWEST)
    assert (span.end, span.as_of) == (end, end)


def test_the_range_before_has_the_same_length_and_touches_it() -> None:
    """Of a long one whole days, so that it is read by day as well."""
    span = asked(7 * DAY)
    assert span.before.end == span.start
    assert span.before.end - span.before.start == span.end - span.start
    assert span.before.start.hour == span.before.start.minute == 0


def test_nothing_is_before_the_first_day() -> None:
    """A store of three days has no week, so that no change is made of an empty one."""
    span = asked(35 * DAY, oldest=NEWEST - 3 * DAY)
    assert span.start == datetime(2026, 11, 17, tzinfo=UTC)
    assert span.before.end <= datetime(2026, 11, 17, tzinfo=UTC)


def test_small_charts_show_fourteen_days_to_the_end_of_the_range() -> None:
    """Whatever the range is: of an hour, too, it is to be seen since when."""
    assert asked(timedelta(hours=1)).spark[:2] == asked(7 * DAY).spark[:2] == (MIDNIGHT - 14 * DAY, MIDNIGHT)


@pytest.mark.parametrize("days", [1 / 24, 0.25, 1, 3, 7, 35, 89, 400])
def test_large_charts_have_some_dozens_of_stretches(days: float) -> None:
    """Neither three points nor a thousand."""
    span = Span(MIDNIGHT - days * DAY, MIDNIGHT, MIDNIGHT)
    assert 7 <= (span.end - span.start) / span.step <= 90


def test_a_range_before_everything_keeps_its_times() -> None:
    """It is empty, and says of when; it does not end before it begins."""
    start, end = datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 2, 1, tzinfo=UTC)
    span = span_of(Query(start, end), OLDEST, NEWEST)
    assert (span.start, span.end) == (start, end)
