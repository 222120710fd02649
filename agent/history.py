"""The composition root of `rules backtest` and `rules drill`: stored minutes, or a file of them, under the rules."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from agent import logs, opening, parts, progress
from agent.alerting.evaluator import Evaluator
from agent.alerting.load import load
from agent.alerting.measures import Quality
from agent.alerting.rule import Rule
from agent.backtest import drill as drills
from agent.backtest import file, labels
from agent.backtest import placebo as placebos
from agent.backtest.days import Filtered, Minutes, Span, StoredMinutes, days
from agent.backtest.fault import Drop, shows
from agent.backtest.outcome import Outcome, outcomes
from agent.backtest.score import score
from agent.backtest.what_if import variants
from agent.config.settings import Settings
from agent.errors import Misconfigured, Mistake
from agent.memory import collect_rarely
from agent.opening import CLOCK
from agent.report import thresholds
from agent.report.query import parse
from agent.resources import rules_dir
from agent.store.base import Selection

Words = Mapping[str, str]


class Asked(NamedTuple):
    """Which minutes and which rules: `words` are `from`, `to` and the filters as text."""

    words: Words
    store: Path | None = None
    table: Path | None = None
    rules: Sequence[Path] = ()


class History(NamedTuple):
    """Minutes, how they are read, what they span, what relative times count from, and how many events of a span were late."""

    minutes: Minutes
    quality: Quality
    known: Span
    now: datetime
    late: Callable[[Span], int]


def backtest(settings: Settings, asked: Asked, labelled: Path | None, *, what_if: bool) -> dict[str, Any]:
    """What the rules would have told; with labels also how well."""
    logs.configure(logging.WARNING)
    truth = labels.read(labelled) if labelled else None
    rules = _rules(settings, asked)
    tried = list(variants(rules)) if what_if else []
    with _history(settings, asked) as history:
        span = _span(asked.words, history)
        evaluators = [Evaluator(each, history.quality) for each in (rules, *(variant.rules for variant in tried))]
        with progress.counting("evaluating") as seen:
            outcome, *others = outcomes(evaluators, history.minutes, span, seen)
        late = history.late(span)

    def scored(one: Outcome) -> dict[str, Any]:
        return {} if truth is None else {"score": score(truth, one.incidents, span.start, span.stop).counted()}

    rows = [
        {"z": variant.z, "threshold": variant.points, "incidents_per_week": other.per_week, **scored(other)}
        for variant, other in zip(tried, others, strict=True)
    ]
    return {**_told(outcome, span), "late": late, **scored(outcome), **({"what_if": rows} if tried else {})}


def placebo(settings: Settings, asked: Asked) -> dict[str, Any]:
    """What the rules would have told of deployments that never were."""
    logs.configure(logging.WARNING)
    rules = _rules(settings, asked)
    with _history(settings, asked) as history:
        newest = Span(max(history.known.end - placebos.RANGE, history.known.first), history.known.end)
        span = _span(asked.words, history) if asked.words.keys() & {"from", "to"} else newest
        starts = placebos.moments(span, history.known)
        if not starts:
            raise Misconfigured([Mistake("--placebo", "", f"expected ten days of minutes or more, {_there(history.known)}")])
        with progress.counting("watching deployments") as seen:
            outcome = placebos.placebo(lambda: Evaluator(rules, history.quality), history.minutes, starts, seen)
    return {**_told(outcome, span), "deployments": len(starts)}


def drill(settings: Settings, asked: Asked, language: str, points: float) -> dict[str, Any]:
    """How soon a fall of one language would be told."""
    logs.configure(logging.WARNING)
    rules = _rules(settings, asked)
    with _history(settings, asked) as history:
        planned = drills.plan(history.known)
        if planned is None:
            raise Misconfigured([Mistake("rules drill", "", f"expected three days of minutes or more, {_there(history.known)}")])
        _check_language(language, Span(history.known.end - planned.horizon, history.known.end), history.minutes, history.quality)
        with progress.counting("drilling") as seen:
            drop = Drop(language, points / 100, history.quality)
            found = drills.drill(lambda: Evaluator(rules, history.quality), history.minutes, planned, drop, seen)
    return {"language": language, "drop": points / 100, **{name: delays.document() for name, delays in found.items()}}


def _told(outcome: Outcome, span: Span) -> dict[str, Any]:
    return {**outcome.document(), "from": span.start.isoformat(), "to": span.stop.isoformat()}


@contextmanager
def _history(settings: Settings, asked: Asked) -> Iterator[History]:
    """The minutes that are asked for; raises Misconfigured where there are none."""
    where = {key: value for key, value in asked.words.items() if key not in {"from", "to"}}
    quality = parts.quality(settings)
    collect_rarely()
    with ExitStack() as stack:
        if asked.table:
            table = file.read(asked.table)
            known = table.span()
            yield History(Filtered(table, where), table.quality(quality), known, known.stop, lambda _: 0)
            return
        store = _store(stack, settings, asked.store)
        minutes = StoredMinutes(store.windows)
        stored = minutes.span()
        if stored is None:
            raise Misconfigured([Mistake("--store", "", "expected a store with minutes, this one is empty")])

        def late(span: Span) -> int:
            found = store.windows.totals("language", Selection(span.start, span.stop, where), ("language",))
            return sum(total.measures.late for total in found)

        quality = thresholds.settled(quality, store.journal, store.windows)
        yield History(Filtered(minutes, where), quality, stored, CLOCK.now(), late)


def _store(stack: ExitStack, settings: Settings, folder: Path | None) -> opening.Store:
    """The store itself: minutes are too many to ask a running agent for; raises Locked, Unreachable."""
    folder = folder or opening.home(settings)
    if folder:
        opening.locked(stack, opening.existing(folder))
    return opening.store_in(stack, settings, folder)


def _rules(settings: Settings, asked: Asked) -> Sequence[Rule]:
    """Those of the options, else the configured ones."""
    return load([str(path) for path in asked.rules], rules_dir()) if asked.rules else parts.rules(settings)


def _span(words: Words, history: History) -> Span:
    """The evaluated minutes: what is asked for of what is there; raises Misconfigured."""
    try:
        query = parse(words, history.now)
    except Misconfigured as error:
        raise Misconfigured([Mistake(f"--{mistake.key}", "", mistake.expected) for mistake in error.mistakes]) from error
    first, end = history.known
    if query.start:
        first = max(first, -int(-query.start.timestamp() // 60))
    if query.end:
        end = min(end, int(query.end.timestamp() // 60))
    if first >= end:
        raise Misconfigured([Mistake("--from" if query.start else "--to", "", f"no minute there, {_there(history.known)}")])
    return Span(first, end)


def _there(known: Span) -> str:
    return f"there are minutes from {known.start:%Y-%m-%dT%H:%M}Z to {known.stop:%Y-%m-%dT%H:%M}Z"


def _check_language(language: str, span: Span, minutes: Minutes, quality: Quality) -> None:
    """A fall can be injected only where there is something to fall."""
    shown: dict[str, bool] = {}
    for day in days(minutes, span):
        for row in day.rows:
            shown[row.key.language] = shown.get(row.key.language, False) or shows(row, quality)
    if language not in shown:
        raise Misconfigured([Mistake("--language", "", f"expected one of {', '.join(sorted(shown))}, found {language!r}")])
    if not shown[language]:
        raise Misconfigured(
            [Mistake("--language", "", f"{language} has neither labels nor a threshold: set quality.hit_threshold")]
        )
