"""What the page of one language reads of a store: two to four readings of windows, and the journal."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from agent.alerting.incident import Incident, is_standing
from agent.alerting.measures import Quality
from agent.errors import Misconfigured, Mistake, NotFound
from agent.probing import kept
from agent.probing.kept import GoldenRun, ProbeRun
from agent.report import tables
from agent.report.pages import language
from agent.report.pages.language import Known, LanguagePage, Read
from agent.report.pages.measure import JUDGED, POINT
from agent.report.pages.past import deployed
from agent.report.pages.span import Span, span_of
from agent.report.pages.trends import BASELINE, merged_totals
from agent.report.query import Query
from agent.report.views import PROBED, matching
from agent.store.base import MINUTE, Journal, Selection, WindowReader
from agent.store.days import DAY, midnight

CHECKED: Final = 35 * DAY
"""How old the last word of an active check may be."""
WHERE: Final = ("service", "environment", "collection")
BY: Final = ("language", *WHERE, "embedding_model", "index_version", "score_kind")
BEFORE_BY: Final = tables.columns(pairs=False, by=())
PAIR_BY: Final = tables.columns(pairs=True, by=())
WHOLE: Final = (*JUDGED, "latency_hist", "translated", "translation_sum", "translation_hist", "translation_sums")


class Sources(NamedTuple):
    """Where it is read, as of when, and what was read before: incidents of all languages, the first and the last minute."""

    windows: WindowReader
    journal: Journal
    quality: Quality
    incidents: Sequence[Incident]
    known: tuple[datetime, datetime] | None
    now: datetime
    trace_url: str | None = None


def usual_range(tag: str, open_: Iterable[Incident], newest: datetime, now: datetime) -> Mapping[str, str]:
    """The words of a range that nobody asked for: a day where something broke within it, so that it is seen; else none."""
    began = [one.began_at for one in open_ if one.language == tag and one.began_at and not is_standing(one)]
    return {"from": "-24h"} if began and now - DAY < max(began) < newest else {}


def read(sources: Sources, tag: str, query: Query) -> LanguagePage:
    """The page; raises NotFound for a language that no query and no incident was ever in, Misconfigured for another one's filter."""
    if query.where.get("language", tag) != tag:
        raise Misconfigured([Mistake("", "language", "stands in the path of this page already: leave it out")])
    if sources.known is None:
        raise unknown(tag)
    known = _known(sources, tag, query.where)
    span, where = span_of(query, *sources.known), {**query.where, "language": tag}
    told = language.told(tag, known, sources.trace_url)
    page = LanguagePage(tag, span, language.command(tag, span, query.where), told)
    history = _history(sources.windows, span, where)
    if not any(one.measures.events for one in history.stretches):
        return page._replace(last_day=_last_day(sources, sources.known, where, known))
    pairs = sources.windows.totals("pair", span.selection(where), PAIR_BY, JUDGED)
    return language.page(page, history._replace(pairs=pairs), known, sources.quality)


def _history(windows: WindowReader, span: Span, where: Mapping[str, str]) -> Read:
    """Everything but the pairs; whole days, which a long range is made of, come in one reading."""
    first = span.start - BASELINE
    if span.step != DAY:
        stretches = windows.series("language", span.selection(where), BY, span.step, WHOLE)
        days = windows.series("language", Selection(midnight(first), midnight(span.start), where), BY, DAY, POINT)
        return Read(span, stretches, days, windows.totals("language", span.before.selection(where), BEFORE_BY, JUDGED), ())
    known = windows.series("language", Selection(min(first, span.before.start), span.end, where), BY, DAY, WHOLE)
    earlier = [one for one in known if one.start < span.start]
    before = merged_totals(one for one in earlier if one.start >= span.before.start)
    stretches = [one for one in known if one.start >= span.start]
    return Read(span, stretches, [one for one in earlier if one.start >= first], before, ())


def _known(sources: Sources, tag: str, where: Mapping[str, str]) -> Known:
    """What the journal says of this language, as far as the filters mean it."""
    journal, since = sources.journal, sources.now - CHECKED
    others = {name: value for name, value in where.items() if name in WHERE}
    changes = [one.change for one in deployed(journal)]
    probes, golden = kept.probe_runs(journal, since), kept.golden_runs(journal, since)
    runs: list[ProbeRun | GoldenRun] = [*probes, *golden]
    lately = [run for run in runs if run.at >= sources.now - PROBED]
    return Known(matching(language.about(sources.incidents, tag), others), changes, probes, golden, kept.languages_of(lately))


def _last_day(sources: Sources, ends: tuple[datetime, datetime], where: Mapping[str, str], known: Known) -> datetime | None:
    """The last day with queries that the filters mean; raises NotFound where there is no day, and no incident."""
    tag = where["language"]
    selection = Selection(ends[0], ends[1] + MINUTE, {"language": tag})
    days = [one for one in sources.windows.series("language", selection, WHERE, DAY, ("events",)) if one.measures.events]
    if not days and not any(one.language == tag for one in known.incidents):
        raise unknown(tag)
    meant = [one for one in days if all(getattr(one.key, name) == where.get(name, getattr(one.key, name)) for name in WHERE)]
    return max((one.start for one in meant), default=None)


def unknown(tag: str) -> NotFound:
    """That no query was ever in it."""
    return NotFound([Mistake(repr(tag), "", "no query in this language has been read: the first page lists those that are known")])
