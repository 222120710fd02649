"""The first page: every language, the one that needs attention first. Pure."""

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from agent.alerting.incident import Incident, is_standing
from agent.alerting.measures import Quality
from agent.alerting.rule import NO_LANGUAGE
from agent.report import tables
from agent.report.pages import measure
from agent.report.pages.alerts import loudness
from agent.report.pages.measure import Figure, Move
from agent.report.pages.span import SPARK_DAYS, Span
from agent.report.pages.versions import incomparable
from agent.report.tables import Row
from agent.store.base import Stretch, Total
from agent.store.days import DAY

ATTENTION: Final = ("firing", "pending", "low", "ok")
"""States, the one to look at first before the others."""
ENOUGH: Final = 30
"""With fewer queries a language is not called the lowest."""


class LanguageRow(NamedTuple):
    """One language: what the table says, the measure it is judged by, and the days of its small chart, oldest first."""

    tag: str
    row: Row
    incident: Incident | None
    figure: Figure | None
    move: Move | None
    days: Sequence[float | None]


class LanguagesPage(NamedTuple):
    """The rows in the order of attention; `incidents` are the open ones of all languages, the loudest first."""

    span: Span | None
    rows: Sequence[LanguageRow]
    incidents: Sequence[Incident] = ()

    @property
    def broken(self) -> list[Incident]:
        """What fires and was not always so."""
        return [one for one in self.incidents if one.state == "firing" and not is_standing(one)]

    @property
    def standing(self) -> list[Incident]:
        """What is low whatever is deployed."""
        return [one for one in self.incidents if one.state == "firing" and is_standing(one)]

    @property
    def lowest(self) -> list[LanguageRow]:
        """The lowest language by each measure, since one measure says nothing of another."""
        known = [row for row in self.rows if row.figure and row.figure.n >= ENOUGH and row.tag not in NO_LANGUAGE]
        names = dict.fromkeys(row.figure.name for row in known if row.figure)
        return [min((row for row in known if row.figure and row.figure.name == name), key=_value) for name in names]

    @property
    def worse(self) -> list[LanguageRow]:
        """Those whose interval says that they got worse over the whole range, the largest fall first."""
        fallen = [row for row in self.rows if row.move and row.move.word == "worse"]
        return sorted(fallen, key=lambda row: row.move.by if row.move else 0.0)


class Read(NamedTuple):
    """What was read for it: the tables of the range and of the one before, and the days of the small charts.

    `other_scores`: languages whose scores are of another model than before.
    """

    span: Span
    rows: Sequence[Row]
    before: Sequence[Row]
    days: Iterable[Stretch]
    other_scores: Container[str] = ()


def page(read: Read, quality: Quality, incidents: Sequence[Incident]) -> LanguagesPage:
    """The languages in the order of attention; `incidents` are open."""
    before = {row["language"]: row for row in read.before}
    charts = _charts(read.days)
    found = [_row(read, row, before.get(tag := row["language"]), _of(incidents, tag), charts[tag], quality) for row in read.rows]
    return LanguagesPage(read.span, sorted(found, key=_attention), sorted(incidents, key=loudness))


Chart = Mapping[datetime, Sequence[Total]]


def _row(  # noqa: PLR0913, PLR0917 - all that is known of a language
    read: Read, row: Row, before: Row | None, incident: Incident | None, chart: Chart, quality: Quality
) -> LanguageRow:
    name, tag = measure.chosen(row), row["language"]
    figure, old = measure.figure(row, name), measure.figure(before, name) if before else None
    moved = None if incomparable(figure, old, same_scores=tag not in read.other_scores) else measure.move(figure, old)
    return LanguageRow(tag, row, incident, figure, moved, _values(name, chart, read.span, quality))


def _values(name: measure.Name | None, chart: Chart, span: Span, quality: Quality) -> list[float | None]:
    """The measure of each day of the small chart."""
    first = span.spark.start
    starts = (first + n * DAY for n in range(SPARK_DAYS))
    return [tables.measured(name, chart[at], quality) if name and at in chart else None for at in starts]


def _charts(days: Iterable[Stretch]) -> Mapping[str, Chart]:
    found: defaultdict[str, dict[datetime, list[Total]]] = defaultdict(dict)
    for start, key, measures in days:
        found[key.language].setdefault(start, []).append(Total(key, measures))
    return found


def _of(incidents: Iterable[Incident], language: str) -> Incident | None:
    """The loudest open incident of a language."""
    return min((one for one in incidents if one.language == language), key=loudness, default=None)


def _value(row: LanguageRow) -> float:
    return row.figure.value if row.figure else 1.0


def _attention(row: LanguageRow) -> tuple[int, bool, float, str]:
    """State, then what the interval calls worse, then volume."""
    worse = row.move is not None and row.move.word == "worse"
    return ATTENTION.index(row.row["state"]), not worse, -row.row["queries"], row.tag
