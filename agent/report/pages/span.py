"""The time that a page is about: its range, the one before it, and the days of its small charts. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from agent.report.query import Query
from agent.store.base import MINUTE, Selection
from agent.store.days import DAY, midnight

SPARK_DAYS: Final = 14
LONG: Final = 2 * DAY
"""From here on a range begins at midnight UTC: whole days are what the store has summed up."""
CHOICES: Final[tuple[tuple[str, str], ...]] = (
    ("1 hour", "-1h"),
    ("24 hours", "-24h"),
    ("7 days", "-7d"),
    ("14 days", "-14d"),
    ("35 days", "-35d"),
)


class Span(NamedTuple):
    """[start, end) of the windows, `before` the same length directly before; `as_of`: the end of the newest minute in it."""

    start: datetime
    end: datetime
    as_of: datetime

    @property
    def days(self) -> float:
        """How long it is, as far as there are windows."""
        return (min(self.end, self.as_of) - self.start) / DAY

    @property
    def before(self) -> "Span":
        """So much before it; of a long one whole days."""
        length = self.end - self.start
        return Span(self.start - length, self.start, self.start)

    @property
    def spark(self) -> "Span":
        """The days that a small chart shows."""
        end = midnight(self.end - MINUTE) + DAY
        return Span(end - SPARK_DAYS * DAY, end, self.as_of)

    @property
    def step(self) -> timedelta:
        """How long the stretches of a large chart are: some dozens of them."""
        length = self.end - self.start
        return next((step for limit, step in STEPS if length <= limit), 7 * DAY)

    def selection(self, where: Mapping[str, str]) -> Selection:
        """The windows in it."""
        return Selection(self.start, self.end, where)


STEPS: Final = (
    (timedelta(hours=2), timedelta(minutes=5)),
    (timedelta(hours=8), timedelta(minutes=15)),
    (timedelta(days=2), timedelta(hours=1)),
    (timedelta(days=4), timedelta(hours=3)),
    (timedelta(days=90), DAY),
)


def span_of(query: Query, oldest: datetime, newest: datetime) -> Span:
    """What a query asks for in a store whose first and last windows begin at these minutes.

    A long range begins at midnight, and one that ends with the newest window at the midnight after it.
    """
    asked = query.selection(newest)
    as_of = min(newest + MINUTE, asked.end)
    if asked.end - asked.start < LONG:
        return Span(asked.start, asked.end, as_of)
    end = midnight(as_of - MINUTE) + DAY if asked.end >= as_of == newest + MINUTE else asked.end
    start = midnight(asked.start)
    return Span(max(start, midnight(oldest)) if oldest < end else start, end, as_of)


def utc(at: datetime) -> str:
    """`2026-11-20 14:32`."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}"
