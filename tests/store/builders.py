"""Windows, flushes and journal rows with few words."""

from datetime import UTC, datetime, timedelta
from typing import Any

from agent.aggregate.aggregator import Window
from agent.aggregate.measures import Measures
from agent.records import WindowKey
from agent.store.base import Entry, Flush, Selection

START = datetime(2026, 11, 16, 8, 0, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
KEY = WindowKey("help", "prod", "kb", "ko", "", "mini", "v1", "cosine")
ALWAYS = Selection(EPOCH, datetime(2099, 1, 1, tzinfo=UTC))


def at(minutes: float) -> datetime:
    """So long after the start."""
    return START + timedelta(minutes=minutes)


def minute(minutes: int = 0) -> int:
    """The minute of a window, so long after the start."""
    return (START - EPOCH) // timedelta(minutes=1) + minutes


def window(minutes: int = 0, /, *, pair: str = "", **changes: Any) -> Window:
    """A language's window (or that of a pair, with `pair` as document language); `changes` are dimensions or sums."""
    dimensions = {name: value for name, value in changes.items() if name in WindowKey._fields}
    sums = {name: value for name, value in changes.items() if name not in WindowKey._fields}
    where = KEY._replace(document_language=pair, **dimensions)
    return Window("pair" if pair else "language", minute(minutes), where, Measures(**({"events": 1} | sums)))


def flush(*windows: Window, source: str = "log/0", stored: int | None = None, end: int = 10, attempt: int = 0) -> Flush:
    """What one partition counted."""
    return Flush(source, stored, end, attempt, windows)


def entry(id_: str = "one", minutes: float = 0, kind: str = "note", **body: Any) -> Entry:
    """A row of the journal."""
    return Entry(kind, id_, at(minutes), body)
