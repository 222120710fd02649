"""What a reader asks for, from words: all mistakes at once, and a range that every store understands."""

from datetime import UTC, datetime, timedelta

import pytest

from agent.errors import Misconfigured
from agent.report.query import BY, Query, parse
from agent.store.base import Selection
from tests.runtime.rig import NOW

NEWEST = datetime(2026, 11, 16, 8, 29, tzinfo=UTC)
WEEK = timedelta(days=7)


def mistakes(**words: str) -> dict[str, str]:
    """What is wrong with these words, by key."""
    with pytest.raises(Misconfigured) as caught:
        parse({key.rstrip("_"): value for key, value in words.items()}, NOW)
    return {mistake.key: mistake.expected for mistake in caught.value.mistakes}


def selection(**words: str) -> Selection:
    """The windows that these words select."""
    return parse({key.rstrip("_"): value for key, value in words.items()}, NOW).selection(NEWEST)


def test_without_words_it_is_the_week_up_to_the_newest_window() -> None:
    """That of the store and not that of the calendar: a log of last year has a table too."""
    end = NEWEST + timedelta(minutes=1)
    assert parse({}, NOW) == Query()
    assert selection() == Selection(end - WEEK, end)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-11-01", datetime(2026, 11, 1, tzinfo=UTC)),
        ("2026-11-01T08:00:00+02:00", datetime(2026, 11, 1, 6, tzinfo=UTC)),
        ("-36h", NOW - timedelta(hours=36)),
        ("now", NOW),
    ],
)
def test_times_are_dates_moments_or_spans(text: str, time: datetime) -> None:
    """All of them mean the same in both places."""
    assert parse({"from": text}, NOW).start == time
    assert parse({"to": text}, NOW).end == time


def test_a_range_may_have_one_end_only() -> None:
    """From a time on to the newest window; or the seven days before a time."""
    assert selection(from_="2026-11-01") == Selection(datetime(2026, 11, 1, tzinfo=UTC), NEWEST + timedelta(minutes=1))
    assert selection(to="2026-11-01") == Selection(datetime(2026, 10, 25, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    "words",
    [
        {"from": "0001-01-01"},
        {"to": "0001-01-02"},
        {"to": "9999-12-31"},
        {"from": "-1900y"},
        {"from": "0001-01-01", "to": "0001-01-02"},
        {"from": "9998-01-01", "to": "9999-01-01"},
    ],
)
def test_a_range_beyond_what_a_store_can_hold_is_cut(words: dict[str, str]) -> None:
    """ClickHouse knows the years 1970 to 2106: what lies beyond selects what is there."""
    start, end, _ = parse(words, NOW).selection(NEWEST)
    assert datetime(1970, 1, 1, tzinfo=UTC) <= start <= end <= datetime(2100, 1, 1, tzinfo=UTC)


def test_filters_are_taken_as_they_are() -> None:
    """Text that is compared; an empty one filters nothing."""
    where = {"service": "help", "environment": "prod", "collection": "kb", "language": "ko"}
    assert parse(where, NOW).where == where
    assert parse(dict.fromkeys(where, ""), NOW).where == {}


@pytest.mark.parametrize("by", BY)
def test_a_table_can_be_split(by: str) -> None:
    """Each word stands for its columns."""
    assert parse({"by": by}, NOW).by == BY[by]
    assert parse({"by": ""}, NOW).by == ()


def test_all_mistakes_come_together() -> None:
    """Each with its key and what was expected there."""
    found = mistakes(from_="yesterday", to="25:00", by="model", lang="ko", all="true")
    assert sorted(found) == ["all", "by", "from", "lang", "to"]
    assert found["from"] == "'yesterday' is no time: expected RFC 3339, a date, or relative such as -7d"
    assert found["by"] == "'model': expected one of version, collection, service, environment"
    assert found["lang"] == "unknown, expected one of from, to, by, service, environment, collection, language"


@pytest.mark.parametrize(("start", "end"), [("2026-11-02", "2026-11-01"), ("-1d", "-1d"), ("now", "-1m")])
def test_a_range_goes_forward(start: str, end: str) -> None:
    """An empty one is a mistake and not an empty table."""
    assert mistakes(from_=start, to=end) == {"from": "must be before `to`"}


def test_a_mistake_is_one_readable_line() -> None:
    """There is no file to name, and no empty place for it."""
    with pytest.raises(Misconfigured, match=r"^by: 'model': expected one of"):
        parse({"by": "model"}, NOW)
