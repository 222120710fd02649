"""The statements, and how the fields of `Measures` lie in the table."""

from collections.abc import Mapping, Sequence
from typing import Any

from agent.aggregate.measures import HINTS
from agent.records import WindowKey

KIND = "Enum8('language' = 1, 'pair' = 2, 'position' = 3)"
NEVER = 4_102_444_800  # 2100-01-01, the minute of position rows
SIGNED = {"score_sum"}
KEY_COLUMNS = WindowKey._fields
TYPES: Mapping[Any, str] = {
    int: "UInt64",
    dict[int, int]: "Map(Int16, UInt64)",
    dict[str, int]: "Map(String, UInt64)",
    set[int]: "Array(UInt64)",
}
MEASURES: Mapping[str, str] = {name: "Int64" if name in SIGNED else TYPES[hint] for name, hint in HINTS.items()}
READABLE = tuple(name for name in MEASURES if name != "session_hashes")  # sessions are a state of their own

POSITION = "SELECT count(), max(position) FROM windows WHERE kind = 'position' AND source = {source:String}"
POSITIONS = "SELECT source, max(position) FROM windows WHERE kind = 'position' GROUP BY source"
OUTER_DAYS = """
SELECT count(), min(day), max(day) FROM (
  SELECT toStartOfDay(hour) AS day, sum(events) AS known FROM windows WHERE kind = 'language' GROUP BY day HAVING known > 0
)
"""
FIRST = """
SELECT min(minute) FROM windows
WHERE kind = 'language' AND events > 0 AND hour >= {day:DateTime('UTC')} AND hour < {day:DateTime('UTC')} + INTERVAL 1 DAY
"""
LAST = "SELECT max(minute) FROM windows WHERE kind = 'language' AND events > 0 AND hour >= {day:DateTime('UTC')}"
JOURNAL = """
SELECT kind, id, at, body FROM journal FINAL
WHERE kind = {kind:String} AND at >= {since:DateTime64(3, 'UTC')} AND at <= {until:DateTime64(3, 'UTC')} ORDER BY at, written
"""
JOURNAL_REVISION = "SELECT count(), max(written) FROM journal"
DAYS = "toStartOfDay(hour) >= {start:DateTime('UTC')} AND toStartOfDay(hour) < {end:DateTime('UTC')}"
FROM_DAYS = " SETTINGS optimize_time_filter_with_preimage = 0"  # it takes toStartOfDay away, by which the projection is known
RANGE = "hour >= toStartOfHour({start:DateTime('UTC')}) AND minute >= {start:DateTime('UTC')} AND minute < {end:DateTime('UTC')}"
MINUTE_SUMS = (
    "events",
    "errors",
    "zero_results",
    "scored",
    "score_sum",
    "score_sq",
    "score_hist",
    "labelled",
    "recall_sum",
    "recall_sq",
    "mixed",
    "routes",
    "answered",
    "answered_otherwise",
    "translated",
    "translation_sum",
)


def total(name: str) -> str:
    """The expression that sums a column over rows that may not be merged yet."""
    return f"{'sumMap' if MEASURES[name].startswith('Map') else 'sum'}({name})"


def _filters(where: Sequence[str]) -> str:
    """The columns that are filtered."""
    return "".join(f" AND {column} = {{{column}:String}}" for column in where)


def sessions(where: Sequence[str]) -> str:
    """How many distinct sessions there are."""
    return f"SELECT uniqCombinedMerge(sessions) FROM windows WHERE kind = 'language' AND {RANGE}{_filters(where)}"


def sessions_by_language(where: Sequence[str]) -> str:
    """The same by language."""
    return (
        f"SELECT language, uniqCombinedMerge(sessions) AS n FROM windows WHERE kind = 'language' AND {RANGE}{_filters(where)} "
        "GROUP BY language HAVING n > 0 ORDER BY language"
    )


def totals(by: Sequence[str], where: Sequence[str], sums: Sequence[str] = READABLE, *, days: bool = False) -> str:
    """Sums of these columns, grouped by `by`; `where` are the columns that are filtered, `days` says that the range is of whole days."""
    columns = ", ".join(by)
    chosen = ", ".join(total(name) for name in sums)
    range_, end = (DAYS, FROM_DAYS) if days else (RANGE, "")
    return f"SELECT {columns}, {chosen} FROM windows WHERE kind = {{kind:String}} AND {range_}{_filters(where)} GROUP BY {columns}{end}"


def series(by: Sequence[str], where: Sequence[str], step: int, sums: Sequence[str] = READABLE, *, days: bool = False) -> str:
    """The same by stretches of so many minutes, as Unix seconds."""
    grouped = totals(("at", *by), where, sums, days=days)
    begin = _begin(step, "toStartOfDay(hour)" if days else "minute")
    return grouped.replace("SELECT at", f"SELECT toUnixTimestamp({begin}) AS at", 1)


def _begin(step: int, column: str = "minute") -> str:
    return column if step == 1 else f"toStartOfInterval({column}, INTERVAL {step} MINUTE)"


def minutes(step: int = 1) -> str:
    """What rules read: language windows by minute, or by so many minutes, in the order of time."""
    columns = ", ".join(KEY_COLUMNS)
    sums = ", ".join(total(name) for name in MINUTE_SUMS)
    return (
        f"SELECT intDiv(toUnixTimestamp({_begin(step)}), 60) AS at, {columns}, {sums} FROM windows "
        f"WHERE kind = 'language' AND {RANGE} GROUP BY at, {columns} ORDER BY at, {columns}"
    )
