"""When a report is due, and of which week: at its time, made up once, for the newest week that is over."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.cron import parse_cron, zone_of
from agent.runtime.report_due import Due, Plan, Week, Why, decide, newest, week_at, with_data

BERLIN = "Europe/Berlin"
EIGHT = datetime(2026, 11, 16, 7, tzinfo=UTC)  # on a Monday in Berlin, in winter
W46 = Week("2026-W46", datetime(2026, 11, 16, tzinfo=UTC))
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LAG = timedelta(minutes=3)


def plan(cron: str = "0 8 * * mon", zone: str = BERLIN, *receivers: str) -> Plan:
    """A schedule with somebody to be sent to."""
    return Plan(parse_cron(cron, zone), zone_of(zone), receivers or ("chat",))


def due(done_to: datetime | None, now: datetime, evaluated_to: datetime | None = None, given: Plan | None = None) -> Due:
    """What is due, where evaluation is as near as it always is."""
    return decide(given or plan(), done_to, evaluated_to or now - LAG, now)


@pytest.mark.parametrize(
    ("done_to", "now", "why"),
    [
        (None, EIGHT, Why.BEGINS),
        (EIGHT - 7 * DAY, EIGHT - MINUTE, Why.NOT_YET),
        (EIGHT - 7 * DAY, EIGHT, Why.IN_TIME),
        (EIGHT - 7 * DAY, EIGHT + MINUTE, Why.IN_TIME),
        (EIGHT, EIGHT + MINUTE, Why.NOT_YET),
        (EIGHT - 7 * DAY, EIGHT + DAY, Why.MADE_UP),
        (EIGHT + DAY, EIGHT + DAY + MINUTE, Why.NOT_YET),
        (EIGHT - 70 * DAY, EIGHT + DAY, Why.MADE_UP),
        (EIGHT + 70 * DAY, EIGHT, Why.NOT_YET),
    ],
    ids=[
        "its first look",
        "a minute before",
        "at its time",
        "a minute after",
        "made",
        "missed for a day",
        "made up",
        "missed for ten weeks",
        "a clock that was set back",
    ],
)
def test_what_is_due(done_to: datetime | None, now: datetime, why: Why) -> None:
    """Up to `done_to` nothing is due any more; of several weeks that were missed the newest is."""
    found = due(done_to, now)
    assert found.why is why
    assert found.week == (W46 if why.makes else None)


def test_a_week_is_evaluated_first() -> None:
    """It stays due until the last of its minutes is known."""
    found = due(EIGHT - 7 * DAY, EIGHT, W46.end - MINUTE)
    assert (found.why, found.why.makes, found.why.waits) == (Why.NOT_EVALUATED, False, True)
    assert due(EIGHT - 7 * DAY, EIGHT + HOUR, W46.end).why is Why.MADE_UP


def test_without_receivers_the_time_goes_by() -> None:
    """Whoever is added on Tuesday is not sent what was due on Monday."""
    found = due(EIGHT - 7 * DAY, EIGHT, given=plan()._replace(receivers=()))
    assert (found.why, found.why.makes, found.why.waits) == (Why.NO_RECEIVERS, False, False)


@pytest.mark.parametrize(
    ("first", "why"),
    [(None, Why.NO_DATA), (W46.end, Why.NO_DATA), (W46.end - MINUTE, Why.IN_TIME), (EIGHT - 99 * DAY, Why.IN_TIME)],
)
def test_nothing_is_reported_before_the_first_data(first: datetime | None, why: Why) -> None:
    """A week needs no data of its own: that there were none is news."""
    assert with_data(due(EIGHT - 7 * DAY, EIGHT), first).why is why


def test_who_makes_nothing_needs_no_data() -> None:
    """The reason stays what it was."""
    assert with_data(Due(Why.NOT_YET), None) == Due(Why.NOT_YET)


@pytest.mark.parametrize(
    ("monday", "hour"),
    [(datetime(2026, 3, 23), 7), (datetime(2026, 3, 30), 6), (datetime(2026, 10, 19), 6), (datetime(2026, 10, 26), 7)],  # noqa: DTZ001 - a day
)
def test_eight_is_eight_in_summer_and_in_winter(monday: datetime, hour: int) -> None:
    """The clocks of Berlin change on the Sundays between these Mondays."""
    day = monday.replace(tzinfo=UTC)
    assert newest(plan().schedule, day - HOUR, day + 23 * HOUR) == day + timedelta(hours=hour)


@pytest.mark.parametrize(
    ("sunday", "times"),
    [(datetime(2026, 3, 29, tzinfo=UTC), 1), (datetime(2026, 10, 25, tzinfo=UTC), 2)],
    ids=["an hour that is not", "an hour that is twice"],
)
def test_an_hour_that_is_not_or_is_twice(sunday: datetime, times: int) -> None:
    """At half past two of a day on which the clocks change: once or twice, of one week, and it comes to an end."""
    nightly, now, found = plan("30 2 * * sun"), sunday + 23 * HOUR, []
    while at := newest(nightly.schedule, sunday - HOUR, now):
        found.append(at)
        now = at - timedelta(seconds=1)
    assert len(found) == times
    assert len({week_at(at, nightly.zone) for at in found}) == 1


@pytest.mark.parametrize(
    ("at", "zone", "week"),
    [
        (EIGHT, BERLIN, "2026-W46"),
        (datetime(2026, 11, 15, 23, 30, tzinfo=UTC), BERLIN, "2026-W46"),  # Monday 00:30 in Berlin: it ends in half an hour
        (datetime(2026, 11, 16, 1, tzinfo=UTC), "America/New_York", "2026-W46"),  # Sunday 20:00 in New York: it has just ended
        (datetime(2026, 11, 15, 9, tzinfo=UTC), BERLIN, "2026-W45"),
        (datetime(2026, 11, 20, 9, tzinfo=UTC), BERLIN, "2026-W46"),
        (datetime(2027, 1, 4, 9, tzinfo=UTC), BERLIN, "2026-W53"),
        (datetime(2027, 1, 11, 9, tzinfo=UTC), BERLIN, "2027-W01"),
    ],
)
def test_the_week_is_the_newest_that_is_over(at: datetime, zone: str, week: str) -> None:
    """In UTC or where the schedule is read; weeks and their years are ISO's."""
    found = week_at(at, ZoneInfo(zone))
    assert found.name == week
    assert found.end == datetime.fromisocalendar(int(week[:4]), int(week[6:]), 1).replace(tzinfo=UTC) + 7 * DAY


def test_a_report_of_just_after_midnight_waits_for_the_end() -> None:
    """In Berlin the week is over an hour before it is in UTC, where it is counted."""
    early, at = plan("30 0 * * mon"), datetime(2026, 11, 15, 23, 30, tzinfo=UTC)
    assert due(at - 7 * DAY, at + MINUTE, given=early).why is Why.NOT_EVALUATED
    assert due(at - 7 * DAY, W46.end + LAG, given=early) == Due(Why.MADE_UP, at, W46)


times = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - aware by the zone


@given(after=times, until=times, cron=st.sampled_from(["0 8 * * mon", "30 2 * * *", "0 0 1 * *", "15 */6 * * sat,sun"]))
def test_the_newest_time_is_in_its_range_and_none_is_newer(after: datetime, until: datetime, cron: str) -> None:
    """Held against the times of the schedule one after the other."""
    schedule, found = parse_cron(cron, BERLIN), None
    at = schedule.get_next_fire_time(None, after)
    while at and at <= until:
        found = at if at > after else found
        at = schedule.get_next_fire_time(None, at.astimezone(UTC) + timedelta(seconds=1))
    assert newest(schedule, after, until) == found
