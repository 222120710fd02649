"""The in-memory twin of the store, faithful in what the flush protocol leans on: tokens, positions, sums."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from agent.aggregate.aggregator import Window
from agent.aggregate.measures import Measures
from agent.alerting.sums import Minute
from agent.records import WindowKey
from agent.store.base import MINUTE, Entry, Flush, Selection, Stretch, Total
from agent.store.sql import KEY_COLUMNS, MINUTE_SUMS, READABLE

ALWAYS = timedelta(days=73_000)  # from 1970 on


class MemoryWindows:
    """Windows in a list; an insert whose token is known is acknowledged and dropped, as ClickHouse does."""

    def __init__(self) -> None:
        self._windows: list[Window] = []
        self._positions: dict[str, int] = {}
        self.tokens: set[str] = set()

    def append(self, flush: Flush) -> None:
        """Take a flush in, unless its token is known."""
        if flush.token in self.tokens:
            return
        self.tokens.add(flush.token)
        self._windows += flush.windows
        self._positions[flush.source] = max(flush.end, self._positions.get(flush.source, 0))

    def position(self, source: str) -> int | None:
        """The stored position of a source."""
        return self._positions.get(source)

    def positions(self) -> Mapping[str, int]:
        """The stored position of every source."""
        return dict(self._positions)

    def span(self) -> tuple[datetime, datetime] | None:
        """The oldest and the newest minute that holds events."""
        minutes = [window.minute for window in self._windows if window.measures.events]
        return (_time(min(minutes)), _time(max(minutes))) if minutes else None

    def totals(self, kind: str, selection: Selection, by: Sequence[str], sums: Sequence[str] = ()) -> list[Total]:
        """Sums of `language` or `pair` windows, grouped by these columns."""
        whole = self.series(kind, selection, by, ALWAYS, sums)
        return [Total(key, measures) for _, key, measures in whole]

    def series(
        self, kind: str, selection: Selection, by: Sequence[str], step: timedelta, sums: Sequence[str] = ()
    ) -> list[Stretch]:
        """The same by stretches of time."""
        found: defaultdict[tuple[int, WindowKey], Measures] = defaultdict(Measures)
        for window in self._windows:
            if window.kind == kind and _selected(window, selection):
                shown = {name: getattr(window.key, name) if name in by else "" for name in KEY_COLUMNS}
                found[window.minute - window.minute % (step // MINUTE), WindowKey(**shown)].merge(window.measures)
        rows = sorted(found.items(), key=lambda item: item[0])
        return [Stretch(_time(at), key, _only(measures, sums or READABLE)) for (at, key), measures in rows]

    def sessions(self, selection: Selection) -> int:
        """How many distinct sessions there are."""
        known = (window for window in self._windows if window.kind == "language" and _selected(window, selection))
        return len(set[int]().union(*(window.measures.session_hashes for window in known)))

    def sessions_by_language(self, selection: Selection) -> Mapping[str, int]:
        """How many distinct sessions each language has."""
        found: defaultdict[str, set[int]] = defaultdict(set)
        for window in self._windows:
            if window.kind == "language" and _selected(window, selection):
                found[window.key.language] |= window.measures.session_hashes
        return {language: len(hashes) for language, hashes in sorted(found.items()) if hashes}

    def minutes(self, start: datetime, end: datetime, *, step: timedelta = MINUTE) -> Iterator[Minute]:
        """Language windows in [start, end), ordered by time."""
        sums: defaultdict[tuple[int, WindowKey], Measures] = defaultdict(Measures)
        for window in self._windows:
            if window.kind == "language" and _selected(window, Selection(start, end)):
                at = window.minute - window.minute % (step // MINUTE)
                sums[at, window.key].merge(window.measures)
        for (at, key), measures in sorted(sums.items(), key=lambda item: item[0]):
            yield Minute(minute=at, key=key, **{name: getattr(measures, name) for name in MINUTE_SUMS})


class MemoryJournal:
    """The journal as a dictionary."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str], Entry] = {}
        self._written = 0

    def write(self, entries: Sequence[Entry]) -> None:
        """Keep the rows; the same (kind, id) replaces, and is the newest row then."""
        self._written += len(entries)
        for entry in entries:
            self._entries.pop((entry.kind, entry.id), None)
            self._entries[entry.kind, entry.id] = entry

    def read(self, kind: str, since: datetime | None = None, until: datetime | None = None) -> list[Entry]:
        """The rows of a kind in [since, until], oldest first."""
        found = [
            entry
            for entry in self._entries.values()
            if entry.kind == kind and (since is None or entry.at >= since) and (until is None or entry.at <= until)
        ]
        return sorted(found, key=lambda entry: entry.at)

    def together(self, kinds: Sequence[str], since: datetime | None = None) -> list[Entry]:
        """The rows of these kinds since then, oldest first."""
        return sorted((entry for kind in kinds for entry in self.read(kind, since)), key=lambda entry: entry.at)

    def revision(self) -> str:
        """How many rows were written."""
        return str(self._written)


def _only(measures: Measures, sums: Sequence[str]) -> Measures:
    """What was asked for; sessions are a state of their own and no sum."""
    return Measures(**{name: getattr(measures, name) for name in sums})


def _selected(window: Window, selection: Selection) -> bool:
    inside = selection.start <= _time(window.minute) < selection.end
    return inside and all(getattr(window.key, name) == value for name, value in selection.where.items())


def _time(minute: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
