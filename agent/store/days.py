"""Whole days: the sums that are kept of them, and a range as its whole days and the minutes before and after them. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from agent.aggregate.aggregator import Window
from agent.aggregate.measures import Measures, merged
from agent.records import WindowKey
from agent.store.base import Selection

DAY: Final = timedelta(days=1)
NOTHING: Final = timedelta(0)
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MINUTES: Final = 1440


class Day(NamedTuple):
    """The sums of windows of a day, which begins at `minute` (since the Unix epoch, midnight UTC)."""

    kind: str
    minute: int
    key: WindowKey
    measures: Measures


def by_day(windows: Iterable[Window]) -> Iterator[Day]:
    """What these windows add to their days."""
    found: defaultdict[tuple[str, int, WindowKey], list[Measures]] = defaultdict(list)
    for kind, minute, key, measures in windows:
        found[kind, minute - minute % MINUTES, key].append(measures)
    for (of, day, key), each in found.items():
        yield Day(kind_of_days(of), day, key, merged(each))


def kind_of_days(kind: str) -> str:
    """The kind of the rows that hold the days of `language` or `pair` windows."""
    return f"{kind}_day"


class Part(NamedTuple):
    """A part of a range; `days`: it begins and ends at midnight UTC."""

    selection: Selection
    days: bool


def parts(selection: Selection) -> Iterator[Part]:
    """The range without gap or overlap: at most one part of whole days, between at most two of minutes."""
    first, last = midnight(selection.start + DAY - timedelta(microseconds=1)), midnight(selection.end)
    if first >= last:
        yield Part(selection, days=False)
        return
    edges = (selection.start, first, last, selection.end)
    for start, end, days in zip(edges, edges[1:], (False, True, False), strict=False):
        if start < end:
            yield Part(selection._replace(start=start, end=end), days)


def whole(selection: Selection) -> Part:
    """The range as one part, for what cannot be added up."""
    return Part(selection, days=all(part.days for part in parts(selection)))


def midnight(at: datetime) -> datetime:
    """The last midnight UTC, or the time itself."""
    return at - (at - EPOCH) % DAY
