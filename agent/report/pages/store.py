"""What pages are made of, read from a store that this process has open."""

from collections.abc import Callable, Mapping
from typing import Final

from agent.alerting.action import is_open
from agent.alerting.incident import Incident
from agent.alerting.measures import Quality
from agent.clock import Clock
from agent.probing import kept
from agent.report import mutes, tables, thresholds
from agent.report.pages import languages
from agent.report.pages.languages import LanguagesPage
from agent.report.pages.span import Span, span_of
from agent.report.pages.status import Status, status
from agent.report.query import Query, parse
from agent.report.views import PROBED, Words, all_incidents, matching
from agent.store.base import Journal, WindowReader
from agent.store.days import DAY

SUMS: Final = (
    "events",
    "queries",
    "errors",
    "zero_results",
    "scored",
    "score_sum",
    "score_sq",
    "labelled",
    "recall_sum",
    "recall_sq",
    "score_hist",
    "label_hist",
    "label_hit_hist",
)
"""Of all sums those that the first page shows: each one takes its time to be read."""
BY: Final = tables.columns(pairs=False, by=())
CHART_SUMS: Final = ("events", "errors", "scored", "score_sum", "labelled", "recall_sum", "score_hist")


class StorePages:
    """One method a page; each reads what it needs and hands it to a pure function beside this file."""

    def __init__(  # noqa: PLR0913 - the composition root hands over each part
        self,
        windows: WindowReader,
        journal: Journal,
        quality: Callable[[], Quality],
        clock: Clock,
        *,
        mutes_of_file: mutes.OfFile = mutes.none,
        missing: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        """`quality`, `mutes_of_file` and `missing` (what the agent waits for) are asked each time: they change."""
        self._windows, self._journal, self._clock = windows, journal, clock
        self._quality, self._mutes_of_file, self._missing = quality, mutes_of_file, missing

    def languages(self, words: Words) -> LanguagesPage:
        """Every language; raises Misconfigured for words that mean nothing."""
        query = parse(words, self._clock.now())
        span, quality = self._span(query), thresholds.current(self._quality(), self._journal)
        if span is None:
            return LanguagesPage(None, (), self._open())
        rows, before = (self._rows(query, one, quality) for one in (span, span.before))
        days = self._windows.series("language", span.spark.selection(query.where), BY, DAY, CHART_SUMS)
        return languages.page(languages.Read(span, rows, before, days), quality, self._open(query))

    def status(self) -> Status:
        """What every page says on top."""
        known, now = self._windows.span(), self._clock.now()
        return status(known[1] if known else None, self._missing(), self._open(), now)

    def _rows(self, query: Query, span: Span, quality: Quality) -> list[tables.Row]:
        totals = self._windows.totals("language", span.selection(query.where), BY, SUMS)
        seen = tables.Seen(span.days, kept.asked_since(self._journal, self._clock.now() - PROBED))
        return tables.rows(totals, ("language",), quality, self._open(query), seen)

    def _span(self, query: Query) -> Span | None:
        known = self._windows.span()
        return span_of(query, *known) if known else None

    def _open(self, query: Query = Query()) -> list[Incident]:  # noqa: B008  immutable
        """The open incidents that the filters mean, with who keeps them silent."""
        now = self._clock.now()
        known = [one for one in all_incidents(self._journal, now) if is_open(one)]
        shown = matching(known, query.where)
        return mutes.silenced(shown, [*self._mutes_of_file(), *mutes.mutes_since(self._journal, now)], now)
