"""The tables as a person reads them on a terminal; `--json` prints the same rows whole."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from agent.language.codes import display_name
from agent.notify.text import one_line
from agent.records import TagReason

NOTHING = "–"
ANY_WIDTH = 10_000
NO_THRESHOLD = (
    "No hit rate yet: quality.hit_threshold is auto, and learned once the reference languages have 1,000 best scores. "
    "Distances have none."
)
STATES: Mapping[str, str] = {"firing": "bold red", "pending": "yellow", "low": "yellow", "resolved": "green"}
DIMENSIONS = ("service", "environment", "collection", "embedding_model", "index_version")
WORDS = ("language", "language", "document\nlanguage", "state", *(name.replace("_", "\n") for name in DIMENSIONS))
COUNTS = ("messages", "accepted", "rejected", "duplicates", "excluded")
Row = Mapping[str, Any]
Show = Callable[[Row], str | Text]


def tally(result: Row) -> RenderableType:
    """What became of the messages of a replay, and the time they span."""
    if not result["messages"]:
        return Text("There is nothing new to count: the log is empty, or this store has counted it already.")
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in result["reasons"].items())
    told = {"rejected": f" ({reasons})"} if reasons else {}
    counts = ", ".join(f"{_many(result[name], name)}{told.get(name, '')}" for name in COUNTS if result[name] or name != "excluded")
    span = f"\n{result['first']} to {result['last']}" if result["first"] else ""
    return Text(f"{counts}{span}")


def tags(reasons: Mapping[TagReason, int], declared: int, agreeing: int) -> Text:
    """Why queries are und or mixed, and how often the declared language is the detected one; empty without such."""
    why = ", ".join(f"{reason.replace('_', ' ')} {count:,}" for reason, count in sorted(reasons.items()))
    share = f"{100 * agreeing / declared:.1f} %" if declared else ""
    alike = f"{_many(declared, 'declared languages')} compared with the text: {share} are the same" if declared else ""
    return Text("\n".join(filter(None, (f"why queries are und or mixed: {why}" if why else "", alike))))


def _many(count: int, name: str) -> str:
    return f"{count:,} {name.removesuffix('s') if count == 1 else name}"


def languages(rows: Sequence[Row]) -> RenderableType:
    """One line a language (and version, collection …): volume, measures, state."""
    table = _Fitting(rows, {"language": _language("language"), **_dimensions(rows), **_measures(rows)})
    return Group(table, *_missing(rows))


def pairs(rows: Sequence[Row]) -> RenderableType:
    """One line a pair of query language and document language."""
    keys = {"language": _language("language"), "document\nlanguage": _language("document_language")}
    return Group(_Fitting(rows, {**keys, **_dimensions(rows), **_measures(rows)}), *_missing(rows))


def _missing(rows: Sequence[Row]) -> Iterable[RenderableType]:
    """Why there are scores and no hit rate."""
    known = {name for row in rows for name in ("similarity_mean", "hit_rate", "hit_threshold") if row[name] is not None}
    if known == {"similarity_mean"}:
        yield Text(NO_THRESHOLD, style="dim")


def alerts(rows: Sequence[Row]) -> RenderableType:
    """A head line for each incident, and what it says below."""
    return Group(*(part for row in rows for part in _alert(row)))


def _alert(row: Row) -> Iterable[RenderableType]:
    place = " · ".join(one_line(row[name]) for name in ("service", "environment") if row[name])
    ended = f", resolved {_minute(row['resolved_at'])}" if row["resolved_at"] else ""
    what = [row["severity"], one_line(display_name(row["language"])), place, f"since {_minute(row['began_at'])}{ended}"]
    head = f"  {'  '.join(filter(None, what))}  "
    yield Text.assemble((row["state"], STATES.get(row["state"], "")), head, (row["fingerprint"], "dim"))
    told = [one_line(row["summary"], ANY_WIDTH), *_handled(row), *_muted(row)]
    yield Padding(Text("\n".join(told)), (0, 0, 1, 2))


def _handled(row: Row) -> Iterable[str]:
    """What a person did with it, in one line."""
    done = {"acknowledged": row["acknowledged_at"], "accepted": row["accepted_at"]}
    words = [f"{name} {_minute(at)}" for name, at in done.items() if at]
    closed = [f"closed as {row['verdict']}"] if row["verdict"] else []
    by = [f"by {one_line(row['handled_by'])}"] if row["handled_by"] else []
    if words:
        yield " ".join([", ".join([*words, *closed]), *by]) + (f": {one_line(row['note'], ANY_WIDTH)}" if row["note"] else "")


def _muted(row: Row) -> Iterable[str]:
    """That nobody is told of it for now, and why."""
    if by := row["muted_by"]:
        until = f" until {_minute(row['muted_until'])}" if row["muted_until"] else ""
        yield f"muted{until} ({by['id']}): {one_line(by['reason'], ANY_WIDTH)}"


def changes(rows: Sequence[Row]) -> RenderableType:
    """One line a deployment: when, where, what, and whether somebody announced it."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for heading in ("time", "where", "embedding model", "index version", "known by"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        where = " · ".join(one_line(row[name]) for name in ("service", "environment", "collection") if row.get(name))
        names = (where, one_line(row["embedding_model"]), one_line(row["index_version"]), _known_by(row))
        table.add_row(_minute(row.get("at")), *(Text(name or NOTHING) for name in names))
    return table


