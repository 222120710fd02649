"""A range as its whole days, whose sums the engine keeps, and the minutes before and after them: pure."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from agent.store.base import Selection

DAY: Final = timedelta(days=1)
NOTHING: Final = timedelta(0)
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


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


def midnight(at: datetime) -> datetime:
    """The last midnight UTC, or the time itself."""
    return at - (at - EPOCH) % DAY
