"""What was usual: sums by hour for each language of a collection, kept as long as a baseline may ask for them."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from agent.alerting.changes import Collection
from agent.alerting.measures import Reading
from agent.alerting.minutes import DAY, HOUR
from agent.alerting.rule import Measure
from agent.alerting.statistics import HOURS, Baseline, Sums, baseline_of

BASELINE_DAYS = 14
KEPT_DAYS = BASELINE_DAYS + 5  # a language may first appear on a new version up to three days after the change

Span = tuple[int, int]  # minutes [first, end)


class Stream(NamedTuple):
    """One language in one collection, whatever the version."""

    where: Collection
    language: str


class History:
    """Hourly sums by stream, measure and score scale."""

    def __init__(self) -> None:
        self._hours: dict[tuple[Stream, Measure], dict[tuple[str, str], dict[int, Sums]]] = {}

    def add(self, stream: Stream, minute: int, reading: Reading) -> None:
        """Count what a minute said."""
        hours = self._hours.setdefault((stream, reading.measure), {}).setdefault(reading.scale, {})
        hour = minute // HOUR
        hours[hour] = plus(hours.get(hour), reading.sums)

    def baseline(self, stream: Stream, reading: Reading, before: int, left_out: Sequence[Span]) -> Baseline | None:
        """The same hours of the complete days before the day of this minute, without the incidents in `left_out`."""
        last = before // DAY * (DAY // HOUR)
        hours = self._hours.get((stream, reading.measure), {}).get(reading.scale, {})
        used = {
            hour: sums for hour, sums in hours.items() if last - BASELINE_DAYS * HOURS <= hour < last and not within(hour, left_out)
        }
        by_hour: list[Sums | None] = [None] * HOURS
        for hour, sums in used.items():
            by_hour[hour % HOURS] = plus(by_hour[hour % HOURS], sums)
        days = -(-(last - min(used, default=last)) // HOURS)
        return baseline_of([sums or Sums() for sums in by_hour], days)

    def scales(self, stream: Stream, measure: Measure) -> Iterable[tuple[str, str]]:
        """The (model, score kind) pairs that a measure was seen with."""
        return self._hours.get((stream, measure), {}).keys()

    def forget(self, minute: int) -> None:
        """Drop what no baseline can ask for any more."""
        oldest = (minute // DAY - KEPT_DAYS) * HOURS
        for scales in self._hours.values():
            for hours in scales.values():
                for hour in [hour for hour in hours if hour < oldest]:
                    del hours[hour]


def plus(one: Sums | None, other: Sums) -> Sums:
    """Two sums as one."""
    return other if one is None else Sums(one.n + other.n, one.total + other.total, one.squares + other.squares)


def within(hour: int, spans: Sequence[Span]) -> bool:
    """Whether any of an hour lies in one of the spans."""
    return any(first < (hour + 1) * HOUR and hour * HOUR < end for first, end in spans)
