"""as_of: up to when everything is counted, read from offsets and not from event times.

A note says how long all partitions were at a wall time. It is covered once every stored position has reached it; what was
logged `lateness` before a covered note is complete. A producer with a wrong clock can neither blind nor fool this.

A partition that nobody can read any more would hold as_of for ever: after 15 minutes notes are covered without it. What is known
of standing still lives in this process alone: whoever begins anew has no notes, and waits for 15 minutes anew.
"""

from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, NamedTuple

STUCK_AFTER: Final = timedelta(minutes=15)
OVERTAKEN: Final = 3  # notes at which others had been read: where nothing is read at all, nothing would be gained by going on
FLUSHES: Final = 3  # a position moves once a flush
NOBODY: Final[Mapping[str, datetime]] = {}


class Note(NamedTuple):
    """End offsets of all partitions at a wall time, by source."""

    at: datetime
    ends: Mapping[str, int]


class Still(NamedTuple):
    """A source that was behind the log's end at position `at` already `since` then; others have been read at so many notes since."""

    at: int
    since: datetime
    overtaken: int = 0


class Reach(NamedTuple):
    """Up to when everything is counted; but for the sources in `without`, which stand still since the times that are given."""

    at: datetime | None
    without: Mapping[str, datetime] = NOBODY


def patience(flush_interval: timedelta) -> timedelta:
    """How long a position may stand still before it is stuck: 15 minutes, or longer where it moves seldom."""
    return max(STUCK_AFTER, FLUSHES * flush_interval)


def standing(before: Mapping[str, Still], note: Note, stored: Mapping[str, int], *, others_move: bool) -> dict[str, Still]:
    """The sources that are behind at this note. One that moves, however far it is behind, has been standing since now."""
    found = {}
    for source, end in note.ends.items():
        at = stored.get(source, -1)
        if at < end:
            known = before.get(source)
            if known and known.at == at:
                found[source] = known._replace(overtaken=known.overtaken + others_move)
            else:
                found[source] = Still(at, note.at)
    return found


def stuck(still: Mapping[str, Still], now: datetime, after: timedelta) -> dict[str, datetime]:
    """Who is left out, and since when it stands still: for so long, while others were read.

    Others at three notes: after an outage of the store or the broker, which stops all, somebody is the first to go on.
    """
    return {source: one.since for source, one in sorted(still.items()) if now - one.since >= after and one.overtaken >= OVERTAKEN}


class Coverage:
    """The notes that are not covered yet, the newest one that is, and who stands still."""

    def __init__(self, stuck_after: timedelta = STUCK_AFTER) -> None:
        self._stuck_after = stuck_after
        self._notes: deque[Note] = deque(maxlen=1000)
        self._newest: Note | None = None
        self._still: Mapping[str, Still] = {}
        self._stored: Mapping[str, int] = {}
        self.covered: datetime | None = None

    def note(self, at: datetime, ends: Mapping[str, int]) -> None:
        """Remember how long the log is now; a log without partitions says nothing."""
        if ends:
            self._newest = Note(at, dict(ends))
            self._notes.append(self._newest)

    def advance(self, stored: Mapping[str, int]) -> Reach:
        """The time of the newest note that the stored positions cover; it never goes backwards.

        An older note that cannot be covered, because a partition in it is gone, holds up nothing; nor does one that is stuck.
        """
        without = self._stuck(stored)
        for note in reversed(self._notes):
            if all(stored.get(source, -1) >= end for source, end in note.ends.items() if source not in without):
                self.covered = note.at
                while self._notes.popleft() is not note:
                    pass
                break
        return Reach(self.covered, without)

    def _stuck(self, stored: Mapping[str, int]) -> Mapping[str, datetime]:
        note = self._newest
        if note is None:
            return NOBODY
        moves = any(stored.get(source) != self._stored.get(source) for source in note.ends)
        self._still, self._stored = standing(self._still, note, stored, others_move=moves), dict(stored)
        return stuck(self._still, note.at, self._stuck_after)
