"""When a report is due, and of which week: at its time, made up once, for the newest week that is over."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agent.cron import parse_cron, zone_of
from agent.runtime.report_due import Due, Plan, Run, Why, decide, newest, run_at

BERLIN = "Europe/Berlin"
EIGHT = datetime(2026, 11, 16, 7, tzinfo=UTC)  # on a Monday in Berlin, in winter
W46_END = datetime(2026, 11, 15, 23, tzinfo=UTC)
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
    assert (found.run and found.run.week) == ("2026-W46" if why.makes else None)


def test_a_week_is_evaluated_first() -> None:
    """It stays due until the last of its minutes is known."""
    found = due(EIGHT - 7 * DAY, EIGHT, W46_END - MINUTE)
    assert (found.why, found.why.makes, found.why.waits) == (Why.NOT_EVALUATED, False, True)
    assert due(EIGHT - 7 * DAY, EIGHT + HOUR, W46_END).why is Why.MADE_UP


def test_without_receivers_the_time_goes_by() -> None:
    """Whoever is added on Tuesday is not sent what was due on Monday."""
    found = due(EIGHT - 7 * DAY, EIGHT, given=plan()._replace(receivers=()))
    assert (found.why, found.why.makes, found.why.waits) == (Why.NO_RECEIVERS, False, False)


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
    assert len({run_at(at, nightly.zone).week for at in found}) == 1


@pytest.mark.parametrize(
    ("at", "zone", "week", "end"),
    [
        (EIGHT, BERLIN, "2026-W46", "2026-11-15T23:00"),
        (EIGHT, "UTC", "2026-W46", "2026-11-16T00:00"),
        (datetime(2026, 11, 15, 23, tzinfo=UTC), BERLIN, "2026-W46", "2026-11-15T23:00"),  # midnight
        (datetime(2026, 11, 15, 22, 59, tzinfo=UTC), BERLIN, "2026-W45", "2026-11-08T23:00"),
        (datetime(2026, 11, 16, 1, tzinfo=UTC), "America/New_York", "2026-W45", "2026-11-09T05:00"),  # still Sunday
        (datetime(2026, 11, 20, 9, tzinfo=UTC), BERLIN, "2026-W46", "2026-11-15T23:00"),
        (datetime(2026, 8, 3, 9, tzinfo=UTC), BERLIN, "2026-W31", "2026-08-02T22:00"),
        (datetime(2027, 1, 4, 9, tzinfo=UTC), BERLIN, "2026-W53", "2027-01-03T23:00"),
        (datetime(2027, 1, 11, 9, tzinfo=UTC), BERLIN, "2027-W01", "2027-01-10T23:00"),
    ],
)
def test_the_week_is_the_newest_that_is_over(at: datetime, zone: str, week: str, end: str) -> None:
    """From Monday to Monday at midnight in the zone of the schedule; numbers and years are ISO's."""
    assert run_at(at, ZoneInfo(zone)) == Run(at, week, datetime.fromisoformat(f"{end}+00:00"))


TIMES = st.datetimes(datetime(2026, 1, 2), datetime(2026, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001 - aware by the zone
DAYS = [datetime(2026, 1, 1, tzinfo=ZoneInfo(BERLIN)) + n * DAY for n in range(365)]
SCHEDULES = {
    "0 8 * * mon": [day.replace(hour=8) for day in DAYS if day.weekday() == 0],
    "0 0 * * mon": [day for day in DAYS if day.weekday() == 0],
    "0 0 1 * *": [day for day in DAYS if day.day == 1],
    "0 8 * * sun": [day.replace(hour=8) for day in DAYS if day.weekday() == 6],
    "0 3 * * *": [day.replace(hour=3) for day in DAYS],
    "30 20 * * *": [day.replace(hour=20, minute=30) for day in DAYS],
}


@given(after=TIMES, until=TIMES, cron=st.sampled_from([*SCHEDULES]))
@example(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 5, tzinfo=UTC), "0 0 1 * *")
@example(datetime(2026, 3, 25, tzinfo=UTC), datetime(2026, 3, 30, tzinfo=UTC), "0 0 * * mon")
@settings(deadline=None)
def test_the_newest_time_is_found_on_the_calendar(after: datetime, until: datetime, cron: str) -> None:
    """Over a whole year of Berlin, with both changes of its clocks; nothing lies between a time and an earlier one."""
    known = [at.astimezone(UTC) for at in SCHEDULES[cron]]
    expected = max((at for at in known if after < at <= until), default=None)
    assert newest(parse_cron(cron, BERLIN), after, until) == expected
