"""What a comparison says in sentences. One point is a hundredth of the measure."""

from collections.abc import Iterator, Mapping
from datetime import UTC
from itertools import islice
from typing import Final

from agent.notify.text import one_line
from agent.probing.comparing.comparison import Comparison, Row
from agent.probing.comparing.sides import Side
from agent.probing.comparing.verdict import Verdict
from agent.probing.scores import Group

NAMED: Final = 3
FEW: Final = 20  # queries say nothing of how much a difference varies, so nobody knows how many are needed
ONE_SIDED: Final = 0.2  # of a language's queries; fewer are the rule where logs are of different days
BIASED: Final = "The labels are clicks, which follow what the old version ranked: this is biased against what ranks otherwise."
VERBS: Final[Mapping[Verdict, tuple[str, str]]] = {
    Verdict.FAIL: ("fails", "fail"),
    Verdict.PASS: ("passes", "pass"),
    Verdict.INCONCLUSIVE: ("is inconclusive", "are inconclusive"),
    Verdict.INSUFFICIENT: ("is insufficient", "are insufficient"),
}
OPEN: Final = (Verdict.INCONCLUSIVE, Verdict.INSUFFICIENT)


def name_of(group: Group) -> str:
    """`ko`, of a pair `ko → en`; languages come from logs and are made fit for a line."""
    return " → ".join(one_line(tag) for tag in group if tag)


def made(side: Side) -> str:
    """` (2026-11-16T04:00Z)`, when a golden run was made: names are used again. Empty for a log."""
    return f" ({side.at.astimezone(UTC):%Y-%m-%dT%H:%MZ})" if side.at else ""


def summary(comparison: Comparison) -> str:
    """`2 languages fail, 9 pass, 1 is inconclusive: zh needs 2,300 judged queries.`, the largest open ones first."""
    noun = "language" if comparison.asked.by == "language" else "pair"
    open_ = sorted((row for row in comparison.rows if row.verdict in OPEN), key=lambda row: -row.n)
    wants = [_wants(row, comparison.asked.max_drop) for row in open_[:NAMED]]
    if len(open_) > NAMED:
        wants.append(f"and {len(open_) - NAMED} more")
    return f"{', '.join(_counts(comparison, noun))}{': ' * bool(wants)}{', '.join(wants)}.{f' {BIASED}' * comparison.biased}"


def _counts(comparison: Comparison, noun: str) -> Iterator[str]:
    """How many of each verdict; the first says of what."""
    verdicts = [row.verdict for row in comparison.rows]
    nouns = islice(((f" {noun}", f" {noun}s"),), 1)
    for verdict, verbs in VERBS.items():
        if count := verdicts.count(verdict):
            many = count > 1
            yield f"{count}{next(nouns, ('', ''))[many]} {verbs[many]}"


def missing(row: Row, max_drop: float) -> str:
    """What an open row needs, and how much of it is not there, as a sentence; empty where nothing is open."""
    if row.verdict not in OPEN or row.judged is None:
        return ""
    needed = about(row.judged.needed)
    more = f", {needed - row.n:,} more than it has" if row.n >= FEW and row.judged.needed > row.n else ""
    return f" {_wants(row, max_drop)}{more}."


def _wants(row: Row, max_drop: float) -> str:
    """What it takes to know more."""
    if row.judged is None:
        return f"{name_of(row.group)} has no query on both sides"
    if row.n < FEW:
        return f"{name_of(row.group)} has {row.n} {'query' if row.n == 1 else 'queries'} only"
    if row.judged.needed <= row.n:
        return f"{name_of(row.group)} is too close to {points(max_drop)} points to tell"
    return f"{name_of(row.group)} needs {about(row.judged.needed):,} judged queries"


def about(count: int) -> int:
    """Two digits of it, rounded up: more would pretend to know."""
    unit: int = 10 ** max(len(str(count)) - 2, 0)
    return -(-count // unit) * unit


def points(share: float) -> str:
    """`3`, `2.5`: a share of the measure in points."""
    return f"{100 * share:.6g}"


def figures(row: Row, comparison: Comparison) -> str:
    """One language in one sentence."""
    if row.judged is None:
        return f"{name_of(row.group)} has no query on both sides."
    found = row.judged.estimate
    low, high = found.ci95
    fell = f"{'fell' if found.drop >= 0 else 'rose'} by {100 * abs(found.drop):.1f} points"
    side = f"(95 % interval of the fall {100 * low:.1f} to {100 * high:.1f})"
    means = f"from {100 * found.baseline:.1f} to {100 * found.candidate:.1f} on {row.n:,} queries"
    return f"{comparison.asked.metric} of {name_of(row.group)} {fell} {side}, {means}; {points(comparison.asked.max_drop)} are allowed."


def notes(comparison: Comparison) -> list[str]:
    """What a reader has to know beside the figures: what was not read, and what could not be paired."""
    said = [line for side in (comparison.base, comparison.candidate) for line in _of_side(side)]
    apart = [row for row in comparison.rows if row.one_sided > ONE_SIDED * (row.n + row.one_sided)]
    if apart:
        shares = [f"{name_of(row.group)} {row.one_sided:,} of {row.n + row.one_sided:,}" for row in apart[:NAMED]]
        more = [f"and {len(apart) - NAMED} more"] if len(apart) > NAMED else []
        said.append(f"Many queries are on one side only, and are not compared: {', '.join([*shares, *more])}.")
    return said


def _of_side(side: Side) -> Iterator[str]:
    if side.rejected:
        yield f"{one_line(side.name)}: {sum(side.rejected.values()):,} lines could not be read ({_reasons(side.rejected)})."
    if side.left_out:
        yield f"{one_line(side.name)}: {sum(side.left_out.values()):,} events say nothing ({_reasons(side.left_out)})."


def _reasons(counted: Mapping[str, int]) -> str:
    return ", ".join(f"{reason} {count:,}" for reason, count in sorted(counted.items()))
