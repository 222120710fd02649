"""The page of one language: is it broken, since when, against what, on which version. Pure."""

import shlex
from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from agent.alerting.action import is_open
from agent.alerting.changes import Change, Collection, collection_of
from agent.alerting.incident import ALL, Incident, is_own
from agent.alerting.measures import Quality
from agent.notify.page import trace_address
from agent.notify.text import clean
from agent.probing.kept import GoldenRun, ProbeRun
from agent.report import tables
from agent.report.pages import measure, scores, trends, versions
from agent.report.pages.alerts import loudness
from agent.report.pages.facts import facts
from agent.report.pages.known import Fact
from agent.report.pages.measure import Figure, Move, Name
from agent.report.pages.scores import Scores
from agent.report.pages.span import Span, utc
from agent.report.pages.trends import Chart, History, Scene
from agent.report.pages.versions import VersionRow
from agent.report.tables import Row
from agent.report.views import NEVER
from agent.store.base import Stretch, Total


class Alert(NamedTuple):
    """An incident and the answers to what people ask first."""

    incident: Incident
    facts: Sequence[Fact]


class DocumentRow(NamedTuple):
    """Queries by the language of the best document: their share of all (0..1), and how they do."""

    tag: str
    row: Row
    share: float
    figure: Figure | None


class Check(NamedTuple):
    """What an active check said of this language last; `row` is its row of the result."""

    name: str
    at: datetime
    row: Mapping[str, Any]


class Exemplar(NamedTuple):
    """An id that the log gave a query, and where its trace stands; never its text."""

    id: str
    url: str | None


class Now(NamedTuple):
    """How it does: the table's row of the range, the measure it is judged by, and the change against the same length before.

    `why_not`: why there is no change to tell.
    """

    row: Row
    figure: Figure | None
    move: Move | None
    why_not: str


class Told(NamedTuple):
    """What is known whether or not there are queries: open incidents, the loudest first; else the one that ended last."""

    open: Sequence[Alert]
    ended: Incident | None
    exemplars: Sequence[Exemplar]
    probes: Sequence[Check]
    golden: Sequence[Check]


class LanguagePage(NamedTuple):
    """One language; without queries in the range `now` is None, and `last_day` the last day that had any (None: there is none).

    `range` is the word of a range that nobody asked for.
    """

    tag: str
    span: Span
    command: str
    told: Told
    now: Now | None = None
    last_day: datetime | None = None
    charts: Sequence[Chart] = ()
    versions: Sequence[VersionRow] = ()
    documents: Sequence[DocumentRow] = ()
    scores: Sequence[Scores] = ()
    range: str = ""

    @property
    def step(self) -> str:
        """How long a point of a chart is."""
        return trends.step_words(self.span.step)


class Read(NamedTuple):
    """What was read of the windows: stretches of the range, whole days before it, totals of the range before, and of pairs."""

    span: Span
    stretches: Sequence[Stretch]
    days: Sequence[Stretch]
    before: Sequence[Total]
    pairs: Sequence[Total]


class Known(NamedTuple):
    """What the journal says of a language; `asked`: the languages that active checks asked lately."""

    incidents: Sequence[Incident]
    changes: Sequence[Change]
    probes: Sequence[ProbeRun]
    golden: Sequence[GoldenRun]
    asked: Container[str]


def page(page: LanguagePage, read: Read, known: Known, quality: Quality) -> LanguagePage:
    """The page with what the windows tell; `read` has queries."""
    span, totals = read.span, trends.merged_totals(read.stretches)
    places = {collection_of(one.key) for one in read.stretches}
    changes = [one for one in known.changes if any(_is_in(place, one) for place in places)]
    found = now(read, known, quality)
    return page._replace(
        now=found,
        charts=_charts(read, known, changes, quality, found.figure and found.figure.name),
        versions=versions.versions(read.stretches, span, quality, changes),
        documents=documents(read.pairs, quality),
        scores=scores.scores(totals, quality),
    )


def _is_in(place: Collection, change: Change) -> bool:
    """Whether a deployment was to this collection; what somebody announced without a name is for all."""
    return all(said in ("", there) for said, there in zip(change.where, place, strict=True))


def _charts(read: Read, known: Known, changes: Sequence[Change], quality: Quality, first: Name | None) -> list[Chart]:
    start, end = read.span.start, min(read.span.end, read.span.as_of)
    broken = trends.open_stretches(known.incidents, start - trends.BASELINE, start)
    scene = Scene(read.span, trends.marks(changes, start, end), trends.open_stretches(known.incidents, start, end))
    return trends.charts(History(read.stretches, trends.quiet(read.days, broken)), scene, quality, first)


def now(read: Read, known: Known, quality: Quality) -> Now:
    """The figures of the range beside those of the one before."""
    row = _row(trends.merged_totals(read.stretches), known, quality, read.span)
    before = _row(read.before, known, quality, read.span.before) if read.before else None
    name = measure.chosen(row)
    figure, old = measure.figure(row, name), measure.figure(before, name) if before else None
    same = versions.same_scores(read.stretches, read.before)
    why_not = versions.incomparable(figure, old, same_scores=same)
    return Now(row, figure, None if why_not else measure.move(figure, old), why_not)


def _row(totals: Sequence[Total], known: Known, quality: Quality, span: Span) -> Row:
    found = tables.rows(totals, ("language",), quality, known.incidents, tables.Seen(span.days, known.asked))
    return found[0]


def documents(pairs: Iterable[Total], quality: Quality) -> list[DocumentRow]:
    """By the language of the documents, the one with most queries first."""
    rows = tables.rows(pairs, ("language", "document_language"), quality)
    whole = sum(row["events"] for row in rows) or 1
    return [
        DocumentRow(row["document_language"], row, row["events"] / whole, measure.figure(row, measure.chosen(row))) for row in rows
    ]


def told(tag: str, known: Known, trace_url: str | None) -> Told:
    """What the journal says of it."""
    is_here = [one for one in known.incidents if is_open(one)]
    ended = max((one for one in known.incidents if one.resolved_at), key=lambda one: one.resolved_at or NEVER, default=None)
    first = min(is_here, key=loudness, default=ended)
    return Told(
        [Alert(one, facts(one)) for one in sorted(is_here, key=loudness)],
        None if is_here else ended,
        [Exemplar(one, trace_address(one, trace_url)) for one in (first.exemplars if first else ())],
        _checks(tag, known.probes),
        _checks(tag, known.golden),
    )


def about(incidents: Iterable[Incident], tag: str) -> list[Incident]:
    """Those of this language, and of all languages together."""
    return [one for one in incidents if one.language == tag or (one.language == ALL and not is_own(one))]


def _checks(tag: str, runs: Iterable[ProbeRun | GoldenRun]) -> list[Check]:
    """The newest of each name that has a row for it."""
    newest = {
        run.name: Check(run.name, run.at, row)
        for run in runs
        for row in run.result.get("languages", ())
        if row.get("language") == tag
    }
    return [newest[name] for name in sorted(newest)]


def command(tag: str, span: Span, where: Mapping[str, str]) -> str:
    """The same table on the command line, ready to paste; names of a log are quoted for the shell."""
    options = {"language": tag, **{name: value for name, value in where.items() if name != "language"}}
    told = [f"--{name} {shlex.quote(clean(value))}" for name, value in options.items()]
    times = [f"--from {utc(span.start).replace(' ', 'T')}:00Z", f"--to {utc(span.end).replace(' ', 'T')}:00Z"]
    return " ".join(("babelwatch languages", *told, *times))
