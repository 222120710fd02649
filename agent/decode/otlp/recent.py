"""What earlier records of the partition said of a trace: what a span that comes later may need of them.

As with duplicates the answer hangs on the log alone: a note counts for the next 500 records and 20,000 notes, so whoever has
read the window before a position answers as the one who was there.
"""

from typing import Final, NamedTuple

from msgspec import Struct

RECORDS: Final = 500  # an exporter sends every few seconds: the rest of a trace is among the next records
MOST: Final = 20_000  # notes


class Note(NamedTuple):
    """What was seen of a trace: the newest embedding, beside what it stood, and the spans inside which a retrieval was counted."""

    model: str | None = None
    text: str | None = None
    beside: str = ""
    counted_in: frozenset[str] = frozenset()


class _Kept(Struct):
    offset: int
    ordinal: int
    note: Note


class RecentTraces:
    """Notes by trace id, in two generations."""

    def __init__(self, records: int = RECORDS, most: int = MOST) -> None:
        self._records, self._most = records, most
        self._count = 0
        self._young: dict[str, _Kept] = {}
        self._old: dict[str, _Kept] = {}

    def get(self, trace_id: str, offset: int) -> Note | None:
        """What is known of a trace at this offset; offsets ascend."""
        kept = self._young.get(trace_id) or self._old.get(trace_id)
        if kept is None or offset - kept.offset > self._records or self._count - kept.ordinal > self._most:
            return None
        return kept.note

    def put(self, trace_id: str, offset: int, note: Note) -> None:
        """Remember a note instead of the one before."""
        self._count += 1
        self._young[trace_id] = _Kept(offset, self._count, note)
        if len(self._young) > self._most:
            self._young, self._old = {}, self._young
