"""Golden runs as a person reads them on a terminal; `--json` prints the same whole."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from agent.language.codes import UNDETERMINED, display_name
from agent.notify.text import one_line

NOTHING: Final = "–"
ANY_WIDTH: Final = 10_000
MEASURES: Final = {
    "nDCG\n@10": "ndcg_at_10",
    "MRR\n@10": "mrr_at_10",
    "recall\n@10": "recall_at_10",
    "recall\n@100": "recall_at_100",
}
MAIN: Final = "recall_at_10"
LEGEND: Final = "Figures in percent. ± 95 %: half the interval of recall@10; same, cross: recall@10 where the relevant documents are in the query's language, in others."
RUNS: Final = (
    "Means over languages, each counting the same. `compare` takes what begins with golden: (never a run of some languages only)."
)
Row = Mapping[str, Any]


def run(told: Row) -> RenderableType:
    """A line a language, then the pairs, then what weakens the figures; two searches side by side where there were two."""
    parts: list[RenderableType] = [_head(told), _languages(told["languages"]), Text(LEGEND, style="dim")]
    if told["pairs"]:
        parts += [Text(), _pairs(told["pairs"])]
    parts += _warnings(told)
    if "against" in told:
        parts += [Text(), run(told["against"]), Text(), *_differences(told)]
    return Group(*parts)


def _head(told: Row) -> Text:
    failed = f", {told['failed']:,} failed" if told["failed"] else ""
    return Text(f"{one_line(told['name'])}: {told['queries']:,} queries{failed}, {_minute(told['at'])}", style="bold")


def _languages(rows: Sequence[Row]) -> Table:
    table = _table(("language", "queries", *MEASURES, "± 95 %", "same", "cross"))
    for row in rows:
        sides = (_share((row[name] or {}).get(MAIN)) for name in ("same_language", "cross_language"))
        table.add_row(_name(row["language"]), f"{row['n']:,}", *_figures(row), _half(row), *sides)
    return table


def _pairs(rows: Sequence[Row]) -> Table:
    table = _table(("language", "documents", "queries", *MEASURES, "± 95 %"))
    for row in rows:
        names = (_name(row["query_language"]), _name(row["document_language"]))
        table.add_row(*names, f"{row['n']:,}", *_figures(row), _half(row))
    return table


def _differences(told: Row) -> Iterable[RenderableType]:
    first, second = one_line(told["name"]), one_line(told["against"]["name"])
    yield Text(f"{second} is better than {first} by, in points on the queries that both answered:", style="bold")
    table = _table(("language", "queries", *MEASURES, "± 95 %"))
    for row in told["differences"]:
        points = (NOTHING if row[name] is None else f"{100 * row[name]:+.1f}" for name in MEASURES.values())
        table.add_row(_name(row["language"]), f"{row['n']:,}", *points, _half(row))
    yield table


def _warnings(told: Row) -> list[RenderableType]:
    return [Text(f"- {one_line(text, ANY_WIDTH)}", style="yellow") for text in (*_lost(told), *told["warnings"])]


def runs(rows: Sequence[Row]) -> RenderableType:
    """A line a run, the newest last: what `compare` finds it by and the means over its languages; then what has no figures."""
    table = _table(("run", "time", "queries", "failed", "lan-\nguages", *MEASURES), room=0)
    for row in rows:
        told = [one for one in row["languages"] if one["reason"] is None]
        means = (_share(_mean([one[name] for one in told])) for name in MEASURES.values())
        counts = (f"{row['queries']:,}", f"{row['failed']:,}", str(len(row["languages"])))
        table.add_row(Text(_address(row)), _minute(row["at"]), *counts, *means)
    return Group(table, Text(RUNS, style="dim"), *(_incomplete(row) for row in rows if any(_lost(row))))


def _address(row: Row) -> str:
    return one_line(row["address"] or f"{row['name']} (only {', '.join(row['languages_only'])})", ANY_WIDTH)


def _lost(row: Row) -> list[str]:
    return [f"{display_name(one['language'])} has no figures: {one['reason']}" for one in row["languages"] if one["reason"]]


def _incomplete(row: Row) -> Text:
    return Text(one_line(f"- {_address(row)}, {_minute(row['at'])}: {'; '.join(_lost(row))}", ANY_WIDTH), style="yellow")


def coverage(told: Row) -> RenderableType:
    """Pairs with their shares, those with traffic and too few queries, and what to label next."""
    table = _table(("language", "documents", "traffic", "share of\ntraffic", "judged", "share of\nthe set"))
    for row in told["pairs"]:
        style = "" if row["enough"] else "yellow"
        cells = (f"{row['traffic']:,}", _share(row["traffic_share"]), f"{row['judged']:,}", _share(row["set_share"]))
        table.add_row(_name(row["query_language"]), _documents(row), *cells, style=style)
    return Group(table, *_short(told["pairs"]), *_next(told["label_next"]))


def _short(rows: Sequence[Row]) -> Iterable[RenderableType]:
    short = [_pair(row) for row in rows if not row["enough"]]
    if short:
        yield Text(f"With traffic and under 100 judged queries: {', '.join(short)}.", style="yellow")


def _next(rows: Sequence[Row]) -> Iterable[RenderableType]:
    if rows:
        yield Text(f"\nLabel next, {sum(row['queries'] for row in rows):,} queries:", style="bold")
        yield Text("\n".join(f"  {row['queries']:>6,}  {_pair(row)}" for row in rows))


def _pair(row: Row) -> str:
    return f"{display_name(row['query_language'])} → {_documents(row)}"


def _documents(row: Row) -> str:
    """Documents whose language the log does not tell are those of all."""
    language = row["document_language"]
    return "any" if language == UNDETERMINED else one_line(display_name(language))


def _table(headings: Iterable[str], room: int = 1) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, room, 0, 0), header_style="bold")
    for heading in headings:
        text = heading in {"language", "documents", "run", "time"}
        table.add_column(heading, justify="left" if text else "right", no_wrap=not text, overflow="fold")
    return table


def _name(language: str) -> Text:
    return Text(one_line(display_name(language)))


def _figures(row: Row) -> list[str]:
    return [_share(row[name]) for name in MEASURES.values()]


def _half(row: Row) -> str:
    found = row["ci95"][MAIN]
    return NOTHING if found is None else f"{50 * (found[1] - found[0]):.1f}"


def _share(value: float | None) -> str:
    return NOTHING if value is None else f"{100 * value:.1f}"


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _minute(stamp: str) -> str:
    return stamp[:16].replace("T", " ")
