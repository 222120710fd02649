"""A comparison as a person reads it on a terminal; `--json` prints the same figures whole."""

from collections.abc import Mapping
from typing import Final

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from agent.language.codes import display_name
from agent.notify.text import one_line
from agent.probing.comparing import words
from agent.probing.comparing.comparison import Comparison, Row
from agent.probing.comparing.verdict import Verdict

NOTHING: Final = "–"
STYLES: Final[Mapping[Verdict, str]] = {
    Verdict.FAIL: "bold red",
    Verdict.INCONCLUSIVE: "yellow",
    Verdict.INSUFFICIENT: "yellow",
    Verdict.PASS: "green",
}
HEADINGS: Final = ("queries", "base", "candi-\ndate", "fall", "95 %\ninterval", "verdict", "needs")


def table(comparison: Comparison) -> RenderableType:
    """One line a language, the worst first, and below them what they say together."""
    asked = comparison.asked
    drawn = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    languages = ("language",) if asked.by == "language" else ("language", "docu-\nments")
    for heading in (*languages, *HEADINGS):
        drawn.add_column(heading, vertical="bottom", no_wrap=heading not in languages, overflow="fold")
        drawn.columns[-1].justify = "left" if heading in {*languages, "verdict"} else "right"
    for row in comparison.rows:
        names = [Text(one_line(display_name(tag)) or NOTHING) for tag in row.group[: len(languages)]]
        drawn.add_row(*names, *_cells(row), style=STYLES[row.verdict])
    head = f"{asked.metric} in points: {one_line(comparison.base.name)} → {one_line(comparison.candidate.name)}"
    return Group(Text(head), Text(), drawn, Text(), Text(words.summary(comparison)))


def _cells(row: Row) -> list[str]:
    if row.judged is None:
        return ["0", *[NOTHING] * 4, row.verdict, NOTHING]
    found = row.judged.estimate
    low, high = found.ci95
    return [
        f"{row.n:,}",
        f"{100 * found.baseline:.1f}",
        f"{100 * found.candidate:.1f}",
        signed(found.drop),
        f"{signed(low)} to {signed(high)}",
        row.verdict,
        NOTHING if row.verdict in {Verdict.FAIL, Verdict.PASS} else f"{words.about(row.judged.needed):,}",
    ]


def signed(share: float) -> str:
    """In points, with a minus of the same width as a digit and none before 0."""
    return f"{100 * share:.1f}".replace("-", "−") if abs(share) >= 0.0005 else "0.0"  # noqa: PLR2004  half of the last digit
