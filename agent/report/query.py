"""What a reader asks for, as text: the same words on the command line and in the API."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from agent.errors import Misconfigured, Mistake
from agent.store.base import MINUTE, Selection
from agent.times import parse_time

FILTERS = ("service", "environment", "collection", "language")
BY: Mapping[str, tuple[str, ...]] = {
    "version": ("embedding_model", "index_version"),
    "collection": ("collection",),
    "service": ("service",),
    "environment": ("environment",),
}
DEFAULT_RANGE = timedelta(days=7)
OLDEST = datetime(1970, 1, 1, tzinfo=UTC)
NEWEST = datetime(2100, 1, 1, tzinfo=UTC)


class Query(NamedTuple):
    """A table's time range (None: the seven days up to the newest window), its extra columns and its filters."""

    start: datetime | None = None
    end: datetime | None = None
    by: tuple[str, ...] = ()
    where: Mapping[str, str] = {}

    def selection(self, newest: datetime) -> Selection:
        """The windows this asks for, in a store whose newest window begins at `newest`."""
        end = _within(self.end or newest + MINUTE)
        return Selection(_within(self.start or end - DEFAULT_RANGE), end, self.where)


def parse(words: Mapping[str, str], now: datetime) -> Query:
    """Read `from`, `to`, `by` and the filters; raises Misconfigured with every mistake."""
    mistakes = [Mistake("", key, f"unknown, expected one of from, to, by, {', '.join(FILTERS)}") for key in _unknown(words)]
    times: dict[str, datetime | None] = {"from": None, "to": None}
    for key in times.keys() & words.keys():
        times[key] = _time(words[key], now)
        if times[key] is None:
            mistakes.append(Mistake("", key, f"{words[key]!r} is no time: expected RFC 3339, a date, or relative such as -7d"))
    by = words.get("by", "")
    if by and by not in BY:
        mistakes.append(Mistake("", "by", f"{by!r}: expected one of {', '.join(BY)}"))
    if times["from"] and times["to"] and times["from"] >= times["to"]:
        mistakes.append(Mistake("", "from", "must be before `to`"))
    if mistakes:
        raise Misconfigured(mistakes)
    return Query(times["from"], times["to"], BY.get(by, ()), {key: words[key] for key in FILTERS if words.get(key)})


def _within(time: datetime) -> datetime:
    """The nearest time that a store can hold."""
    return min(max(time, OLDEST), NEWEST)


def _time(text: str, now: datetime) -> datetime | None:
    try:
        return now if text == "now" else parse_time(text, now)
    except ValueError:
        return None


def _unknown(words: Mapping[str, str]) -> list[str]:
    return sorted(words.keys() - {"from", "to", "by", *FILTERS})
