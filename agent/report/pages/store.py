"""What pages are made of, read from a store that this process has open."""

from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from agent.alerting.action import is_open
from agent.alerting.incident import Incident
from agent.alerting.measures import Quality
from agent.clock import Clock
from agent.notify.bulletin import REPORT
from agent.notify.mute import Mute
from agent.notify.notification import OUTBOX
from agent.probing import kept
from agent.report import actions, golden_falls, mutes, tables, thresholds
from agent.report.actions import found
from agent.report.pages import alert, alerts, around, languages, monitor, pairs, quality, reading_language, reports
from agent.report.pages.alert import AlertPage
from agent.report.pages.alerts import AlertsPage
from agent.report.pages.language import LanguagePage
from agent.report.pages.languages import LanguagesPage
from agent.report.pages.measure import JUDGED, Name, chosen
from agent.report.pages.once import Group, Once
from agent.report.pages.pairs import PairsPage
from agent.report.pages.past import CHANGE, TRANSITION, Past, past, told_alone
from agent.report.pages.quality import InForce, QualityPage
from agent.report.pages.reports import ReportsPage
from agent.report.pages.span import Span, span_of
from agent.report.pages.status import Status, status
from agent.report.pages.trends import scales
from agent.report.pages.versions import other_scores
from agent.report.query import Query, parse
from agent.report.views import PROBED, Words, all_incidents, matching
from agent.report.weekly.html import html
from agent.report.weekly.period import UTC_ZONE, week_of
from agent.report.weekly.weekly import weekly
from agent.runtime.own import Seen
from agent.store.base import MINUTE, Gathered, Total, WindowReader
from agent.store.days import DAY

BY: Final = tables.columns(pairs=False, by=())
CHART_SUMS: Final[Mapping[Name, tuple[str, ...]]] = {
    "recall_at_k": ("labelled", "recall_sum"),
    "hit_rate": ("events", "errors", "untold", "scored", "score_hist"),
    "similarity_mean": ("scored", "score_sum"),
}
"""What the charts of a measure are drawn of."""
WHOLE: Final = (TRANSITION, "lost", golden_falls.KIND, actions.KIND, mutes.KIND, thresholds.KIND, thresholds.FLOOR, CHANGE)
"""The kinds of rows that nearly every page reads whole."""
LATELY: Final = (OUTBOX, kept.PROBE, kept.GOLDEN)
"""... and since lately."""
PAIRS: Final = ("language", "document_language")
PAIRS_BY: Final = tables.columns(pairs=True, by=())


