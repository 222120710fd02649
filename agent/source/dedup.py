"""Duplicates: an event whose id is among the last 50,000 offsets of its partition was counted already.

The answer depends on the log alone: whoever has read the 50,000 offsets before a position decides as the one who was there.
"""

from collections.abc import Iterable

from agent.decode.dead_letter import number_of
from agent.records import Accepted

WINDOW = 50_000


class RecentIds:
    """64-bit hashes of ids with their last offset, in two generations; about 10 MB a partition when full."""

    def __init__(self, window: int = WINDOW) -> None:
        self._window = window
        self._young: dict[int, int] = {}
        self._old: dict[int, int] = {}

    def new(self, accepted: Iterable[Accepted], source: str = "") -> list[Accepted]:
        """The events whose id does not stand among the `window` offsets before theirs; remembers all. Offsets ascend.

        A dead letter of this `source` that is fed again repeats only what came after it: at its own offset it was not
        counted, though with the settings of today it can be read there too.
        """
        return [
            item
            for item in accepted
            if not self._repeats(hash(item.event.event_id), item.offset, _original(item.again, source) if item.again else -1)
        ]

    def _repeats(self, key: int, offset: int, after: int) -> bool:
        last = self._young.get(key)
        if last is None:
            last = self._old.get(key)
        self._young[key] = offset
        if len(self._young) > self._window:
            self._young, self._old = {}, self._young
        return last is not None and last > after and offset - last <= self._window


def _original(again: str, source: str) -> int:
    """Where a message that was fed again stood before in this log; -1 for one from elsewhere."""
    origin, _, offset = again.rpartition(":")
    found = number_of(offset) if origin == source else None
    return -1 if found is None else found
