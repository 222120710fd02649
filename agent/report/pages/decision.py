"""How an alert was decided, for somebody on call: each comparison as a table with a word for each step. Pure.

`report/explain.py` has the same with every figure.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from agent.alerting.incident import Evidence, Incident, Workings
from agent.alerting.summary import duration
from agent.alerting.weighing import is_golden
from agent.notify import words
from agent.notify.text import capital, one_line
from agent.report.explain import BASELINES
from agent.report.pages.measure import SCORES
from agent.report.pages.shown import percent
from agent.report.steps import Steps, steps
from agent.store.base import MINUTE

MOST: Final = 6
"""So many comparisons are shown; the text below them has all."""


class Step(NamedTuple):
    """One step; `holds` says whether what was asked is so, None where nothing was asked."""

    name: str
    told: str
    holds: bool | None = None


class Decision(NamedTuple):
    """One rule and measure, step by step."""

    title: str
    steps: Sequence[Step]


def decisions(incident: Incident) -> list[Decision]:
    """Those of the strongest evidence first."""
    return [_decision(one, incident if place == 0 else None) for place, one in enumerate(incident.evidence[:MOST])]


def value(metric: str | None, figure: float) -> str:
    """A measure as people read it: scores as they are, all others in percent."""
    return f"{figure:.3f}" if metric == SCORES else percent(figure)


def fall(metric: str | None, figure: float) -> str:
    """A difference of two such values."""
    return f"{figure:.3f}" if metric == SCORES else f"{100 * figure:.1f} points"


def interval(metric: str | None, ci95: tuple[float, float]) -> str:
    """Its 95 % interval."""
    low, high = ci95
    return f"{low:.3f} to {high:.3f}" if metric == SCORES else f"{100 * low:.1f} to {100 * high:.1f}"


def _decision(evidence: Evidence, first: Incident | None) -> Decision:
    metric = one_line(words.measure(evidence.metric))
    who = f"golden set {one_line(evidence.rule.partition(':')[2])}" if is_golden(evidence) else f"rule {one_line(evidence.rule)}"
    found = _compared(evidence, evidence.workings) if evidence.workings else _told(evidence, first)
    return Decision(f"{capital(metric)}, {who}", list(found))


def _compared(evidence: Evidence, w: Workings) -> Iterator[Step]:
    s, metric = steps(w), evidence.metric
    yield Step("Window", f"{_times(w)}: {w.n:,} queries")
    yield Step("In the window", value(metric, w.mean))
    yield Step("Usual", f"{value(metric, w.expected)}: {BASELINES[w.baseline]}, {w.n_baseline:,.0f} queries")
    yield Step("Fall", f"{fall(metric, w.drop)}, 95 % interval {interval(metric, s.ci95)}")
    yield Step("Error", f"{fall(metric, w.se)} (one standard error), of {_shares(s)}; the fall is {w.z:.1f} times that")
    yield from _asked(metric, w, s)


def _asked(metric: str, w: Workings, s: Steps) -> Iterator[Step]:
    """What the rule wants before it speaks."""
    size = f"{100 * w.threshold:.0f} % of the usual" if w.relative else fall(metric, w.threshold)
    yield Step("Enough queries?", f"at least {w.min_events} on both sides", s.enough)
    yield Step("Large enough?", f"a fall of at least {size}", s.large)
    yield Step("Sure enough?", f"at least {w.z_needed:g} times its error", s.sure)
    lasting = f"; it fires after {w.for_minutes} such minutes in a row"
    yield Step("Verdict", f"in breach{lasting}" if s.breach else "not in breach", s.breach)


def _shares(s: Steps) -> str:
    """Which part of the squared error comes from where."""
    parts: Mapping[str, float] = {"chance in the window": s.window, "chance in the usual": s.usual, "the usual wobble": s.wobble}
    return ", ".join(f"{100 * part / s.square:.0f} % {name}" for name, part in parts.items()) if s.square else "no chance at all"


def _told(evidence: Evidence, first: Incident | None) -> Iterator[Step]:
    """What was decided otherwise than by such a comparison."""
    if first and first.class_ == "volume" and first.n is not None and first.n_baseline is not None:
        yield Step("Queries", f"{first.n:,} in {duration(first.scale_minutes or 0)}, at least {first.n_baseline:,} were expected")
        return
    if first and first.current is not None and first.baseline is not None:
        yield Step("Now", f"{value(evidence.metric, first.current)}, compared with {value(evidence.metric, first.baseline)}")
    ci95 = evidence.ci95 or (first.ci95 if first else None)
    told = f", 95 % interval {interval(evidence.metric, ci95)}" if ci95 else ""
    yield Step("Difference", fall(evidence.metric, evidence.drop) + told)
    if evidence.z is not None:
        yield Step("Sure", f"the difference is {evidence.z:.1f} times its error")
    if (n := first.n if first and evidence.n is None else evidence.n) is not None:
        yield Step("Queries", f"{n:,}")


def _times(w: Workings) -> str:
    first, last = (at.astimezone(UTC) for at in (w.start, w.end))
    end = f"{last:%H:%M}" if first.date() == last.date() else _stamp(last)
    return f"{_stamp(first)} to {end} UTC, {duration((w.end - w.start) // MINUTE)}"


def _stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"
