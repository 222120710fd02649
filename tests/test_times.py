"""Durations and times as people write them."""

import copy
import pickle
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.times import format_duration, parse_duration, parse_time

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("0", timedelta(0)),
        ("30s", timedelta(seconds=30)),
        ("1h30m", timedelta(minutes=90)),
        ("14d", timedelta(days=14)),
        ("2w", timedelta(days=14)),
        ("1y", timedelta(days=365)),
        ("5ms", timedelta(milliseconds=5)),
        ("1m5ms", timedelta(minutes=1, milliseconds=5)),
    ],
)
def test_a_duration_has_the_length_that_prometheus_gives_it(text: str, length: timedelta) -> None:
    """Each unit and a compound are read as Prometheus reads them."""
    assert parse_duration(text) == length


@pytest.mark.parametrize("text", ["", "5", "m", "-5m", "5m1h", "1.5h", "5 m", "5M", "٥m", "9" * 400 + "y", "9" * 15 + "y"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    """A missing or unknown unit, a wrong order, a sign, a fraction and a number without end are told alike."""
    with pytest.raises(ValueError, match=r"^a duration such as 30s, 5m, 1h30m or 14d$"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["0", "24h", "90m", "1d", "14d", "2w", "1h30m"])
def test_a_duration_is_printed_as_it_was_written(text: str) -> None:
    """Nobody finds another text in `config show` than in the file, not even after a copy."""
    duration = parse_duration(text)
    assert [format_duration(each) for each in (duration, copy.deepcopy(duration), pickle.loads(pickle.dumps(duration)))] == [
        text
    ] * 3


@given(st.timedeltas(timedelta(0), timedelta(days=10_000)))
def test_a_computed_duration_reads_back_to_the_millisecond(duration: timedelta) -> None:
    """Printing and reading again loses nothing but what is finer than a millisecond."""
    assert parse_duration(format_duration(duration)) == duration - duration % timedelta(milliseconds=1)


def test_a_negative_duration_is_printed_with_its_sign() -> None:
    """A difference of times may be negative and is still readable."""
    assert format_duration(timedelta(minutes=-90)) == "-1h30m"


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-11-01T08:00:00Z", datetime(2026, 11, 1, 8, tzinfo=UTC)),
        ("2026-11-01t08:00:00.5z", datetime(2026, 11, 1, 8, 0, 0, 500_000, tzinfo=UTC)),
        ("2026-11-01T08:00:00+02:00", datetime(2026, 11, 1, 6, tzinfo=UTC)),
        ("2026-11-01", datetime(2026, 11, 1, tzinfo=UTC)),
        ("-7d", datetime(2026, 11, 14, 9, 30, tzinfo=UTC)),
    ],
)
def test_a_time_is_read_and_told_in_utc(text: str, time: datetime) -> None:
    """RFC 3339, a date and a span before now are times."""
    found = parse_time(text, NOW)
    assert (found, found.tzinfo) == (time, UTC)


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-11-01T08:00:00", "2026-13-01", "20261101", "7d", "-7", "-5000y", "0001-01-01T00:00:00+14:00"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    """A time without its zone, a date that is none and a span beyond the calendar are told alike."""
    with pytest.raises(ValueError, match=r"^a time such as 2026-11-01T08:00:00Z, a date, or a span such as -14d$"):
        parse_time(text, NOW)
