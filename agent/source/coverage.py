"""as_of: up to when everything is counted, read from offsets and not from event times.

A note says how long all partitions were at a wall time. It is covered once every stored position has reached it; what was
logged `lateness` before a covered note is complete. A producer with a wrong clock can neither blind nor fool this.
"""

from collections import deque
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple


class Note(NamedTuple):
    """End offsets of all partitions at a wall time, by source."""

    at: datetime
    ends: Mapping[str, int]


class Coverage:
    """The notes that are not covered yet, and the newest one that is."""

    def __init__(self) -> None:
        self._notes: deque[Note] = deque(maxlen=1000)
        self.covered: datetime | None = None

    def note(self, at: datetime, ends: Mapping[str, int]) -> None:
        """Remember how long the log is now; a log without partitions says nothing."""
        if ends:
            self._notes.append(Note(at, dict(ends)))

    def advance(self, stored: Mapping[str, int]) -> datetime | None:
        """The time of the newest note that the stored positions cover; it never goes backwards.

        An older note that cannot be covered, because a partition in it is gone, holds up nothing.
        """
        for note in reversed(self._notes):
            if all(stored.get(source, -1) >= end for source, end in note.ends.items()):
                self.covered = note.at
                while self._notes.popleft() is not note:
                    pass
                break
        return self.covered