def _known_by(row: Row) -> str:
    if not row.get("announced"):
        return one_line(row.get("notice") or "traffic", ANY_WIDTH)
    said = one_line(row["note"], ANY_WIDTH)
    return " ".join(filter(None, ("announced", row["by"] and f"by {one_line(row['by'])}"))) + (f": {said}" if said else "")


class _Fitting:
    """A table with room between its columns, or close together where the screen is too narrow for that."""

    def __init__(self, rows: Sequence[Row], shown: Mapping[str, Show]) -> None:
        self._rows = rows
        self._shown = shown

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Names are folded where even that is too wide; figures are not."""
        roomy = _table(self._rows, self._shown, room=1)
        fits = Measurement.get(console, options.update(width=ANY_WIDTH), roomy).maximum <= options.max_width
        yield roomy if fits else _table(self._rows, self._shown, room=0)


def _table(rows: Sequence[Row], shown: Mapping[str, Show], room: int) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, room, 0, 0), header_style="bold")
    for heading in shown:
        name = heading in WORDS and heading != "state"
        table.add_column(heading, no_wrap=not name, overflow="fold", vertical="bottom")
        table.columns[-1].justify = "left" if heading in WORDS else "right"
    for row in rows:
        table.add_row(*(show(row) for show in shown.values()), style=STATES.get(row["state"], ""))
    return table


def _dimensions(rows: Sequence[Row]) -> dict[str, Show]:
    """The columns of `--by`; the model only where there are several, since most services have one."""
    several = {name for name in DIMENSIONS if len({row.get(name) for row in rows}) > 1}
    shown = [name for name in DIMENSIONS if rows and name in rows[0] and (name in several or name != "embedding_model")]
    return {name.replace("_", "\n"): _text(name) for name in shown}


def _measures(rows: Sequence[Row]) -> dict[str, Show]:
    """Columns of measures; one that no row has is left out."""
    k = rows[0]["k"] if rows else 10
    columns: dict[str, tuple[str, Show]] = {
        "queries": ("queries", lambda row: f"{row['queries']:,}"),
        f"recall\n@{k}": ("recall_at_k", _percent("recall_at_k")),
        f"MRR\n@{k}": ("mrr_at_k", _number("mrr_at_k")),
        f"nDCG\n@{k}": ("ndcg_at_k", _number("ndcg_at_k")),
        f"best\nscore\n≥ {_threshold(rows)}": ("hit_rate", _percent("hit_rate")),
        "mean\nscore": ("similarity_mean", _number("similarity_mean")),
        "zero\nresults": ("zero_result_rate", _percent("zero_result_rate")),
        f"trans-\nlation\n< {_low(rows)}": ("translation", _poor),
        "p95\nms": ("latency_p95_ms", lambda row: NOTHING if row["latency_p95_ms"] is None else f"{row['latency_p95_ms']:,.0f}"),
        "state": ("state", _text("state")),
    }
    return {heading: show for heading, (name, show) in columns.items() if any(row[name] is not None for row in rows)}


def _threshold(rows: Sequence[Row]) -> str:
    limits = {row["hit_threshold"] for row in rows}
    return f"{round(limits.pop(), 2):g}" if len(limits) == 1 and None not in limits else "t"


def _low(rows: Sequence[Row]) -> str:
    return f"{rows[0]['translation_low']:g}" if rows else ""


def _poor(row: Row) -> str:
    """The share of translations of low confidence, of all engines together."""
    known = [each for each in row["translation"] or () if each["low_share"] is not None]
    n = sum(each["n"] for each in known)
    return f"{100 * sum(each['low_share'] * each['n'] for each in known) / n:.1f} %" if n else NOTHING


def _text(name: str) -> Show:
    return lambda row: Text(one_line(row[name]) or NOTHING)


def _language(name: str) -> Show:
    return lambda row: Text(one_line(display_name(row[name])))


def _percent(name: str) -> Show:
    return lambda row: NOTHING if row[name] is None else f"{100 * row[name]:.1f} %"


def _number(name: str) -> Show:
    return lambda row: NOTHING if row[name] is None else f"{row[name]:.3f}"


def _minute(stamp: str | None) -> str:
    return stamp[:16].replace("T", " ") if stamp else NOTHING
