"""The weekly reports that can be read: one for each week of the store, and whether it was sent. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from agent.times import iso_week

MOST: Final = 60
WEEK: Final = timedelta(days=7)


class Week(NamedTuple):
    """An ISO week such as `2026-W46`, from Monday to Sunday; `over`: no more queries come in it; `title` of the report that was sent."""

    name: str
    first: datetime
    last: datetime
    over: bool
    title: str | None


class ReportsPage(NamedTuple):
    """Newest first; `zone` is where its midnights are."""

    weeks: tuple[Week, ...]
    zone: str


def page(known: tuple[datetime, datetime] | None, sent: Mapping[str, str], now: datetime, zone: ZoneInfo) -> ReportsPage:
    """Of a store whose first and last windows begin at `known`; `sent` has the titles by week."""
    return ReportsPage(tuple(_weeks(*known, sent, now, zone)) if known else (), zone.key)


def _weeks(oldest: datetime, newest: datetime, sent: Mapping[str, str], now: datetime, zone: ZoneInfo) -> Iterator[Week]:
    for monday in _mondays(oldest.astimezone(zone), newest.astimezone(zone)):
        name = iso_week(monday)
        yield Week(name, monday, monday + WEEK - timedelta(days=1), monday + WEEK <= now.astimezone(zone), sent.get(name))


def _mondays(oldest: datetime, newest: datetime) -> Iterable[datetime]:
    """Midnights of the zone, newest first; days of a zone are added, not hours."""
    monday = _midnight(newest) - timedelta(days=newest.weekday())
    for _ in range(MOST):
        if monday + WEEK <= oldest:
            return
        yield monday
        monday -= WEEK


def _midnight(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
