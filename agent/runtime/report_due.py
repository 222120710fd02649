"""Whether a weekly report is due, and of which week: pure, with a named reason.

At each time of the schedule the report of the last week is due. What was missed while nobody was there is made up once, for the
newest week only: an older report is a page that nobody waits for. It waits until the whole week is evaluated.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Final, NamedTuple

from apscheduler.triggers.cron import CronTrigger

WEEK: Final = timedelta(days=7)
SECOND: Final = timedelta(seconds=1)
IN_TIME: Final = timedelta(minutes=15)
"""So long after its time a report is not called late: the last minutes of a week are evaluated a few minutes after it."""


class Why(StrEnum):
    """Why a report is made now, or why not."""

    IN_TIME = "in_time"
    MADE_UP = "made_up"  # nobody was there at its time, or the week was not evaluated yet
    BEGINS = "begins"  # the schedule was never looked at before: its first time comes
    NOT_YET = "not_yet"
    NO_RECEIVERS = "no_receivers"
    NOT_EVALUATED = "not_evaluated"  # the week is not evaluated to its end
    NO_DATA = "no_data"  # the first data are of a later week
    FAILED = "failed"  # it could not be made; tried again later

    @property
    def makes(self) -> bool:
        """Whether a report is made."""
        return self in {Why.IN_TIME, Why.MADE_UP}

    @property
    def waits(self) -> bool:
        """Whether its time stays due."""
        return self in {Why.NOT_YET, Why.NOT_EVALUATED, Why.FAILED}


class Plan(NamedTuple):
    """When reports are due, in which time zone, and who is sent them."""

    schedule: CronTrigger
    zone: tzinfo
    receivers: tuple[str, ...]


class Week(NamedTuple):
    """An ISO week: its name such as `2026-W46`, and the first moment after it, Monday 00:00 UTC."""

    name: str
    end: datetime


class Due(NamedTuple):
    """The answer; `at` is the time of the schedule that it is about, `week` the one that is reported then."""

    why: Why
    at: datetime | None = None
    week: Week | None = None


def decide(plan: Plan, done_to: datetime | None, evaluated_to: datetime, now: datetime) -> Due:
    """What is due at `now`; up to `done_to` nothing is (None: it was never asked)."""
    if done_to is None:
        return Due(Why.BEGINS)
    at = newest(plan.schedule, done_to, now)
    if at is None:
        return Due(Why.NOT_YET)
    return Due(_why(plan, at, evaluated_to, now), at, week_at(at, plan.zone))


def with_data(due: Due, first: datetime | None) -> Due:
    """The same where there were data by the end of the week; `first` is the oldest minute with any."""
    if due.why.makes and due.week and (first is None or first >= due.week.end):
        return due._replace(why=Why.NO_DATA)
    return due


def _why(plan: Plan, at: datetime, evaluated_to: datetime, now: datetime) -> Why:
    if not plan.receivers:
        return Why.NO_RECEIVERS
    if evaluated_to < week_at(at, plan.zone).end:
        return Why.NOT_EVALUATED
    return Why.IN_TIME if now - at < IN_TIME else Why.MADE_UP


def newest(schedule: CronTrigger, after: datetime, until: datetime) -> datetime | None:
    """The newest time of the schedule in (after, until]; looked for week by week from the end, where it mostly lies."""
    while until > after:
        start = max(until - WEEK, after)
        if found := [*_times(schedule, start, until)]:
            return found[-1]
        until = start
    return None


def _times(schedule: CronTrigger, after: datetime, until: datetime) -> Iterator[datetime]:
    """Those in (after, until]."""
    at = _next(schedule, after)
    while at is not None and at <= until:
        yield at
        at = _next(schedule, at)


def _next(schedule: CronTrigger, after: datetime) -> datetime | None:
    """In UTC, where a second later is a second later: also in the hour that comes twice."""
    at: datetime | None = schedule.get_next_fire_time(None, after.replace(microsecond=0) + SECOND)
    return at and at.astimezone(UTC)


def week_at(at: datetime, zone: tzinfo) -> Week:
    """The newest week that is over at this time, in UTC or where the schedule is read.

    On Monday at 00:30 in Berlin people mean the week that has just ended there, though in UTC it still runs: its report waits
    for the end. On Sunday at 20:00 in New York it has just ended in UTC, and nobody wants the one before.
    """
    monday = max(_monday(at.astimezone(each).date()) for each in (UTC, zone))
    year, number, _ = (monday - WEEK).isocalendar()
    return Week(f"{year}-W{number:02}", datetime(monday.year, monday.month, monday.day, tzinfo=UTC))


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
