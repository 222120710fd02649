"""How much traffic a language has beside what is usual: a bucket that is flooded is told apart from one that got worse.

A quarter of English tagged as Catalan looks like a fall in Catalan. Twice the usual traffic changes no verdict, four times
does; measured: ../../docs/adr/0007 and the reference behind it.
"""

from typing import Final

from agent.alerting.history import BASELINE_DAYS, KEPT_DAYS, Stream
from agent.alerting.minutes import DAY, HOUR
from agent.alerting.statistics import HOURS

FLOOD: Final = 3.0
"""So many times the usual traffic, and the queries are taken for those of another language."""

_LEAST = 30.0  # fewer expected events tell nothing


class Volumes:
    """Events by hour of each stream."""

    def __init__(self) -> None:
        self._hours: dict[Stream, dict[int, int]] = {}

    def add(self, stream: Stream, minute: int, events: int) -> None:
        """Count the events of a minute; of a past hour all stand in its first."""
        hours = self._hours.setdefault(stream, {})
        hours[minute // HOUR] = hours.get(minute // HOUR, 0) + events

    def change(self, stream: Stream, first: int, last: int) -> float | None:
        """The events in the hours from the minute `first` to `last`, as a multiple of those at the same hours of the days before.

        None where too few were expected, or nothing is known of the days before.
        """
        hours = self._hours.get(stream, {})
        usual = _usual(hours, first // DAY * HOURS)
        spanned = range(first // HOUR, last // HOUR + 1)
        elapsed = {last // HOUR: (last % HOUR + 1) / HOUR}
        expected = sum(usual[hour % HOURS] * elapsed.get(hour, 1.0) for hour in spanned)
        return sum(hours.get(hour, 0) for hour in spanned) / expected if expected >= _LEAST else None

    def forget(self, minute: int) -> None:
        """Drop what is no longer asked for."""
        oldest = (minute // DAY - KEPT_DAYS) * HOURS
        for stream, hours in self._hours.items():
            self._hours[stream] = {hour: events for hour, events in hours.items() if hour >= oldest}


def _usual(hours: dict[int, int], before: int) -> list[float]:
    """The mean of each hour of the day over the days before this hour, from the first with events on."""
    used = {hour: events for hour, events in hours.items() if before - BASELINE_DAYS * HOURS <= hour < before}
    days = -(-(before - min(used, default=before)) // HOURS)
    sums = [0] * HOURS
    for hour, events in used.items():
        sums[hour % HOURS] += events
    return [events / days if days else 0.0 for events in sums]
