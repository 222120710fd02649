"""Which time a report is about: an ISO week in a time zone, or any other range."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from agent.errors import Misconfigured, Mistake
from agent.report.query import Query, parse
from agent.times import iso_week

WORDS: Final = ("week", "from", "to")
WEEK: Final = timedelta(days=7)
UTC_ZONE: Final = ZoneInfo("UTC")
_WEEK: Final = re.compile(r"([0-9]{4})-W([0-9]{2})")


class Period(NamedTuple):
    """A time [start, end) and what it is called; `before` is when the one that it is compared with begins, which ends with `start`."""

    name: str
    start: datetime
    end: datetime
    before: datetime

    @property
    def minutes(self) -> int:
        """How long it is."""
        return (self.end - self.start) // timedelta(minutes=1)


def parsed(
    words: Mapping[str, str], now: datetime, span: tuple[datetime, datetime], zone: ZoneInfo = UTC_ZONE
) -> tuple[Period, Mapping[str, str]]:
    """Read `week`, `from`, `to` and the filters; `span` is when the oldest and the newest minute of the store begin.

    Without any of the three it is the `usual` week. Raises Misconfigured with every mistake.
    """
    query = parse({key: text for key, text in words.items() if key != "week"}, now)
    week, ranged = words.get("week", ""), query.start or query.end
    if week and ranged:
        raise Misconfigured([Mistake("", "week", "expected a week, or --from and --to, not both")])
    if week:
        return week_of(week, zone), query.where
    return (_range(query, span[1]) if ranged else usual(now, span, zone)), query.where


def week_of(name: str, zone: ZoneInfo) -> Period:
    """The ISO week, Monday to Monday at midnight in the zone; raises Misconfigured."""
    found = _WEEK.fullmatch(name)
    try:
        monday = datetime.fromisocalendar(int(found[1]), int(found[2]), 1) if found else None
        days = [monday + WEEK * n for n in (-1, 0, 1)] if monday else []
    except (ValueError, OverflowError):  # the year has no such week
        days = []
    if not days:
        raise Misconfigured([Mistake("", "week", f"{name!r} is no week: expected an ISO week such as 2026-W46")])
    before, start, end = (datetime.combine(day, time(), zone).astimezone(UTC) for day in days)
    return Period(name, start, end, before)


def usual(now: datetime, span: tuple[datetime, datetime], zone: ZoneInfo) -> Period:
    """The last week that is over at `now`; of an older log its last one, of a younger one its first, which goes on."""
    oldest, newest = (minute.astimezone(zone) for minute in span)
    return week_of(iso_week(max(oldest, min(newest, now.astimezone(zone) - WEEK))), zone)


def _range(query: Query, newest: datetime) -> Period:
    start, end, _ = query.selection(newest)
    return Period(f"{_said(start)}/{_said(end)}", start, end, start - (end - start))


def _said(at: datetime) -> str:
    return f"{at:%Y-%m-%d}" if at.time() == time() else f"{at:%Y-%m-%dT%H:%MZ}"
