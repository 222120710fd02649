"""The statements, and how the fields of `Measures` lie in the table."""

from collections.abc import Mapping, Sequence
from typing import Any

from agent.aggregate.measures import HINTS
from agent.records import WindowKey

KIND = "Enum8('language' = 1, 'pair' = 2, 'position' = 3, 'language_day' = 4, 'pair_day' = 5)"
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
SPAN = """
WITH (SELECT (min(hour), max(hour)) FROM windows WHERE kind = 'language_day' AND events > 0) AS outer
SELECT count(), min(minute), max(minute) FROM windows
WHERE kind = 'language' AND events > 0 AND (hour < outer.1 + INTERVAL 1 DAY OR hour >= outer.2)
"""
JOURNAL = "SELECT kind, id, at, body FROM journal FINAL WHERE kind IN {kinds:Array(String)}"
SINCE = " AND at >= {since:DateTime64(3, 'UTC')}"
UNTIL = " AND at <= {until:DateTime64(3, 'UTC')}"
OLDEST_FIRST = " ORDER BY at, written"
JOURNAL_REVISION = "SELECT count(), max(written) FROM journal"
RANGE = "hour >= toStartOfHour({start:DateTime('UTC')}) AND minute >= {start:DateTime('UTC')} AND minute < {end:DateTime('UTC')}"
DAYS = "hour >= {start:DateTime('UTC')} AND hour < {end:DateTime('UTC')}"  # of rows of days: RANGE takes 5 ms more to plan
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
    "untold",
)


def total(name: str) -> str:
    """The expression that sums a column over rows that may not be merged yet."""
    return f"{'sumMap' if MEASURES[name].startswith('Map') else 'sum'}({name})"


def _filters(where: Sequence[str]) -> str:
    """The columns that are filtered."""
    return "".join(f" AND {column} = {{{column}:String}}" for column in where)


def journal(*, since: bool, until: bool) -> str:
    """Rows of some kinds, with these ends: planning takes longer than reading, so that none is said which is not needed."""
    return f"{JOURNAL}{SINCE if since else ''}{UNTIL if until else ''}{OLDEST_FIRST}"


def sessions(where: Sequence[str], *, days: bool = False) -> str:
    """How many distinct sessions there are."""
    return f"SELECT uniqCombinedMerge(sessions) FROM windows WHERE {_selected(where, days=days)}"


def sessions_by_language(where: Sequence[str], *, days: bool = False) -> str:
    """The same by language."""
    return (
        f"SELECT language, uniqCombinedMerge(sessions) AS n FROM windows WHERE {_selected(where, days=days)} "
        "GROUP BY language HAVING n > 0 ORDER BY language"
    )


def totals(by: Sequence[str], where: Sequence[str], sums: Sequence[str] = READABLE, *, days: bool = False) -> str:
    """Sums of these columns, grouped by `by`; `where` are the columns that are filtered, `days` says that rows of days are read."""
    columns = ", ".join(by)
    chosen = ", ".join(total(name) for name in sums)
    return f"SELECT {columns}, {chosen} FROM windows WHERE {_selected(where, days=days)} GROUP BY {columns}"


def series(by: Sequence[str], where: Sequence[str], step: int, sums: Sequence[str] = READABLE, *, days: bool = False) -> str:
    """The same by stretches of so many minutes, as Unix seconds; in the order of time and key."""
    grouped = totals(("at", *by), where, sums, days=days)
    return f"{grouped.replace('SELECT at', f'SELECT toUnixTimestamp({_begin(step)}) AS at', 1)} ORDER BY at, {', '.join(by)}"


def _selected(where: Sequence[str], *, days: bool) -> str:
    return f"kind = {{kind:String}} AND {DAYS if days else RANGE}{_filters(where)}"


def _begin(step: int) -> str:
    return "minute" if step == 1 else f"toStartOfInterval(minute, INTERVAL {step} MINUTE)"


def minutes(step: int = 1) -> str:
    """What rules read: language windows by minute, or by so many minutes, in the order of time."""
    columns = ", ".join(KEY_COLUMNS)
    sums = ", ".join(total(name) for name in MINUTE_SUMS)
    return (
        f"SELECT intDiv(toUnixTimestamp({_begin(step)}), 60) AS at, {columns}, {sums} FROM windows "
        f"WHERE kind = 'language' AND {RANGE} GROUP BY at, {columns} ORDER BY at, {columns}"
    )
