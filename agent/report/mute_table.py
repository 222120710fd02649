"""Mutes as a person reads them on a terminal; `--json` prints the same rows whole."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from agent.notify.text import one_line

STYLES = {"active": "bold", "waiting": "yellow"}
ANY_WIDTH = 10_000
Row = Mapping[str, Any]


def mutes(rows: Sequence[Row]) -> RenderableType:
    """One line a mute: what it does now, what is silent, when, why."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for heading in ("id", "state", "silent", "when", "why"):
        table.add_column(heading, overflow="fold", no_wrap=heading in {"id", "state"})
    for row in rows:
        head = (Text(row["id"], "dim"), Text(row["state"], STYLES.get(row["state"], "dim")))
        table.add_row(*head, Text(_labels(row)), Text(_when(row)), Text(_why(row)))
    return table


def _labels(row: Row) -> str:
    told = (f"{one_line(name)}={','.join(map(one_line, values))}" for name, values in row["match"].items())
    return " ".join(told) or "everything"


def _when(row: Row) -> str:
    until = f"until {_minute(row['ends_at'])}" if row["ends_at"] else "without an end"
    since = f"from {_minute(row['starts_at'])} " if row["starts_at"] and row["state"] == "waiting" else ""
    windows = "".join(f"; {recurring(window)}" for window in row["windows"])
    removed = f", removed {_minute(row['removed_at'])}" if row["removed_at"] else ""
    return f"{since}{until}{windows}{removed}"


def recurring(window: Row) -> str:
    """When a mute that comes again is silent."""
    times = " ".join(f"{each['from']}-{each['to']}" for each in window["times"])
    return f"{','.join(window['weekdays'])} {times} {window['timezone']}"


def _why(row: Row) -> str:
    by = f" ({one_line(row['author'])})" if row["author"] else ""
    return one_line(row["reason"], ANY_WIDTH) + by + (" · file" if row["source"] == "file" else "")


def _minute(stamp: str) -> str:
    return stamp[:16].replace("T", " ")
