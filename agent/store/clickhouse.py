"""Windows and journal in ClickHouse, embedded or a server: the same statements."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from operator import itemgetter
from typing import Any
from uuid import uuid4

from msgspec.structs import astuple

from agent.aggregate.aggregator import Window
from agent.aggregate.measures import Measures, merged
from agent.alerting.sums import Minute
from agent.records import WindowKey
from agent.store import sql
from agent.store.base import MINUTE, Entry, Flush, Selection, Stretch, Total
from agent.store.days import DAY, NOTHING, Day, Part, by_day, kind_of_days, parts, whole
from agent.store.engine import Engine

NO_KEY = WindowKey("", "", "", "", "", "", "", "")
Columns = dict[str, tuple[str, list[Any]]]


class ClickHouseWindows:
    """Writes and reads windows."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def append(self, flush: Flush) -> None:
        """Write the windows and the position in one insert, which is one part."""
        self._engine.insert("windows", _columns(flush), token=flush.token)

    def position(self, source: str) -> int | None:
        """The stored position of a source, None where there is none."""
        ((rows, position),) = self._engine.rows(sql.POSITION, {"source": source})
        return int(position) if rows else None

    def positions(self) -> Mapping[str, int]:
        """The stored position of every source."""
        return {source: int(position) for source, position in self._engine.rows(sql.POSITIONS)}

    def span(self) -> tuple[datetime, datetime] | None:
        """The oldest and the newest minute that holds events."""
        ((rows, first, last),) = self._engine.rows(sql.SPAN)
        return (first.astimezone(UTC), last.astimezone(UTC)) if rows else None  # they come in the process's zone

    def totals(self, kind: str, selection: Selection, by: Sequence[str], sums: Sequence[str] = ()) -> list[Total]:
        """Sums of `language` or `pair` windows, grouped by these columns."""
        found: defaultdict[WindowKey, list[Measures]] = defaultdict(list)
        total = _totals(by, sums)
        for part in parts(selection):
            statement = sql.totals(by, tuple(selection.where), sums or sql.READABLE, days=part.days)
            for row in self._engine.rows(statement, _parameters(kind, part)):
                key, measures = total(row)
                found[key].append(measures)
        return [Total(key, merged(each)) for key, each in found.items()]

    def series(
        self, kind: str, selection: Selection, by: Sequence[str], step: timedelta, sums: Sequence[str] = ()
    ) -> list[Stretch]:
        """The same by stretches of time."""
        found: defaultdict[tuple[int, WindowKey], list[Measures]] = defaultdict(list)
        total = _totals(by, sums)
        for part in parts(selection) if step % DAY == NOTHING else [Part(selection, days=False)]:
            statement = sql.series(by, tuple(selection.where), step // MINUTE, sums or sql.READABLE, days=part.days)
            for row in self._engine.rows(statement, _parameters(kind, part)):
                key, measures = total(row[1:])
                found[row[0], key].append(measures)
        return [Stretch(_start(at), key, merged(each)) for (at, key), each in sorted(found.items(), key=_start_of)]

    def sessions(self, selection: Selection) -> int:
        """How many distinct sessions there are."""
        part = whole(selection)
        ((found,),) = self._engine.rows(sql.sessions(tuple(selection.where), days=part.days), _parameters("language", part))
        return int(found)

    def sessions_by_language(self, selection: Selection) -> Mapping[str, int]:
        """How many distinct sessions each language has."""
        part = whole(selection)
        statement = sql.sessions_by_language(tuple(selection.where), days=part.days)
        found = self._engine.rows(statement, _parameters("language", part))
        return {language: int(n) for language, n in found}

    def minutes(self, start: datetime, end: datetime, *, step: timedelta = MINUTE) -> Iterator[Minute]:
        """Language windows in [start, end), ordered by time."""
        width = len(sql.KEY_COLUMNS) + 1
        for row in self._engine.rows(sql.minutes(step // MINUTE), {"start": start, "end": end}):
            yield Minute(minute=row[0], key=WindowKey(*row[1:width]), **dict(zip(sql.MINUTE_SUMS, row[width:], strict=True)))


class ClickHouseJournal:
    """The journal; the last row written for an id is the one that counts."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def write(self, entries: Sequence[Entry]) -> None:
        """Write rows in one insert; writing the same twice is one row."""
        if not entries:
            return
        columns: Columns = {
            "kind": ("LowCardinality(String)", [entry.kind for entry in entries]),
            "id": ("String", [entry.id for entry in entries]),
            "at": ("DateTime64(3, 'UTC')", [entry.at for entry in entries]),
            "body": ("String", [json.dumps(entry.body, ensure_ascii=False) for entry in entries]),
        }
        self._engine.insert("journal", columns, token=uuid4().hex)  # without one, a row like an earlier one is dropped

    def read(self, kind: str, since: datetime | None = None, until: datetime | None = None) -> list[Entry]:
        """The rows of a kind in [since, until], oldest first."""
        return self._read([kind], since, until)

    def together(self, kinds: Sequence[str], since: datetime | None = None) -> list[Entry]:
        """The rows of these kinds since then, oldest first."""
        return self._read(kinds, since, None)

    def _read(self, kinds: Sequence[str], since: datetime | None, until: datetime | None) -> list[Entry]:
        statement = sql.journal(since=since is not None, until=until is not None)
        found = self._engine.rows(statement, {"kinds": list(kinds), "since": since, "until": until})
        return [Entry(kind, id_, at, json.loads(body)) for kind, id_, at, body in found]

    def revision(self) -> str:
        """How many rows there are, and when the last one was written."""
        ((rows, written),) = self._engine.rows(sql.JOURNAL_REVISION)
        return f"{rows}/{written.isoformat()}"


def _columns(flush: Flush) -> Columns:
    """The rows of a flush as columns: its windows, what they add to their days, and one row with the position."""
    windows: list[Window | Day] = [*flush.windows, *by_day(flush.windows)]
    position: list[Any] = [0] * len(windows) + [flush.end]
    columns: Columns = {
        "kind": (sql.KIND, [window.kind for window in windows] + ["position"]),
        "source": ("String", [""] * len(windows) + [flush.source]),
        "minute": ("DateTime('UTC')", [window.minute * 60 for window in windows] + [sql.NEVER]),
        "position": ("Int64", position),
    }
    # The table's are LowCardinality: the server makes them of strings, for a third of what it would take here.
    keys = zip(sql.KEY_COLUMNS, zip(*(window.key for window in windows), NO_KEY, strict=True), strict=True)
    columns |= {name: ("String", list(values)) for name, values in keys}
    return columns | _measures(windows)


def _measures(windows: Sequence[Window | Day]) -> Columns:
    """The sums; a column that is empty in all windows is not sent, which is the same to the table and costs nothing."""
    cells = zip(*(astuple(window.measures) for window in windows), astuple(Measures()), strict=True)
    filled = ((name, type_, values) for (name, type_), values in zip(sql.MEASURES.items(), cells, strict=True) if any(values))
    columns = {name: (type_, list(values)) for name, type_, values in filled}
    if "session_hashes" in columns:
        type_, hashes = columns["session_hashes"]
        columns["session_hashes"] = (type_, [sorted(each) for each in hashes])
    return columns


def _parameters(kind: str, part: Part) -> dict[str, Any]:
    selection, days = part
    return {"kind": kind_of_days(kind) if days else kind, "start": selection.start, "end": selection.end, **selection.where}


def _start_of(found: tuple[tuple[int, WindowKey], object]) -> int:
    return found[0][0]


@lru_cache(maxsize=1024)
def _start(at: int) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def _totals(by: Sequence[str], sums: Sequence[str]) -> Callable[[Sequence[Any]], Total]:
    """What makes a row of these columns a total; a page reads thousands, whose keys repeat."""
    placed = itemgetter(*(by.index(name) if name in by else -1 for name in WindowKey._fields))
    named, width = sums or sql.READABLE, len(by)

    @cache
    def key(values: tuple[str, ...]) -> WindowKey:
        return WindowKey._make(placed((*values, "")))

    def total(row: Sequence[Any]) -> Total:
        return Total(key(tuple(row[:width])), Measures(**dict(zip(named, row[width:], strict=True))))

    return total
