"""Which weeks have a report."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from agent.report.pages.reports import MOST, page

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)


def names(oldest: datetime, newest: datetime, zone: ZoneInfo = BERLIN) -> list[str]:
    """The weeks, as they are shown."""
    return [week.name for week in page((oldest, newest), {}, NOW, zone).weeks]


def test_every_week_with_queries_newest_first() -> None:
    """From that of the newest minute to that of the oldest."""
    assert names(datetime(2026, 11, 1, tzinfo=UTC), NOW) == ["2026-W47", "2026-W46", "2026-W45", "2026-W44"]


def test_a_week_begins_where_the_settings_say() -> None:
    """Sunday 23:30 UTC is Monday in Berlin."""
    late = datetime(2026, 11, 15, 23, 30, tzinfo=UTC)
    assert names(late, late) == ["2026-W47"]
    assert names(late, late, ZoneInfo("UTC")) == ["2026-W46"]


def test_a_week_says_whether_it_is_over_and_was_sent() -> None:
    """With the title that was sent."""
    this, last = page((datetime(2026, 11, 9, tzinfo=UTC), NOW), {"2026-W46": "Worse: Korean"}, NOW, BERLIN).weeks
    assert (this.over, this.title) == (False, None)
    assert (last.over, last.title) == (True, "Worse: Korean")
    assert (last.first.date().isoformat(), last.last.date().isoformat()) == ("2026-11-09", "2026-11-15")


def test_days_are_days_where_clocks_change() -> None:
    """In the week of 25 October Berlin has an hour more; its Mondays are at midnight all the same."""
    weeks = page((datetime(2026, 10, 1, tzinfo=UTC), NOW), {}, NOW, BERLIN).weeks
    assert {(week.first.hour, week.first.weekday()) for week in weeks} == {(0, 0)}


def test_an_old_store_has_the_newest_weeks() -> None:
    """And an empty one none."""
    assert len(names(datetime(2020, 1, 1, tzinfo=UTC), NOW)) == MOST
    assert page(None, {}, NOW, BERLIN).weeks == ()
