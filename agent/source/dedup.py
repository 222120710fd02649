"""Duplicates: an event whose id is among the last 50,000 offsets of its partition was counted already.

The answer depends on the log alone: whoever has read the 50,000 offsets before a position decides as the one who was there.
"""

WINDOW = 50_000


class RecentIds:
    """64-bit hashes of ids with their last offset, in two generations; about 10 MB a partition when full."""

    def __init__(self, window: int = WINDOW) -> None:
        self._window = window
        self._young: dict[int, int] = {}
        self._old: dict[int, int] = {}

    def repeats(self, event_id: str, offset: int, after: int = -1) -> bool:
        """Whether the id stands among the `window` offsets before this one; remembers it. Offsets come in ascending order.

        A dead letter that is fed again repeats only what came `after` it: at its own offset it was not counted, though
        with the settings of today it can be read there too.
        """
        key = hash(event_id)
        last = self._young.get(key)
        if last is None:
            last = self._old.get(key)
        self._young[key] = offset
        if len(self._young) > self._window:
            self._young, self._old = {}, self._young
        return last is not None and last > after and offset - last <= self._window
