"""What `doctor` prints: short, then what to do. What comes from a log is text, never markup."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from agent.notify.text import clean, one_line

MARKS: Final[Mapping[str, tuple[str, str]]] = {
    "yes": ("yes", "green"),
    "proxy": ("proxy", "yellow"),
    "no": ("no", "red"),
    "ok": ("ok", "green"),
    "warning": ("warning", "yellow"),
    "failed": ("failed", "bold red"),
    "skipped": ("skipped", "dim"),
}
Told = Mapping[str, Any]


def drawn(told: Told) -> RenderableType:
    """The document as a person reads it."""
    parts = [
        _head(told),
        _fields(told["fields"]),
        _verdicts("measure", told["metrics"], "computable") if told["events"] else None,
        _verdicts("rule", told["rules"], "works") if told["events"] else None,
        _checks(told["checks"]),
        *_advice(told["advice"], told["unlocks"]),
    ]
    return Group(*(Padding(part, (0, 0, 1, 0), expand=False) for part in parts if part))


def _head(told: Told) -> Text:
    """What there is."""
    dialects = ", ".join(f"{name} {count:,}" for name, count in told["dialects"].items())
    lines = [f"{_many(told['messages'], 'message')}, {_many(told['events'], 'retrieval')}{f' ({dialects})' if dialects else ''}"]
    for name, counts in (("rejected", told["rejected"]), ("spans", told["spans"]), ("languages", dict(_most(told["languages"])))):
        if counts:
            lines.append(f"{name}: {', '.join(f'{one_line(each)} {count:,}' for each, count in counts.items())}")
    return Text("\n".join(lines))


def _most(languages: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    rows = list(languages.items())
    yield from rows[:10]
    if len(rows) > 10:  # noqa: PLR2004  one line
        yield f"{len(rows) - 10} more", sum(count for _, count in rows[10:])


def _fields(fields: Mapping[str, float]) -> RenderableType | None:
    """What is there, and how often; the rest on one line."""
    there = {name: share for name, share in fields.items() if share}
    if not there:
        return None
    table = _table("field", "share")
    table.columns[1].justify = "right"
    for name, share in there.items():
        table.add_row(name, f"{100 * share:.1f} %")
    absent = ", ".join(name for name in fields if name not in there)
    return Group(table, Text(f"not there: {absent}")) if absent else table


def _verdicts(title: str, verdicts: Mapping[str, Told], key: str) -> Table:
    """Those that follow each other with the same reason have one line."""
    table = _table(title, "", "why")
    for (mark, reason), same in groupby(verdicts.items(), lambda item: (_word(item[1], key), item[1]["reason"])):
        table.add_row("\n".join(name for name, _ in same), _mark(mark), Text(clean(reason)))
    return table


def _word(one: Told, key: str) -> str:
    if not one[key]:
        return "no"
    return "proxy" if one["proxy"] else "yes"


def _checks(checks: Iterable[Told]) -> Table | None:
    table = _table("check", "", "found")
    for check in checks:
        table.add_row(Text(one_line(check["name"])), _mark(check["status"]), Text(clean(check["sentence"])))
    return table if table.row_count else None


def _advice(advice: Sequence[str], unlocks: Sequence[Sequence[str]]) -> Iterator[RenderableType]:
    if not advice:
        yield Text("There is nothing to set: everything that is read is there.")
        return
    table = Table(
        title="What to set, the most useful first", title_justify="left", box=None, show_header=False, padding=(0, 1, 0, 0)
    )
    for number, (text, brings) in enumerate(zip(advice, unlocks, strict=True), 1):
        table.add_row(f"{number}.", Text(clean(text)))
        if brings:
            table.add_row("", Text(f"brings {', '.join(brings)}", "dim"))
    yield table


def _mark(name: str) -> Text:
    word, style = MARKS[name]
    return Text(word, style)


def _table(*headings: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for heading in headings:
        table.add_column(heading, no_wrap=heading not in {"why", "found"})
    return table


def _many(count: int, name: str) -> str:
    return f"{count:,} {name}{'s' * (count != 1)}"
