"""An alert explained: the decision step by step, so that it can be followed with a pocket calculator. Pure.

Every figure that is used further on is printed with more digits than what is made of it, so that the printed figures give
the printed results.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from math import floor, log10
from typing import Any, Final

import msgspec

from agent.alerting.finding import EXCESS, GRAVE, GRAVE_AFTER_DEPLOYMENT, Loudness, severity
from agent.alerting.gap import SESSIONS, Labelled, gap
from agent.alerting.incident import Evidence, Incident, Workings
from agent.alerting.statistics import MICRO, Z95
from agent.alerting.weighing import is_golden
from agent.notify import words
from agent.notify.text import clean, one_line
from agent.report.steps import Steps, steps

RATE: Final = 8  # decimals of rates, as many as a pocket calculator has
LABEL: Final = 12
LONGEST: Final = 2000
MEASURES: Final[Mapping[str, str]] = {
    "recall_at_k": "recall@k of labelled queries",
    "hit_rate": "share of queries whose best score reaches the threshold",
    "similarity_mean": "mean best score",
}
BASELINES: Final[Mapping[str, str]] = {
    "version": "the same hours on the versions before",
    "canary": "the same minutes on the old version",
    "trailing": "the same hours of the days before",
    "reference": "the fixed reference",
}


def document(incident: Incident) -> dict[str, Any]:
    """The incident as `alerts --json` has it, with the `steps` of each evidence that has workings."""
    told: dict[str, Any] = msgspec.to_builtins(incident)
    for shown, evidence in zip(told["evidence"], incident.evidence, strict=True):
        shown["steps"] = msgspec.to_builtins(steps(evidence.workings)) if evidence.workings else None
    return told


def text(incident: Incident) -> str:
    """All of it for a person."""
    blocks = [_head(incident), *(_block(number, one, incident) for number, one in enumerate(incident.evidence, 1)), _life(incident)]
    return "\n".join("".join(f"{line.rstrip()}\n" for line in block) for block in blocks)


def _head(incident: Incident) -> Iterator[str]:
    place = [one_line(name) for name in (incident.service, incident.environment) if name]
    what = [words.TITLES[incident.class_], one_line(words.language_name(incident.language)), *place]
    yield f"{' · '.join(what)} ({incident.fingerprint})"
    yield one_line(incident.summary, LONGEST)


def _block(number: int, evidence: Evidence, incident: Incident) -> Iterator[str]:
    metric = one_line(evidence.metric)
    what = "labelled queries of a golden set" if is_golden(evidence) else MEASURES.get(metric, metric)
    yield f"{number}. Rule {one_line(evidence.rule)}, {metric}: {what}"
    yield from _decision(evidence.workings) if evidence.workings else _figures(evidence, incident if number == 1 else None)


def _decision(w: Workings) -> Iterator[str]:
    """One comparison: window, baseline, fall, error bar, what was asked."""
    s = steps(w)
    n, n_b, se = f"{w.n:,}", _short(w.n_baseline, 9), _short(w.se, 6)
    yield _line("window", f"{_when(w.start)} to {_when(w.end)} UTC, {_duration(w)}: {n} queries")
    yield _line("mean", f"{_short(s.total, 12)} / {n} = {_rate(w.mean)}")
    yield _line("usual", f"{_rate(w.expected)}: {BASELINES[w.baseline]}, from {n_b} queries")
    yield _line("fall", f"{_rate(w.expected)} - {_rate(w.mean)} = {_rate(w.drop)}, which is {100 * w.drop:.1f} points")
    phi, v, v_b, tau = _short(w.phi), _short(w.variance), _short(w.variance_baseline), _short(w.tau)
    yield from _variances(w, s)
    yield _line("chance", f"phi v / n     = {phi} * {v} / {n} = {_short(s.window, 7)}")
    yield _line("", f"phi v_b / n_b = {phi} * {v_b} / {n_b} = {_short(s.usual, 7)}")
    yield _line("wobble", f"tau^2         = {tau} * {tau} = {_short(s.wobble, 7)}")
    yield _line("error", f"se^2 = {_short(s.window, 7)} + {_short(s.usual, 7)} + {_short(s.wobble, 7)} = {_short(s.square, 6)}")
    yield _line("", f"se   = root of {_short(s.square, 6)} = {se}")
    yield _line("z", f"{_rate(w.drop)} / {se} = {w.z:.3f}")
    yield _line("95 %", f"{_rate(w.drop)} +/- {Z95} * {se}: {s.ci95[0]:.5f} to {s.ci95[1]:.5f}")
    yield from _asked(w, s)


def _variances(w: Workings, s: Steps) -> Iterator[str]:
    """Of one query, on both sides; where all are hits or misses they follow from the shares."""
    v, v_b = _short(w.variance), _short(w.variance_baseline)
    if s.of_hits:
        q = _rate(s.share)
        yield _line("variance", f"q   = ({_short(s.total, 12)} + 1) / ({w.n:,} + 2) = {q}")
        yield _line("", f"v   = {q} * (1 - {q}) = {v}")
        yield _line("", f"v_b = {_rate(w.expected)} * (1 - {_rate(w.expected)}) = {v_b}")
    else:
        yield _line("variance", f"of one query, as measured: v = {v} in the window, v_b = {v_b} usually")


def _asked(w: Workings, s: Steps) -> Iterator[str]:
    """What the rule wants, each with its answer."""
    rows = [(f"{w.n:,} and {_short(w.n_baseline, 9)} queries", f"{w.min_events} on both sides", s.enough)]
    if w.relative:
        share = f"{_rate(w.drop)} / {_rate(w.expected)} = {w.drop / w.expected:.4f} of the usual" if w.expected else "nothing usual"
        rows.append((share, f"{_short(w.threshold)} of it", s.large))
    else:
        rows.append((f"a fall of {_rate(w.drop)}", _short(w.threshold), s.large))
    rows.append((f"z of {w.z:.3f}", _short(w.z_needed), s.sure))
    for label, (has, needs, holds) in zip(("asked", "", ""), rows, strict=True):
        yield _line(label, f"{has}, at least {needs}: {'yes' if holds else 'no'}")
    yield _line("verdict", f"in breach; it fires after {w.for_minutes} such minutes in a row" if s.breach else "not in breach")


def _figures(evidence: Evidence, first: Incident | None) -> Iterator[str]:
    """What was decided otherwise than by such a comparison, or is told without it; the first has the incident's figures."""
    if first and first.class_ == "level" and evidence.metric == "recall_at_k" and None not in {first.current, first.n_baseline}:
        yield from _gap(first)
        return
    if first and first.current is not None and first.baseline is not None:
        yield _line("figures", f"{_short(first.current)} now, {_short(first.baseline)} to compare with")
    points = f" ({100 * evidence.drop:.1f} points)" if evidence.metric in MEASURES or is_golden(evidence) else ""
    yield _line("difference", f"{_short(evidence.drop)}{points}")
    if evidence.z is not None:
        yield _line("z", f"{evidence.z:.3f}")
    if ci95 := evidence.ci95 or (first.ci95 if first else None):
        yield _line("95 %", f"{ci95[0]:.5f} to {ci95[1]:.5f}")
    n = first.n if first and evidence.n is None else evidence.n
    if n is not None:
        against = f", compared with {first.n_baseline:,}" if first and first.n_baseline is not None else ""
        yield _line("queries", f"{n:,}{against}")
    if first and first.scale_minutes is not None:
        yield _line("window", f"{first.scale_minutes:,} minutes")


