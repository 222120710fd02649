"""Stored minutes, read by the day, and the rules walked over them: the one loop behind backtest, placebo and drill."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from typing import NamedTuple, Protocol

from agent.alerting.evaluator import Evaluator
from agent.alerting.incident import Incident
from agent.alerting.minutes import DAY, minute_at, start_of
from agent.alerting.sums import Minute
from agent.records import WindowKey
from agent.store.base import WindowReader

WARM = 35 * DAY  # as far back as minutes are kept


class Span(NamedTuple):
    """Minutes [first, end)."""

    first: int
    end: int

    @property
    def start(self) -> datetime:
        """When it begins."""
        return start_of(self.first)

    @property
    def stop(self) -> datetime:
        """When it is over."""
        return start_of(self.end)


class Minutes(Protocol):
    """Where minutes lie: a store, or a table in a file."""

    def span(self) -> Span | None:
        """From the oldest minute to the end of the newest, None where there is none."""

    def rows(self, span: Span) -> Sequence[Minute]:
        """The rows of a span in the order of time."""


class StoredMinutes:
    """The minutes of a store."""

    def __init__(self, windows: WindowReader) -> None:
        self._windows = windows

    def span(self) -> Span | None:
        """From the oldest minute to the end of the newest."""
        found = self._windows.span()
        return None if found is None else Span(minute_at(found[0]), minute_at(found[1]) + 1)

    def rows(self, span: Span) -> Sequence[Minute]:
        """The rows of a span in the order of time."""
        return list(self._windows.minutes(span.start, span.stop))


class Filtered:
    """Only the windows that filters mean."""

    def __init__(self, minutes: Minutes, where: Mapping[str, str]) -> None:
        self._minutes, self._where = minutes, where
        self._meant: dict[WindowKey, bool] = {}

    def span(self) -> Span | None:
        """That of all minutes, so that a quiet service has quiet minutes."""
        return self._minutes.span()

    def rows(self, span: Span) -> Sequence[Minute]:
        """The rows that are meant."""
        rows = self._minutes.rows(span)
        return [row for row in rows if self._means(row.key)] if self._where else rows

    def _means(self, key: WindowKey) -> bool:
        if key not in self._meant:
            self._meant[key] = all(getattr(key, name) == value for name, value in self._where.items())
        return self._meant[key]


class Remembered:
    """Keeps the last days that were read: trials that overlap read the same ones again and again."""

    def __init__(self, minutes: Minutes, most: int) -> None:
        self._minutes = minutes
        self._day = lru_cache(maxsize=most)(self._read)

    def span(self) -> Span | None:
        """That of all minutes."""
        return self._minutes.span()

    def rows(self, span: Span) -> Sequence[Minute]:
        """The rows of a span that lies within a day."""
        rows = self._day(span.first // DAY)
        first, end = (bisect_left(rows, minute, key=attrgetter("minute")) for minute in span)
        return rows[first:end]

    def _read(self, day: int) -> Sequence[Minute]:
        return self._minutes.rows(Span(day * DAY, (day + 1) * DAY))


class Day(NamedTuple):
    """At most a day of minutes with their rows, in the order of time."""

    span: Span
    rows: Sequence[Minute]


Alter = Callable[[Minute], Minute]
Seen = Callable[[int, int], None]


def spans(span: Span) -> Iterator[Span]:
    """The days of a span; the first and the last may be parts of one."""
    first = span.first
    while first < span.end:
        end = min((first // DAY + 1) * DAY, span.end)
        yield Span(first, end)
        first = end


def days(minutes: Minutes, span: Span, alter: Alter | None = None) -> Iterator[Day]:
    """A span read by the day, so that memory is bounded; `alter` changes the rows on the way."""
    for part in spans(span):
        rows = minutes.rows(part)
        yield Day(part, rows if alter is None else list(map(alter, rows)))


def warm(evaluator: Evaluator, walked: Iterable[Day]) -> None:
    """Take in what lies before the first evaluated minute."""
    for day in walked:
        evaluator.warm(day.rows)


def walk(evaluator: Evaluator, day: Day) -> list[Incident]:
    """Evaluate every minute of a day, also those without rows; returns what began to fire or was resolved."""
    walked = evaluator.walk(day.rows, day.span.first, day.span.end - 1)
    return [incident for _, told in walked for incident in told]


def before(span: Span, known: Span) -> Span:
    """The history that warms up for a span, of what is known."""
    return Span(max(known.first, span.first - WARM), span.first)
