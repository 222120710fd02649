"""Two sides, language by language: figures, verdicts, and the document that `compare --json` prints. Pure."""

from collections.abc import Callable
from typing import Any, Final, Literal, NamedTuple

from agent.alerting.holm import holm
from agent.errors import Misconfigured, Mistake
from agent.probing.comparing.metric import Metric
from agent.probing.comparing.sides import NONE, Marks, Side, by_language, paired
from agent.probing.comparing.statistics import Estimate, detectable, estimate, needed
from agent.probing.comparing.verdict import Verdict, judge, overall
from agent.probing.scores import Group

By = Literal["language", "pair"]
CERTAIN: Final = 1.0  # no fall is larger


class Asked(NamedTuple):
    """What is compared; `max_drop` in 0..1 is the fall that is allowed."""

    metric: Metric
    max_drop: float
    by: By = "language"


class Judged(NamedTuple):
    """The figures of a language beside all others: `p_adjusted` by Holm, `detectable` in 0..1, `needed` in queries."""

    estimate: Estimate
    p_adjusted: float
    detectable: float
    needed: int


class Row(NamedTuple):
    """One language, or pair of languages; `judged` is None where no query is in both sides."""

    group: Group
    verdict: Verdict
    judged: Judged | None
    only_base: int
    only_candidate: int

    @property
    def n(self) -> int:
        """How many queries were compared."""
        return self.judged.estimate.n if self.judged else 0

    @property
    def one_sided(self) -> int:
        """How many queries only one side has."""
        return self.only_base + self.only_candidate


class Comparison(NamedTuple):
    """All rows, the worst first. `biased`: labels are clicks, which follow what the old version ranked."""

    asked: Asked
    base: Side
    candidate: Side
    rows: tuple[Row, ...]
    biased: bool

    @property
    def verdict(self) -> Verdict:
        """One word for all."""
        return overall([row.verdict for row in self.rows])

    def document(self, summary: str) -> dict[str, Any]:
        """What `--json` prints; rates and falls in 0..1."""
        pairs = self.asked.by == "pair"
        return {
            "verdict": self.verdict,
            "summary": summary,
            "metric": str(self.asked.metric),
            "max_drop": self.asked.max_drop,
            "by": self.asked.by,
            "biased": self.biased,
            "base": _told(self.base),
            "candidate": _told(self.candidate),
            "languages": [_row(row, pairs=pairs) for row in self.rows],
        }


def _told(side: Side) -> dict[str, Any]:
    return {
        "name": side.name,
        "at": side.at.isoformat(timespec="milliseconds") if side.at else None,
        "queries": side.queries,
        "left_out": dict(side.left_out),
        "rejected": dict(side.rejected),
    }


def _row(row: Row, *, pairs: bool) -> dict[str, Any]:
    group = row.group._asdict() if pairs else {"language": row.group.language}
    return {
        **group,
        "n": row.n,
        **_figures(row.judged),
        "verdict": row.verdict,
        "unpaired": {"base": row.only_base, "candidate": row.only_candidate},
    }


def _figures(judged: Judged | None) -> dict[str, Any]:
    """None is what nobody knows."""
    if judged is None:
        names = ("baseline", "candidate", "drop", "ci95", "p_value", "p_adjusted", "needed", "detectable", "method")
        return dict.fromkeys(names)
    found = judged.estimate
    return {
        "baseline": found.baseline,
        "candidate": found.candidate,
        "drop": found.drop,
        "ci95": list(found.ci95),
        "p_value": found.p_value,
        "p_adjusted": judged.p_adjusted,
        "needed": judged.needed,
        "detectable": judged.detectable,
        "method": found.method,
    }


def compare(base: Side, candidate: Side, asked: Asked) -> Comparison:
    """Judge each language that either side has; raises Misconfigured where no query is in both."""
    grouped: Callable[[Side], dict[Group, Marks]] = _by_pair if asked.by == "pair" else _by_language
    before, after = grouped(base), grouped(candidate)
    paired_ = {group: paired(before.get(group, NONE), after.get(group, NONE)) for group in sorted({*before, *after})}
    found = {group: estimate(pairs.base, pairs.candidate) for group, pairs in paired_.items() if len(pairs.base)}
    if not found:
        raise Misconfigured([_nothing_common(base, candidate, asked)])
    judged = _judged(found, asked)
    rows = [_judge(group, judged.get(group), pairs[2:], asked.max_drop) for group, pairs in paired_.items()]
    return Comparison(asked, base, candidate, tuple(sorted(rows, key=_worst_first)), base.clicks or candidate.clicks)


def _by_language(side: Side) -> dict[Group, Marks]:
    return by_language(side.marks)


def _by_pair(side: Side) -> dict[Group, Marks]:
    return dict(side.marks)


def _judged(found: dict[Group, Estimate], asked: Asked) -> dict[Group, Judged]:
    compared = len(found)
    adjusted = holm([each.p_value for each in found.values()])
    return {
        group: Judged(
            each,
            float(p_adjusted),
            detectable(each.sd, each.n, compared),
            needed(each.sd, asked.max_drop, compared),
        )
        for (group, each), p_adjusted in zip(found.items(), adjusted, strict=True)
    }


def _judge(group: Group, judged: Judged | None, only: tuple[int, ...], max_drop: float) -> Row:
    if judged is None:
        return Row(group, Verdict.INSUFFICIENT, None, *only)
    verdict = judge(judged.estimate, judged.p_adjusted, judged.detectable, max_drop)
    return Row(group, verdict, judged._replace(detectable=min(judged.detectable, CERTAIN)), *only)


def _worst_first(row: Row) -> tuple[int, float, Group]:
    drop = row.judged.estimate.drop if row.judged else CERTAIN
    return list(Verdict).index(row.verdict), -drop, row.group


def _nothing_common(base: Side, candidate: Side, asked: Asked) -> Mistake:
    known = " and ".join(f"{side.queries:,} in {side.name}" for side in (base, candidate))
    wanted = "language, text, relevant documents" + (" and their language" if asked.by == "pair" else "")
    return Mistake("compare", "", f"expected queries that both sides have (same {wanted}), found none of {known}")