def _gap(incident: Incident) -> Iterator[str]:
    """Labels of a language beside those of the reference, by the formula of the `gap` rule."""
    now, reference = (_labelled(*side) for side in ((incident.n, incident.current), (incident.n_baseline, incident.baseline)))
    found = gap(now, reference, incident.scale_minutes or 0)
    parts = [SESSIONS * side.variance / side.n for side in (now, reference)]
    yield _line("window", f"{found.scale_minutes:,} minutes")
    yield _line("mean", f"{_short(now.total / MICRO, 12)} / {now.n:,} = {_rate(found.current)}")
    yield _line("reference", f"{_short(reference.total / MICRO, 12)} / {reference.n:,} = {_rate(found.baseline)}")
    yield _line(
        "gap", f"{_rate(found.baseline)} - {_rate(found.current)} = {_rate(found.drop)}, which is {100 * found.drop:.1f} points"
    )
    for label, name, side in (("variance", "v", now), ("", "w", reference)):
        q = _rate((side.total / MICRO + 1) / (side.n + 2))
        yield _line(
            label,
            f"{name} = q (1 - q) = {_short(side.variance)}, q = ({_short(side.total / MICRO, 12)} + 1) / ({side.n:,} + 2) = {q}",
        )
    yield _line("chance", f"{SESSIONS} v / n = {_short(parts[0], 7)}, {SESSIONS} w / m = {_short(parts[1], 7)}")
    yield _line("error", f"se = root of ({_short(parts[0], 7)} + {_short(parts[1], 7)}) = {_short(found.se, 6)}")
    yield _line("z", f"{_rate(found.drop)} / {_short(found.se, 6)} = {found.z:.3f}")
    yield _line("95 %", f"{_rate(found.drop)} +/- {Z95} * {_short(found.se, 6)}: {found.ci95[0]:.5f} to {found.ci95[1]:.5f}")


