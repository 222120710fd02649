"""How many events each language has: 35 days by the hour and the last hour by the minute, in two arrays."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from agent.alerting.finding import Subject
from agent.alerting.minutes import HOUR

HOURS_KEPT = 35 * 24
MINUTES_KEPT = 60
WEEK = 7 * 24  # hours
WEEKS = 4

Numbers = npt.NDArray[np.int64]
Expected = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


class Traffic:
    """Counts that forget by themselves; a row that stands for a whole hour or quarter is counted at its first minute."""

    def __init__(self) -> None:
        self.places: dict[Subject, int] = {}
        self._hours = np.zeros((0, HOURS_KEPT), np.int64)
        self._minutes = np.zeros((0, MINUTES_KEPT), np.int64)
        self.minute = -1

    def __len__(self) -> int:
        return len(self.places)

    def add(self, subject: Subject, minute: int, events: int) -> None:
        """Count what a row said; rows come in order."""
        self.turn(minute)
        place = self._place(subject)
        self._hours[place, minute // HOUR % HOURS_KEPT] += events
        self._minutes[place, minute % MINUTES_KEPT] += events

    def turn(self, minute: int) -> None:
        """It is this minute now: what is too old makes room."""
        if minute <= self.minute:
            return
        _clear(self._minutes, self.minute, minute)
        _clear(self._hours, self.minute // HOUR, minute // HOUR)
        self.minute = minute

    def hours(self, first: int, last: int) -> Numbers:
        """The events of the hours first..last, a column each."""
        return self._hours[: len(self), np.arange(first, last + 1) % HOURS_KEPT]

    def since(self, first: int) -> Numbers:
        """The events since this minute: from a full hour on, or not more than an hour ago."""
        if first % HOUR == 0:
            counts = self.hours(first // HOUR, self.minute // HOUR)
        else:
            counts = self._minutes[: len(self), np.arange(first, self.minute + 1) % MINUTES_KEPT]
        total: Numbers = counts.sum(axis=1)
        return total

    def first_hours(self) -> Numbers:
        """The first hour in which each language was seen, of those that are kept."""
        newest = self.minute // HOUR
        seen = self.hours(newest - HOURS_KEPT + 1, newest) > 0
        first: Numbers = newest - HOURS_KEPT + 1 + seen.argmax(axis=1)
        return first

    def usual(self, first: int, last: int, left_out: Mapping[int, Sequence[range]], partial: set[int]) -> Expected:
        """The lowest of the last four same weekday-hours for each of the hours first..last; 0 where none is known.

        `left_out`: by place the hours of its incidents; `partial`: hours that were not counted whole.
        """
        seen, least = self.first_hours(), np.full((len(self), last - first + 1), np.inf)
        for week in range(1, WEEKS + 1):
            hours = np.arange(first, last + 1) - week * WEEK
            known = hours >= seen[:, None]
            known[:, [hour in partial for hour in hours.tolist()]] = False
            for place, spans in left_out.items():
                known[place, [any(hour in span for span in spans) for hour in hours.tolist()]] = False
            least = np.where(known, np.minimum(least, self.hours(int(hours[0]), int(hours[-1]))), least)
        return np.where(np.isinf(least), 0.0, least)

    def silent_since(self, places: Numbers) -> int:
        """The first minute after the last event of these languages, to the minute within the last hour, else to the hour."""
        minutes = self._minutes[places][:, np.arange(self.minute - MINUTES_KEPT + 1, self.minute + 1) % MINUTES_KEPT].sum(axis=0)
        if minutes.any():
            return self.minute + 1 - int((minutes[::-1] > 0).argmax())
        hours = self.hours(self.minute // HOUR - HOURS_KEPT + 1, self.minute // HOUR)[places].sum(axis=0)
        return min(self.minute - MINUTES_KEPT + 1, (self.minute // HOUR + 1 - int((hours[::-1] > 0).argmax())) * HOUR)

    def last_hour(self) -> Iterator[tuple[Subject, list[int]]]:
        """The events of each of the last 60 minutes, oldest first, of each language that has any."""
        order = np.arange(self.minute - MINUTES_KEPT + 1, self.minute + 1) % MINUTES_KEPT
        for subject, place in self.places.items():
            if self._minutes[place].any():
                yield subject, self._minutes[place, order].tolist()

    def set_last_hour(self, minute: int, events: Iterable[tuple[Subject, Sequence[int]]]) -> None:
        """What was read back by the hour stands in one minute: put the minutes in its place."""
        self.turn(minute)
        self._minutes[:] = 0
        order = np.arange(self.minute - MINUTES_KEPT + 1, self.minute + 1) % MINUTES_KEPT
        for subject, counts in events:
            self._minutes[self._place(subject), order] = counts

    def _place(self, subject: Subject) -> int:
        place = self.places.get(subject)
        if place is None:
            place = self.places[subject] = len(self.places)
            if place == len(self._hours):
                self._hours, self._minutes = _longer(self._hours), _longer(self._minutes)
        return place


def _clear(ring: Numbers, before: int, now: int) -> None:
    """Empty the slots of the times after `before` up to `now`."""
    size = ring.shape[1]
    for time in range(max(before, now - size) + 1, now + 1):
        ring[:, time % size] = 0


def _longer(ring: Numbers) -> Numbers:
    """The ring with room for as many languages again."""
    return np.concatenate([ring, np.zeros((max(len(ring), 32), ring.shape[1]), np.int64)])
