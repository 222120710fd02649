"""Which time a report is about."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from agent.errors import Misconfigured
from agent.report.weekly.period import UTC_ZONE, parsed, usual, week_of

BERLIN = ZoneInfo("Europe/Berlin")
LONG_AGO = datetime(2025, 11, 1, tzinfo=UTC)
SUNDAY = datetime(2026, 11, 22, 18, tzinfo=UTC)


def test_a_week_is_monday_to_monday_in_its_zone() -> None:
    """Berlin's Monday begins an hour before that of UTC in winter."""
    assert week_of("2026-W46", UTC_ZONE)[1:] == (
        datetime(2026, 11, 9, tzinfo=UTC),
        datetime(2026, 11, 16, tzinfo=UTC),
        datetime(2026, 11, 2, tzinfo=UTC),
    )
    assert week_of("2026-W46", BERLIN).start == datetime(2026, 11, 8, 23, tzinfo=UTC)


def test_the_week_in_which_the_clock_goes_back_is_an_hour_longer() -> None:
    """It is compared with the whole week before all the same."""
    period = week_of("2026-W43", BERLIN)
    assert period.end - period.start == timedelta(days=7, hours=1)
    assert period.start - period.before == timedelta(days=7)


def test_the_default_is_the_last_week_that_is_over() -> None:
    """On a Sunday that is the week before, and from midnight in the zone on the one that has just ended."""
    assert usual(SUNDAY, (LONG_AGO, SUNDAY), UTC_ZONE).name == "2026-W46"
    late = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    assert [usual(late, (LONG_AGO, late), zone).name for zone in (UTC_ZONE, BERLIN)] == ["2026-W46", "2026-W47"]


def test_of_an_older_log_it_is_the_week_of_the_newest_minute() -> None:
    """Whoever replays last year's log needs no option."""
    assert usual(SUNDAY, (LONG_AGO, datetime(2025, 12, 31, tzinfo=UTC)), UTC_ZONE).name == "2026-W01"


def test_in_the_first_week_it_is_that_one() -> None:
    """Whoever asks on the day of installation sees what is there; from the second week on, the one that is over."""
    tuesday = datetime(2026, 11, 17, 9, tzinfo=UTC)
    assert usual(SUNDAY, (tuesday, SUNDAY), UTC_ZONE).name == "2026-W47"
    assert usual(SUNDAY + timedelta(days=1), (tuesday, SUNDAY), UTC_ZONE).name == "2026-W47"
    assert usual(SUNDAY + timedelta(days=8), (tuesday, SUNDAY + timedelta(days=8)), UTC_ZONE).name == "2026-W48"


def test_another_range_is_compared_with_as_long_a_time_before() -> None:
    """Without an end it reaches to the newest minute; the name says from when to when."""
    period, where = parsed(
        {"from": "2026-11-10", "service": "help"}, SUNDAY, (LONG_AGO, datetime(2026, 11, 10, 23, 59, tzinfo=UTC))
    )
    assert period == ("2026-11-10/2026-11-11", at(10), at(11), at(9))
    assert where == {"service": "help"}
    assert parsed({"to": "2026-11-11T08:00:00Z"}, SUNDAY, (LONG_AGO, SUNDAY))[0].name == "2026-11-04T08:00Z/2026-11-11T08:00Z"


def at(day: int) -> datetime:
    """Midnight of a day in November."""
    return datetime(2026, 11, day, tzinfo=UTC)


@pytest.mark.parametrize("name", ["46", "2026-W60", "2025-W53", "2026-46", "0000-W01", "9999-W52", "2026-W00", "last"])
def test_what_is_no_week_is_told(name: str) -> None:
    """Also a week that its year does not have, and one at the end of time."""
    with pytest.raises(Misconfigured, match="is no week: expected an ISO week such as 2026-W46"):
        week_of(name, UTC_ZONE)


def test_a_week_and_a_range_together_are_a_mistake() -> None:
    """Nobody can mean both."""
    with pytest.raises(Misconfigured, match="expected a week, or --from and --to, not both"):
        parsed({"week": "2026-W46", "from": "-7d"}, SUNDAY, (LONG_AGO, SUNDAY))
