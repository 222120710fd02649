"""A comparison as a comment on a pull request. What comes from logs and from the command line is quoted, and never markup."""

import re
from collections.abc import Iterator
from typing import Final

from agent.notify.text import one_line
from agent.probing.comparing import words
from agent.probing.comparing.comparison import Comparison, Row
from agent.probing.comparing.terminal import NOTHING, signed
from agent.probing.comparing.verdict import Verdict

HEADINGS: Final = ("language", "queries", "base", "candidate", "fall", "95 % interval", "p (Holm)", "verdict")
LEAST: Final = 0.001
MARKUP: Final = re.compile(r"([\\`*_{}\[\]<>()#+!|~&$-])")
DEFUSED: Final = "@<!-- -->"  # no mention: nobody is told of a comparison because of a language's name


def markdown(comparison: Comparison) -> str:
    """The document, in GitHub's dialect."""
    return "\n".join(_lines(comparison)) + "\n"


def _lines(comparison: Comparison) -> Iterator[str]:
    asked = comparison.asked
    yield f"### babelwatch compare: {comparison.verdict}\n"
    yield f"{plain(words.summary(comparison))}\n"
    sides = " → ".join(f"{quoted(side.name)}{words.made(side)}" for side in (comparison.base, comparison.candidate))
    yield f"`{asked.metric}` in points, {sides}; a fall of {words.points(asked.max_drop)} is allowed.\n"
    yield f"| {' | '.join(HEADINGS)} |"
    yield f"| --- |{' ---: |' * (len(HEADINGS) - 2)} --- |"
    for row in comparison.rows:
        yield f"| {' | '.join(_cells(row))} |"
    for note in words.notes(comparison):
        yield f"\n{plain(note)}"


def _cells(row: Row) -> list[str]:
    verdict = f"**{row.verdict}**" if row.verdict is Verdict.FAIL else str(row.verdict)
    if row.judged is None:
        return [quoted(words.name_of(row.group)), "0", *[NOTHING] * 5, verdict]
    found = row.judged.estimate
    low, high = found.ci95
    return [
        quoted(words.name_of(row.group)),
        f"{row.n:,}",
        f"{100 * found.baseline:.1f}",
        f"{100 * found.candidate:.1f}",
        signed(found.drop),
        f"{signed(low)} to {signed(high)}",
        _chance(row.judged.p_adjusted),
        verdict,
    ]


def _chance(p_value: float) -> str:
    """No probability is 0."""
    return "< 0.001" if p_value < LEAST else f"{p_value:.3f}"


def quoted(text: str) -> str:
    """As code: no markup, no mention, no link in it, and no end of the table's cell."""
    clean = one_line(text).replace("`", "'").replace("|", "\\|")
    return f"`{clean or NOTHING}`"


def plain(text: str) -> str:
    """As text, whatever stands in it."""
    return MARKUP.sub(r"\\\1", one_line(text, limit=10_000)).replace("@", DEFUSED)
