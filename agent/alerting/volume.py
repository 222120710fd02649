"""How much traffic a language has beside what is usual: a bucket that is flooded is told apart from one that got worse.

A quarter of English tagged as Catalan looks like a fall in Catalan. In the simulations behind how-it-decides.md twice the usual
traffic changed no verdict, four times did.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from agent.alerting.changes import Collection
from agent.alerting.grid import Stream
from agent.alerting.minutes import DAY, HOUR
from agent.alerting.statistics import HOURS
from agent.alerting.usual import BASELINE_DAYS

FLOOD: Final = 3.0
"""So many times the usual traffic, and the queries are taken for those of another language."""

Span = tuple[int, int]  # minutes [first, end)
Asked = tuple[Stream, int, tuple[Span, ...]]  # before which hour, without which times: all day long the same of a fall
_KEPT_DAYS = BASELINE_DAYS + 5  # a language may first appear on a new version up to three days after the change
_LEAST = 30.0  # fewer expected events tell nothing
_KNOWN = 0.5  # of the time, at least, must be comparable


def is_flood(volume: float | None) -> bool:
    """Whether other languages' queries seem to be counted here."""
    return volume is not None and volume >= FLOOD


class Volumes:
    """Events by hour of each stream, the hours in which its collection was seen at all, and those that are not counted whole."""

    def __init__(self) -> None:
        self._hours: dict[Stream, dict[int, int]] = {}
        self._seen: defaultdict[Collection, set[int]] = defaultdict(set)
        self._partial: set[int] = set()
        self._usual: dict[Asked, dict[int, float]] = {}

    def suspend(self, minute: int) -> None:
        """Not everything of this minute is counted: its hour is compared with nothing, and is not usual."""
        self._partial.add(minute // HOUR)
        self._usual.clear()

    def add(self, stream: Stream, minute: int, events: int) -> None:
        """Count the events of a minute; hours read back from the store come as one row, at their first minute."""
        hours = self._hours.setdefault(stream, {})
        hours[minute // HOUR] = hours.get(minute // HOUR, 0) + events
        self._seen[stream.where].add(minute // HOUR)

    def change(self, stream: Stream, first: int, last: int, left_out: Sequence[Span] = ()) -> float | None:
        """The events in the hours from the minute `first` to `last`, as a multiple of those at the same hours of the days before.

        Hours of the day that nobody saw before are compared with nothing, times in `left_out` are not usual. None where that
        leaves less than half of the hours, or too few expected events.
        """
        hours = self._hours.get(stream, {})
        usual = self._usual_of(stream, first // DAY * HOURS, tuple(left_out))
        spanned = range(first // HOUR, last // HOUR + 1)
        known = [hour for hour in spanned if hour % HOURS in usual and hour not in self._partial]
        elapsed = {last // HOUR: (last % HOUR + 1) / HOUR}
        expected = sum(usual[hour % HOURS] * elapsed.get(hour, 1.0) for hour in known)
        if expected < _LEAST or len(known) < _KNOWN * len(spanned):
            return None
        return sum(hours.get(hour, 0) for hour in known) / expected

    def _usual_of(self, stream: Stream, before: int, left_out: tuple[Span, ...]) -> dict[int, float]:
        key = stream, before, left_out
        if key not in self._usual:
            seen = self._days_before(stream.where, before, left_out)
            self._usual[key] = _usual(self._hours.get(stream, {}), seen)
        return self._usual[key]

    def _days_before(self, where: Collection, before: int, left_out: Sequence[Span]) -> Iterable[int]:
        oldest = before - BASELINE_DAYS * HOURS
        seen = self._seen[where] - self._partial
        return (hour for hour in seen if oldest <= hour < before and not within(hour, left_out))

    def forget(self, minute: int) -> None:
        """Drop what is no longer asked for."""
        oldest = (minute // DAY - _KEPT_DAYS) * HOURS
        for stream, hours in self._hours.items():
            self._hours[stream] = {hour: events for hour, events in hours.items() if hour >= oldest}
        for where, seen in self._seen.items():
            self._seen[where] = {hour for hour in seen if hour >= oldest}
        self._partial = {hour for hour in self._partial if hour >= oldest}
        self._usual.clear()


def _usual(hours: dict[int, int], seen: Iterable[int]) -> dict[int, float]:
    """The mean of each hour of the day that was seen."""
    found: defaultdict[int, list[int]] = defaultdict(list)
    for hour in seen:
        found[hour % HOURS].append(hours.get(hour, 0))
    return {hour: sum(events) / len(events) for hour, events in found.items()}


def within(hour: int, spans: Sequence[Span]) -> bool:
    """Whether any of an hour lies in one of the spans."""
    return any(first < (hour + 1) * HOUR and hour * HOUR < end for first, end in spans)
