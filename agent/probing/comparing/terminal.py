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
    drawn = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=0, header_style="bold")
    for heading in (asked.by, *HEADINGS):
        drawn.add_column(heading, vertical="bottom", no_wrap=heading != asked.by, overflow="fold")
        drawn.columns[-1].justify = "left" if heading in {asked.by, "verdict"} else "right"
    for row in comparison.rows:
        drawn.add_row(Text(_name(row, comparison)), *_cells(row), style=STYLES[row.verdict])
    sides = " → ".join(f"{one_line(side.name)}{words.made(side)}" for side in (comparison.base, comparison.candidate))
    return Group(Text(f"{asked.metric} in points: {sides}"), Text(), drawn, Text(), Text(words.summary(comparison)))


def _name(row: Row, comparison: Comparison) -> str:
    """A language's name; of a pair the tags, since two names leave no room for figures on eighty columns."""
    return words.name_of(row.group) if comparison.asked.by == "pair" else one_line(display_name(row.group.language)) or NOTHING


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