class StorePages:
    """One for each answer: what several parts of a page need is read once. Each page is a method.

    A method reads what its page needs and hands it to a pure function beside this file.
    """

    def __init__(  # noqa: PLR0913 - the composition root hands over each part
        self,
        windows: WindowReader,
        journal: Gathered,
        quality: Quality,
        clock: Clock,
        *,
        mutes_of_file: Sequence[Mute] = (),
        missing: Mapping[str, str] = MappingProxyType({}),
        in_force: InForce = InForce(),  # noqa: B008  immutable
        seen: Seen | None = None,
        zone: ZoneInfo = UTC_ZONE,
        trace_url: str | None = None,
    ) -> None:
        """`quality` as it is configured; `missing` is what the agent waits for, `seen` what the process that reads the log knows.

        `zone` is where the weeks of reports begin, `trace_url` where a `{trace_id}` stands.
        """
        self._in_force, self._seen, self._zone = in_force, seen, zone
        self._windows, self._now = windows, clock.now()
        lately = self._now - max(alerts.LATELY, PROBED)
        self._journal = Once(journal, (Group(WHOLE), Group(LATELY, lately)))
        self._configured, self._mutes_of_file, self._missing = quality, mutes_of_file, missing
        self._trace_url = trace_url

    def status(self) -> Status:
        """What every page says on top."""
        newest = self._known[1] if self._known else None
        told = [one for one in self._told(self._now - alerts.LATELY) if is_open(one)]
        return status(newest, self._missing, [*self._open, *told], self._now, self._seen)

    def languages(self, words: Words) -> LanguagesPage:
        """Every language; raises Misconfigured for words that mean nothing."""
        query = parse(words, self._now)
        open_ = matching(self._open, query.where)
        span = self._span(query)
        if span is None:
            return LanguagesPage(None, (), open_)
        totals, earlier = (self._totals(query, one) for one in (span, span.before))
        rows, before = self._rows(totals, span, open_), tables.rows(earlier, ("language",), self._quality)
        drawn = sorted({column for row in rows if (name := chosen(row)) for column in CHART_SUMS[name]})
        days = self._windows.series("language", span.spark.selection(query.where), BY, DAY, drawn) if drawn else ()
        return languages.page(languages.Read(span, rows, before, days, other_scores(totals, earlier)), self._quality, open_)

    def pairs(self, words: Words) -> PairsPage:
        """Query language against document language; raises Misconfigured for words that mean nothing."""
        wanted, others = pairs.asked(words)
        query = parse(others, self._now)
        span = self._span(query)
        if span is None:
            return PairsPage(None)
        totals = self._windows.totals("pair", span.selection(query.where), PAIRS_BY, JUDGED)
        return pairs.page(span, tables.rows(totals, PAIRS, self._quality), wanted, len(scales(totals)))

    def data_quality(self, words: Words) -> QualityPage:
        """Whether the monitor is healthy and can be trusted; raises Misconfigured for words that mean nothing."""
        query = parse(words, self._now)
        known = quality.Read(self.status(), self._now, in_force=self._in_force, seen=self._seen, missing=self._missing)
        read = monitor.told(known, self._journal)
        span = self._span(query)
        if span is not None:
            read = monitor.counted(read, self._windows, span, query.where)._replace(
                languages=self._rows(self._totals(query, span), span, ())
            )
        return quality.page(read)

    def reports(self, words: Words) -> ReportsPage:
        """The weeks that have a report; raises Misconfigured for any word."""
        parse(words, self._now)
        sent = {entry.body["week"]: entry.body["title"] for entry in self._journal.read(REPORT)}
        return reports.page(self._known, sent, self._now, self._zone)

    def report(self, week: str) -> str:
        """The report of a week as one HTML file that links these pages; raises Misconfigured, or NotFound where it has no query."""
        period = week_of(week, self._zone)
        return html(weekly(self._windows, self._journal, self._configured, period), "")

    def language(self, tag: str, words: Words) -> LanguagePage:
        """One language; raises NotFound for one that is not known, Misconfigured for words that mean nothing."""
        wanted: Words = {}
        if self._known and not words.keys() & {"from", "to"}:
            wanted = reading_language.usual_range(tag, self._open, self._known[1], self._now)
        query, read = (
            parse({**words, **wanted}, self._now),
            (self._windows, self._journal, self._quality, self._incidents, self._known),
        )
        found = reading_language.read(reading_language.Sources(*read, self._now, self._trace_url), tag, query)
        return found._replace(range=wanted.get("from", ""))

    def alerts(self, words: Words) -> AlertsPage:
        """Every alert that is open, and what is over; raises Misconfigured for words that mean nothing."""
        wanted = alerts.asked(words)
        told = self._told(None if wanted.everything else self._now - alerts.LATELY)
        return alerts.page([*self._incidents, *told], self._mutes, wanted, self._now)

    def alert(self, name: str, words: Words) -> AlertPage:
        """The newest alert whose fingerprint begins so, or the one that was open `at` a time; raises NotFound and Misconfigured."""
        at, written = alert.asked(words, self._now), any(one.fingerprint.startswith(name) for one in self._incidents)
        every = self._incidents if written else self._told()
        one = found(every, name, at)
        known = past(self._journal, one, self._now)
        chart, rests_on = self._around(one, known)
        same = [other for other in every if other.fingerprint == one.fingerprint]
        mute = next((mute for mute in self._mutes if one.muted_by and mute.id == one.muted_by.id), None)
        return alert.page(alert.Known(one, same, written, known, chart, rests_on, mute), self._now, self._trace_url)

    def _told(self, since: datetime | None = None) -> list[Incident]:
        """What stands in messages alone."""
        return mutes.silenced(told_alone(self._journal, self._incidents, since), self._mutes, self._now)

    def _around(self, incident: Incident, known: Past) -> tuple[around.Around | None, str]:
        """Its measure around it, and what that rests on."""
        reach = around.reach(incident, self._known[1] + MINUTE) if self._known else None
        if reach is None:
            return None, ""
        stretches = self._windows.series("language", reach.selection, BY, reach.step, reach.sums)
        read = around.Found(reach, stretches, known.deployed)
        return around.around(incident, read, self._quality), around.rests_on(incident, read, self._quality)

    def _totals(self, query: Query, span: Span) -> list[Total]:
        return self._windows.totals("language", span.selection(query.where), BY, JUDGED)

    def _rows(self, totals: Iterable[Total], span: Span, incidents: Sequence[Incident]) -> list[tables.Row]:
        return tables.rows(totals, ("language",), self._quality, incidents, tables.Seen(span.days, self._probed))

    def _span(self, query: Query) -> Span | None:
        """The time of a page; None in an empty store."""
        return span_of(query, *self._known) if self._known else None

    @cached_property
    def _known(self) -> tuple[datetime, datetime] | None:
        """The first and the last minute with windows."""
        return self._windows.span()

    @cached_property
    def _quality(self) -> Quality:
        """With the thresholds that were learned by now."""
        return thresholds.current(self._configured, self._journal)

    @cached_property
    def _probed(self) -> Container[str]:
        """The languages that active checks ask."""
        return kept.asked_since(self._journal, self._now - PROBED)

    @cached_property
    def _incidents(self) -> list[Incident]:
        """Every incident, oldest first, with who keeps it silent."""
        return mutes.silenced(all_incidents(self._journal, self._now), self._mutes, self._now)

    @cached_property
    def _mutes(self) -> list[Mute]:
        """Those of the file, and those that count now or later."""
        return [*self._mutes_of_file, *mutes.mutes_since(self._journal, self._now)]

    @cached_property
    def _open(self) -> list[Incident]:
        return [one for one in self._incidents if is_open(one)]
