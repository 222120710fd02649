"""Duplicates: an event whose id is among the last 50,000 offsets of its partition, and the last 50,000 events, was counted already.

The answer depends on the log alone: whoever has read the offsets of the window before a position decides as the one who was
there. Where a record has many events the window is of fewer offsets, and the number of events bounds the memory.
"""

from collections.abc import Iterable

from agent.decode.dead_letter import number_of
from agent.records import Accepted

WINDOW = 50_000
MOST = 50_000  # events
ORDINAL = 32  # bits; the offset stands above them
ORDINALS = (1 << ORDINAL) - 1


class RecentIds:
    """64-bit hashes of ids with the place of their last event, in two generations; about 10 MB a partition when full."""

    def __init__(self, window: int = WINDOW, most: int = MOST) -> None:
        """`window`: how many offsets back are looked at; `most`: how many events."""
        self._window = window
        self._most = most
        self._count = 0
        self._young: dict[int, int] = {}
        self._old: dict[int, int] = {}

    def new(self, accepted: Iterable[Accepted], source: str = "") -> list[Accepted]:
        """The events whose id does not stand in the window before theirs; remembers all. Offsets ascend.

        A dead letter of this `source` that is fed again repeats only what came after it: at its own offset it was not
        counted, though with the settings of today it can be read there too.
        """
        return [
            item
            for item in accepted
            if not self._repeats(hash(item.event.event_id), item.offset, _original(item.again, source) if item.again else -1)
        ]

    def _repeats(self, key: int, offset: int, after: int) -> bool:
        place = self._young.get(key)
        if place is None:
            place = self._old.get(key)
        self._count += 1
        self._young[key] = offset << ORDINAL | self._count & ORDINALS
        if len(self._young) > self._most:
            self._young, self._old = {}, self._young
        return place is not None and self._is_recent(place, offset, after)

    def _is_recent(self, place: int, offset: int, after: int) -> bool:
        last = place >> ORDINAL
        return last > after and offset - last <= self._window and (self._count - place & ORDINALS) <= self._most


def _original(again: str, source: str) -> int:
    """Where a message that was fed again stood before in this log; -1 for one from elsewhere."""
    origin, _, offset = again.rpartition(":")
    found = number_of(offset) if origin == source else None
    return -1 if found is None else found
