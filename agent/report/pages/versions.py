"""The versions that answered one language, side by side: pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from agent.alerting.changes import Change, Version, version_of
from agent.alerting.measures import Quality
from agent.report import tables
from agent.report.pages import measure
from agent.report.pages.measure import Figure, Move, Name
from agent.report.pages.span import Span
from agent.report.pages.trends import merged_totals, scales
from agent.report.tables import Row
from agent.store.base import Stretch, Total


class VersionRow(NamedTuple):
    """One version: when it was seen in the range (to a point of the charts), and how it does.

    `move`: against the version before it; None for the first one and where the two cannot be compared, then `why_not` says why.
    """

    version: Version
    first: datetime
    last: datetime
    row: Row
    figure: Figure | None
    move: Move | None = None
    why_not: str = ""


def versions(stretches: Sequence[Stretch], span: Span, quality: Quality, changes: Iterable[Change] = ()) -> list[VersionRow]:
    """The newest first. A version that came within the range was first seen at its deployment, where that is known."""
    groups: defaultdict[Version, list[Stretch]] = defaultdict(list)
    for one in stretches:
        groups[version_of(one.key)].append(one)
    name = measure.chosen(_row(stretches, quality)) if stretches else None
    came = {one.version: one.at for one in sorted(changes, key=lambda change: change.at, reverse=True)}
    ordered = sorted(groups.items(), key=lambda each: (each[1][0].start, each[1][-1].start, each[0]))
    rows = [_one(version, own, (span, quality, name), came.get(version)) for version, own in ordered]
    compared = rows[:1] + [_compared(row, before, groups) for before, row in pairwise(rows)]
    return compared[::-1]


def _row(stretches: Iterable[Stretch], quality: Quality) -> Row:
    return tables.rows(merged_totals(stretches), ("language",), quality)[0]


def _one(version: Version, own: Sequence[Stretch], shown: tuple[Span, Quality, Name | None], came: datetime | None) -> VersionRow:
    """`own` are its stretches, oldest first; `name` the measure that all versions are shown by, where this one has it."""
    span, quality, name = shown
    row = _row(own, quality)
    start, over = own[0].start, own[0].start + span.step
    first = came if came and start <= came < over else max(start, span.start)
    last = min(own[-1].start + span.step, span.as_of, span.end)
    return VersionRow(version, first, last, row, measure.figure(row, name) or measure.figure(row, measure.chosen(row)))


def _compared(row: VersionRow, before: VersionRow, groups: dict[Version, list[Stretch]]) -> VersionRow:
    same = same_scores(groups[row.version], groups[before.version])
    why_not = incomparable(row.figure, before.figure, same_scores=same)
    return row._replace(why_not=why_not) if why_not else row._replace(move=measure.move(row.figure, before.figure))


def same_scores(now: Iterable[Stretch | Total], before: Iterable[Stretch | Total]) -> bool:
    """Whether the scores of both are of the same models and kinds."""
    return {*scales(now)} == {*scales(before)}


def other_scores(now: Iterable[Total], before: Iterable[Total]) -> set[str]:
    """The languages whose scores are not of the same models and kinds as before."""
    mine, then = _by_language(now), _by_language(before)
    return {tag for tag in mine.keys() & then.keys() if not same_scores(mine[tag], then[tag])}


def _by_language(totals: Iterable[Total]) -> dict[str, list[Total]]:
    found: defaultdict[str, list[Total]] = defaultdict(list)
    for one in totals:
        found[one.key.language].append(one)
    return found


def incomparable(now: Figure | None, before: Figure | None, *, same_scores: bool) -> str:
    """Why two figures are not compared; empty where they are. Scores are compared within one model and score kind only."""
    if now is None or before is None:
        return "nothing to compare with"
    if now.name != before.name:
        return f"not comparable: {measure.WORDS[before.name]} before"
    return "not comparable: scores of another model" if now.name != "recall_at_k" and not same_scores else ""
