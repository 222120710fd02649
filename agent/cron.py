"""When something is due: cron lines as people write them, with APScheduler's triggers behind them."""

from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger

_A_CRON: Final = 'a cron line such as "0 4 * * *" or "0 8 * * mon"'
_DAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_ANY_TIME: Final = datetime(2026, 1, 1, tzinfo=UTC)


def parse_cron(text: str, timezone: str = "UTC") -> CronTrigger:
    """Read `minute hour day month weekday`; raises ValueError that says what was expected.

    As in cron, and other than in APScheduler, 0 and 7 are Sunday, and ranges of weekdays may go over the end of the week. A day of the
    month beside a weekday is refused: for cron it is either of them, for APScheduler both at once.
    """
    zone = zone_of(timezone)
    fields = text.split()
    if len(fields) != 5:  # noqa: PLR2004 - named in the sentence above
        raise ValueError(_A_CRON)
    *others, weekday = fields
    try:
        days = _weekdays(weekday)
        trigger = CronTrigger.from_crontab(" ".join((*others, days)), timezone=zone)
    except ValueError:
        raise ValueError(_A_CRON) from None
    if days != "*" and fields[2] != "*":
        raise ValueError("a cron line with a day of the month or a weekday, not with both")
    if trigger.get_next_fire_time(None, _ANY_TIME) is None:
        raise ValueError("a cron line that is due some day")
    return trigger


def zone_of(name: str) -> ZoneInfo:
    """The time zone of an IANA name; raises ValueError that says what was expected."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("a time zone such as Europe/Berlin") from None


def _weekdays(field: str) -> str:
    """The days by their names, which APScheduler reads as cron does; raises ValueError."""
    days = {day for part in field.lower().split(",") for day in _days(part)}
    return "*" if len(days) == len(_DAYS) else ",".join(_DAYS[day] for day in sorted(days))


def _days(part: str) -> set[int]:
    """`*`, a day or a range of days, each perhaps with a step: `1-5/2` is 1, 3, 5."""
    span, stepped, step = part.partition("/")
    first, ranged, last = span.partition("-")
    start = 0 if span == "*" else _day(first)
    end = _day(last) if ranged else 6 if span == "*" or stepped else start
    if stepped and not step.isdecimal():
        raise ValueError(part)
    return {day % 7 for day in range(start, end + 1 if end >= start else end + 8, int(step or 1))}


def _day(text: str) -> int:
    return _DAYS.index(text) if text in _DAYS else [*"01234567"].index(text)
