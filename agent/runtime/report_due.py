"""Whether a weekly report is due, and of which week: pure, with a named reason.

At each time of the schedule the report of the last week is due. What was missed while nobody was there is made up once, for the
newest week only: an older report is a page that nobody waits for. It waits until the whole week is evaluated.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Final, NamedTuple

from apscheduler.triggers.cron import CronTrigger

from agent.times import iso_week

STEP: Final = timedelta(hours=6)
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
    NO_DATA = "no_data"  # the week holds no query
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
    """When reports are due, the time zone in which weeks begin, and who is sent them."""

    schedule: CronTrigger
    zone: tzinfo
    receivers: tuple[str, ...]


class Run(NamedTuple):
    """A time of the schedule, and the ISO week such as `2026-W46` that is reported then, with the first moment after it."""

    at: datetime
    week: str
    end: datetime


class Due(NamedTuple):
    """The answer, and what it is about, where there is anything."""

    why: Why
    run: Run | None = None


def decide(plan: Plan, done_to: datetime | None, evaluated_to: datetime, now: datetime) -> Due:
    """What is due at `now`; up to `done_to` nothing is (None: it was never asked)."""
    if done_to is None:
        return Due(Why.BEGINS)
    at = newest(plan.schedule, done_to, now)
    if at is None:
        return Due(Why.NOT_YET)
    run = run_at(at, plan.zone)
    return Due(_why(plan, run, evaluated_to, now), run)


def _why(plan: Plan, run: Run, evaluated_to: datetime, now: datetime) -> Why:
    if not plan.receivers:
        return Why.NO_RECEIVERS
    if evaluated_to < run.end:
        return Why.NOT_EVALUATED
    return Why.IN_TIME if now - run.at < IN_TIME else Why.MADE_UP


def newest(schedule: CronTrigger, after: datetime, until: datetime) -> datetime | None:
    """The newest time of the schedule in (after, until].

    Looked for in short steps from the end: APScheduler 3 loses a time when it counts days over a change of the clocks.
    """
    while until > after:
        start = max(until - STEP, after)
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


def run_at(at: datetime, zone: tzinfo) -> Run:
    """The newest week that is over at this time; weeks begin on Monday at midnight in the zone."""
    today = at.astimezone(zone).date()
    monday = today - timedelta(days=today.weekday())
    return Run(at, iso_week(monday - WEEK), datetime.combine(monday, time(), zone).astimezone(UTC))
