"""What a report cannot see, so that silence is never taken for health. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from agent.alerting.rule import DropRule
from agent.alerting.summary import percent
from agent.language.codes import UNDETERMINED
from agent.report.weekly.model import Language, Report, Unseen
from agent.report.weekly.readings import ENOUGH

COARSE: Final = 2 * DropRule(name="drop").threshold
"""A smallest fall from here on is worth saying: it is twice what the rule looks for."""
WHOLE: Final = 0.99
"""Of the time: what is missing of less is the last minutes."""
UNKNOWN_LANGUAGE: Final = 0.05
Row = Mapping[str, Any]


def unseen(report: Report, rows: Sequence[Row], gone: Sequence[str], *, users: bool) -> tuple[Unseen, ...]:
    """Each blind spot in one sentence; `rows` are the table with what is no language, `gone` the languages that are not asked any more."""
    own = report.languages
    return (
        *_covered(report),
        *_unlabelled(own),
        *_coarse(own),
        *_incomparable(own, first=report.first),
        *_gone(gone),
        *_unknown(rows),
        *_unchecked(report),
        *([] if users else [Unseen("sessions", "The log names no sessions, so that this counts queries and not users.")]),
    )


def _covered(report: Report) -> Iterator[Unseen]:
    if report.covered < WHOLE:
        yield Unseen("covered", f"The store has {percent(report.covered)} of this time: what comes later is not in it.")
    if not report.first and report.covered_before < WHOLE:
        yield Unseen(
            "covered_before",
            f"The store has {percent(report.covered_before)} of the time before, which makes changes less certain.",
        )


def _unlabelled(rows: Iterable[Language]) -> Iterator[Unseen]:
    tags = tuple(row.language for row in rows if row.level is None or row.level.rests_on != "labels")
    if tags:
        yield Unseen(
            "labels", f"No or too few labelled queries (under {ENOUGH}): what these languages find is known by scores alone.", tags
        )


def _coarse(rows: Iterable[Language]) -> Iterator[Unseen]:
    blind = tuple(row.language for row in rows if row.level is not None and row.detectable is None)
    if blind:
        yield Unseen("queries", "Too few queries a day to see any fall from traffic alone.", blind)
    coarse = [row for row in rows if row.detectable is not None and row.detectable >= COARSE]
    if coarse:
        least = min(row.detectable or 0.0 for row in coarse)
        text = f"So few queries a day that only a large fall shows, {100 * least:.0f} points or more."
        yield Unseen("detectable", text, tuple(row.language for row in coarse))


def _incomparable(rows: Iterable[Language], *, first: bool) -> Iterator[Unseen]:
    reasons: dict[str, list[str]] = {}
    for row in rows:
        if row.why_not and not first:
            reasons.setdefault(row.why_not, []).append(row.language)
    for reason, tags in sorted(reasons.items()):
        yield Unseen("comparable", f"Not compared with the time before: {reason}.", tuple(tags))


def _gone(tags: Sequence[str]) -> Iterator[Unseen]:
    if tags:
        yield Unseen("gone", "Asked in before, and not any more.", tuple(tags))


def _unknown(rows: Sequence[Row]) -> Iterator[Unseen]:
    total = sum(row["queries"] for row in rows)
    und = sum(row["queries"] for row in rows if row["language"] == UNDETERMINED)
    if total and und / total >= UNKNOWN_LANGUAGE:
        yield Unseen(
            "und", f"The language of {percent(und / total)} of the queries is not known; they are in no line of the table."
        )


def _unchecked(report: Report) -> Iterator[Unseen]:
    if not report.probes:
        yield Unseen("probes", "No separation probe ran: whether the model understands a language at all is not known from here.")
    if not report.golden:
        yield Unseen("golden", "No golden set ran: nothing checks retrieval by questions whose answers are known.")