def _labelled(n: int | None, mean: float | None) -> Labelled:
    """The labels again, from how many they were and their mean."""
    return Labelled(n or 0, round((mean or 0.0) * (n or 0) * MICRO))


def _life(incident: Incident) -> Iterator[str]:
    """When it was what, how loud and why, and what people did."""
    times = {"began": incident.began_at, "pending": incident.pending_since, "fired": incident.fired_at}
    for label, at in times.items():
        if at:
            yield _line(label, f"{_when(at)} UTC")
    yield _line("resolved", f"{_when(incident.resolved_at)} UTC" if incident.resolved_at else f"not yet: {incident.state}")
    yield _line("severity", f"{incident.severity}: {why_so_loud(incident)}")
    yield _line("cause", cause(incident))
    yield _line("signal", f"{words.SIGNALS[incident.confirmed]}; {_agreed(incident.evidence)}")
    yield _line("to do", one_line(words.advice(incident)))
    yield from _handled(incident)


def why_so_loud(incident: Incident) -> str:
    """The severity as it follows from the figures, or that something else decided."""
    if incident.class_ in {"level", "volume"}:
        return "levels and volumes inform" if incident.severity == "info" else "as its rule says"
    drop, n, minutes = incident.drop, incident.n, incident.scale_minutes
    if drop is None or n is None or not minutes:
        return "as its rule says"
    excess = drop * n / minutes
    if severity(incident.class_, Loudness(incident.cause, incident.confirmed, drop, excess)) != incident.severity:
        return "as its rule says, or by evidence that came first"
    if incident.confirmed != "yes":
        return "what labels do not confirm is at most a warning"
    fell = f"confirmed, a fall of {100 * drop:.1f} points with {excess:.1f} failures a minute more than usual"
    limits = f"{100 * GRAVE:.0f} points with {EXCESS:g}, or {100 * GRAVE_AFTER_DEPLOYMENT:.0f} after a deployment"
    return f"{fell}; critical is from {limits}"


def cause(incident: Incident) -> str:
    """What is behind it, and the versions that it knows."""
    known = {
        "index version": incident.index_version,
        "embedding model": incident.embedding_model,
        "collection": incident.collection,
    }
    where = ", ".join(f"{name} {one_line(value)}" for name, value in known.items() if value)
    return (words.CAUSES[incident.cause] or "unknown") + (f": {where}" if where else "")


def _agreed(evidence: Iterable[Evidence]) -> str:
    """Which rules and measures see it."""
    names = list(dict.fromkeys(f"{one_line(one.metric)} by {one_line(one.rule)}" for one in evidence))
    return f"seen in {', '.join(names)}" if names else "no rule sees it"


def _handled(incident: Incident) -> Iterator[str]:
    done = {"acknowledged": incident.acknowledged_at, "accepted": incident.accepted_at}
    told = [f"{name} {_when(at)} UTC" for name, at in done.items() if at]
    told += [f"closed as {incident.verdict}"] if incident.verdict else []
    told += [f"by {one_line(incident.handled_by)}"] if incident.handled_by else []
    yield _line("people", ", ".join(told) or "nobody has acknowledged it")
    if incident.note:
        yield _line("note", clean(incident.note))


def _line(label: str, told: str) -> str:
    return f"   {label:<{LABEL}}{told}"


def _rate(value: float) -> str:
    return _bare(f"{value:.{RATE}f}")


def _short(value: float, digits: int = 8) -> str:
    """So many digits that count, never in powers of ten."""
    return _bare(f"{value:,.{max(0, digits - 1 - floor(log10(abs(value))))}f}") if value else "0"


def _bare(figure: str) -> str:
    """Without zeros at the end."""
    return figure.rstrip("0").rstrip(".") if "." in figure else figure


def _when(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}"


def _duration(w: Workings) -> str:
    return f"{(w.end - w.start).total_seconds() / 60:,.0f} minutes"
