"""Cron lines mean what they mean in cron."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from agent.cron import parse_cron

MONDAY = datetime(2026, 11, 16, tzinfo=ZoneInfo("UTC"))
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def due(text: str, timezone: str = "UTC", days: int = 7) -> list[datetime]:
    """All times at which something is due in so many days from a Monday on."""
    trigger, found = parse_cron(text, timezone), []
    at = trigger.get_next_fire_time(None, MONDAY)
    while at < MONDAY + timedelta(days=days):
        found.append(at)
        at = trigger.get_next_fire_time(at, at)
    return found


def weekdays(field: str) -> str:
    """The days of the week on which something is due."""
    return " ".join(WEEK[at.weekday()] for at in due(f"0 4 * * {field}"))


@pytest.mark.parametrize(
    ("field", "days"),
    [
        ("*", "mon tue wed thu fri sat sun"),
        ("0", "sun"),
        ("7", "sun"),
        ("1", "mon"),
        ("6", "sat"),
        ("mon", "mon"),
        ("SUN", "sun"),
        ("1-5", "mon tue wed thu fri"),
        ("mon-fri", "mon tue wed thu fri"),
        ("0-4", "mon tue wed thu sun"),
        ("sun-thu", "mon tue wed thu sun"),
        ("5-7", "fri sat sun"),
        ("fri-mon", "mon fri sat sun"),
        ("0-7", "mon tue wed thu fri sat sun"),
        ("*/2", "tue thu sat sun"),
        ("1-5/2", "mon wed fri"),
        ("2/3", "tue fri"),
        ("1,3,7", "mon wed sun"),
        ("mon,fri-sun", "mon fri sat sun"),
    ],
)
def test_weekdays_are_those_of_cron(field: str, days: str) -> None:
    """0 and 7 are Sunday, steps count from there, ranges may go over the end of the week."""
    assert weekdays(field) == days


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("0 4 * * *", ["04:00"]),
        ("30 */8 * * *", ["00:30", "08:30", "16:30"]),
        ("0,30 9-10 * * *", ["09:00", "09:30", "10:00", "10:30"]),
        ("0 5 16 11 *", ["05:00"]),
        ("0 5 16 nov *", ["05:00"]),
        ("  0   4 * * *  ", ["04:00"]),
        ("0 4 1 * *", []),
    ],
)
def test_times_of_a_day(text: str, times: list[str]) -> None:
    """Lists, ranges, steps and months."""
    assert [f"{at:%H:%M}" for at in due(text, days=1)] == times


def test_a_leap_day_is_a_day() -> None:
    """What comes every four years is due some day."""
    assert parse_cron("0 0 29 2 *").get_next_fire_time(None, MONDAY) == datetime(2028, 2, 29, tzinfo=ZoneInfo("UTC"))


def test_times_are_those_of_the_time_zone() -> None:
    """Eight in Berlin is seven in UTC in winter, six in summer."""
    [at] = due("0 8 * * mon", "Europe/Berlin")
    assert at.astimezone(ZoneInfo("UTC")) == MONDAY + timedelta(hours=7)
    summer = parse_cron("0 8 * * mon", "Europe/Berlin").get_next_fire_time(None, datetime(2026, 7, 1, tzinfo=ZoneInfo("UTC")))
    assert summer.astimezone(ZoneInfo("UTC")).hour == 6


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0 4 * *",
        "0 4 * * * *",
        "@daily",
        "60 4 * * *",
        "0 24 * * *",
        "0 4 0 * *",
        "0 4 * 13 *",
        "0 4 * * 8",
        "0 4 * * monday",
        "0 4 * * 1-",
        "0 4 * * -5",
        "0 4 * * */0",
        "0 4 * * */",
        "0 4 * * 1,",
        "0 4 * * 12",
        "0 4 * * ?",
        "at four each day please",
    ],
)
def test_what_is_no_cron_line(text: str) -> None:
    """It is told what one looks like."""
    with pytest.raises(ValueError, match=r'^a cron line such as "0 4 \* \* \*" or "0 8 \* \* mon"$'):
        parse_cron(text)


def test_a_day_that_never_comes_is_a_mistake() -> None:
    """Nobody waits for the thirtieth of February."""
    with pytest.raises(ValueError, match=r"^a cron line that is due some day$"):
        parse_cron("0 0 30 2 *")


def test_a_day_of_the_month_beside_a_weekday_is_a_mistake() -> None:
    """Programs differ in what it means; all the weekdays are no weekday."""
    with pytest.raises(ValueError, match="a day of the month or a weekday, not with both"):
        parse_cron("0 4 1 * mon")
    assert parse_cron("0 4 1 * 0-6").get_next_fire_time(None, MONDAY).day == 1


@pytest.mark.parametrize("timezone", ["Europe/Berlyn", "", "../etc/passwd", "CET+1:30", "Europe"])
def test_a_time_zone_that_is_none(timezone: str) -> None:
    """It is no mistake of the cron line."""
    with pytest.raises(ValueError, match=r"^a time zone such as Europe/Berlin$"):
        parse_cron("0 4 * * *", timezone)
