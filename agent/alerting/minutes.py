"""Minutes since the Unix epoch in UTC: the clock of the rules."""

from datetime import UTC, datetime
from functools import lru_cache

HOUR = 60
DAY = 1440


def start_of(minute: int) -> datetime:
    """When the minute begins."""
    return datetime.fromtimestamp(minute * 60, UTC)


def end_of(minute: int) -> datetime:
    """When the minute is over: a verdict on it cannot be older."""
    return start_of(minute + 1)


def minute_at(time: datetime) -> int:
    """The minute that holds this moment."""
    return int(time.timestamp() // 60)


@lru_cache(maxsize=64)
def minutes_by_hour(first: int, last: int) -> tuple[int, ...]:
    """How many of the minutes first..last lie in each hour of the day; asked of every language in the same minute."""
    days, left = divmod(last - first + 1, DAY)
    counts = [HOUR * days] * (DAY // HOUR)
    minute = first % DAY
    while left > 0:
        part = min(left, HOUR - minute % HOUR)
        counts[minute // HOUR % (DAY // HOUR)] += part
        minute, left = minute + part, left - part
    return tuple(counts)
