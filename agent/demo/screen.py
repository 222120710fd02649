"""What the demo shows while it runs: one table of languages, the newest alert, and what to type in a second shell.

Everything here is a pure function of what it is given. Colour only repeats what the signs say.
"""

import textwrap
from collections.abc import Mapping, Sequence
from math import hypot
from typing import Any, Final

from rich import box
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from agent.language.codes import UNDETERMINED, display_name

Row = Mapping[str, Any]  # one of `languages --json`

NO_DATA: Final = "–"
RECALL: Final = "recall_at_k"
LEGEND: Final = "▲ ▼ points of recall since the days before    △ ▽ may be chance"

_NO_LANGUAGES: Final = frozenset({UNDETERMINED, "mul", "__other__"})
_STATES: Final = {"firing": "bold red", "pending": "yellow", "low": "yellow"}
_BLANK: Final = Text("")
_SAME: Final = 0.0005  # less than this shows as 0.0 points


class Commands:
    """Lines for a shell; one that is too long for the screen is continued with a backslash, so that it can be pasted."""

    def __init__(self, commands: Sequence[str]) -> None:
        self._commands = commands

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """One command after the other, indented by two."""
        for command in self._commands:
            lines = textwrap.wrap(command, options.max_width - 6, break_long_words=False, break_on_hyphens=False)
            yield Text("  " + " \\\n    ".join(lines), style="cyan", overflow="fold")


def panel(  # noqa: PLR0913 - each is a part of the screen
    title: str,
    rows: Sequence[Row],
    before: Sequence[Row] | None = None,
    alert: str | None = None,
    commands: Sequence[str] = (),
    *,
    page: str = "",
) -> RenderableType:
    """The whole screen; `alert` is the text of the loudest fall, `page` the address of the pages."""
    parts: list[RenderableType] = [Text(title, style="bold"), _BLANK, table(rows, before), _BLANK]
    if alert:
        parts += [Panel(Text(alert), title="the alert", title_align="left", border_style="red"), _BLANK]
    if page:
        parts += [Text.assemble(("In a browser: ", "bold"), (page, "cyan"))]
    if commands:
        parts += [Text("In a second shell:", style="bold"), Commands(commands)]
    return Group(*parts)


def table(rows: Sequence[Row], before: Sequence[Row] | None = None) -> Table:
    """One row a language, in the order given, and their mean; with `before` also how recall changed."""
    known = {row["language"]: row for row in before or ()}
    shown = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, show_footer=True)
    if before:
        shown.caption, shown.caption_justify, shown.caption_style = LEGEND, "left", "dim"
    for header, footer in _columns(rows, known):
        left = header in {"Language", "State"}
        shown.add_column(header, footer, justify="left" if left else "right", vertical="bottom", no_wrap=True, footer_style="bold")
    for row in rows:
        shown.add_row(*_cells(row, known.get(row["language"])), style=_STATES.get(row.get("state") or ""))
    return shown


def _columns(rows: Sequence[Row], known: Mapping[str, Row]) -> list[tuple[str, RenderableType]]:
    """Headers, each with the cell of the last row."""
    languages = [row for row in rows if row["language"] not in _NO_LANGUAGES]
    return [
        ("Language", "Mean of all"),
        ("Queries", ""),
        (f"Recall\n@{_common(rows, 'k') or 'k'}", _share(_mean(languages, RECALL))),
        ("Change", _mean_change(languages, known)),
        ("Mean\nsimilarity", ""),
        (f"Score\n≥ {_threshold(rows)}", ""),
        ("Zero\nresults", ""),
        ("State", ""),
    ]


def _cells(row: Row, before: Row | None) -> list[RenderableType]:
    similarity = row.get("similarity_mean")
    return [
        display_name(row["language"]),
        _count(row.get("queries")),
        _share(row.get(RECALL)),
        _change(row, before),
        NO_DATA if similarity is None else f"{similarity:.3f}",
        _share(row.get("hit_rate")),
        _share(row.get("zero_result_rate")),
        row.get("state") or NO_DATA,
    ]


def _count(value: float | None) -> str:
    return NO_DATA if value is None else f"{value:,.0f}"


def _share(value: float | None) -> str:
    return NO_DATA if value is None else f"{value:.1%}"


def _common(rows: Sequence[Row], key: str) -> Any:
    """The value that all rows share; None where they differ."""
    values = {row.get(key) for row in rows}
    return values.pop() if len(values) == 1 else None


def _threshold(rows: Sequence[Row]) -> str:
    threshold = _common(rows, "hit_threshold")
    return "t" if threshold is None else f"{threshold:.2f}"


def _mean(rows: Sequence[Row], key: str) -> float | None:
    """The mean over rows that have a value, whatever their traffic."""
    values = [row[key] for row in rows if row.get(key) is not None]
    return sum(values) / len(values) if values else None


def _mean_change(languages: Sequence[Row], known: Mapping[str, Row]) -> Text:
    """The change of the mean over those languages that have recall then and now."""
    both = [row for row in languages if row.get(RECALL) is not None and known.get(row["language"], {}).get(RECALL) is not None]
    now, then = _mean(both, RECALL), _mean([known[row["language"]] for row in both], RECALL)
    if now is None or then is None:
        return Text(NO_DATA)
    chance = hypot(*(_half_interval(row) for row in both)) / len(both)
    return _signed(now - then, sure=abs(now - then) > chance)


def _half_interval(row: Row) -> float:
    low, high = (row.get("ci95") or {}).get(RECALL) or (0.0, 0.0)
    return float(high - low) / 2


def _change(row: Row, before: Row | None) -> Text:
    """Points of recall gained or lost; sure where the earlier recall lies outside today's 95 % interval."""
    now, then = row.get(RECALL), before.get(RECALL) if before else None
    if now is None or then is None:
        return Text(NO_DATA)
    low, high = (row.get("ci95") or {}).get(RECALL) or (now, now)
    return _signed(now - then, sure=not low <= then <= high)


def _signed(change: float, *, sure: bool) -> Text:
    if abs(change) < _SAME:
        return Text("= 0.0", style="dim")
    sign, colour = ("▲", "green") if change > 0 else ("▼", "red")
    if not sure:
        sign, colour = ("△" if change > 0 else "▽"), "dim"
    return Text(f"{sign} {abs(change) * 100:.1f}", style=colour)
