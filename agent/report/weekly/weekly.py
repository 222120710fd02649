"""The weekly report of a store: what is read for it, in a few queries."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from agent.alerting.incident import Incident
from agent.alerting.measures import Quality
from agent.alerting.minutes import HOUR, minute_at
from agent.alerting.rule import MEASURES
from agent.alerting.sums import Minute
from agent.errors import Mistake, NotFound
from agent.probing import kept
from agent.report import thresholds
from agent.report.query import OLDEST
from agent.report.views import all_incidents
from agent.report.weekly.build import build
from agent.report.weekly.model import Report
from agent.report.weekly.period import Period
from agent.report.weekly.readings import BY, ENOUGH, FIELDS, is_real, minute_of
from agent.report.weekly.seen import Seen
from agent.report.weekly.wobble import HISTORY, QUARTERS, LeftOut, Past14
from agent.store.base import MINUTE, Journal, Selection, Total, WindowReader
from agent.store.days import DAY, midnight

QUARTER: Final = 15 * MINUTE
ADVISES: Final = 35 * DAY
"""So old may a probe be that says what to do."""


def weekly(
    windows: WindowReader, journal: Journal, quality: Quality, period: Period, where: Mapping[str, str] | None = None
) -> Report:
    """The report of a period; `quality` is that of the settings, `where` equality filters. Raises NotFound where there are no queries.

    Nothing of after the period is in it, so that the same store and period give the same report.
    """
    where = where or {}
    span = windows.span()
    now = windows.totals("language", Selection(period.start, period.end, where), BY) if span else []
    if span is None or not any(total.measures.events for total in now):
        raise NotFound([Mistake("", "week", _empty(period, span))])
    span = (span[0], span[1] + MINUTE)
    at, quality = min(period.end, span[1]), thresholds.current(quality, journal)
    incidents = all_incidents(journal, at, at)
    selection = Selection(period.start, period.end, where)
    return build(
        Seen(
            period=period,
            span=span,
            now=now,
            before=windows.totals("language", Selection(period.before, period.start, where), BY),
            **_minutes(windows, period, now, incidents, where),
            incidents=incidents,
            changes=journal.read("change", period.start, period.end),
            golden=[run for run in kept.golden_runs(journal, period.start) if run.at <= at],
            probes=[run for run in kept.probe_runs(journal, at - ADVISES) if run.at <= at],
            quality=quality,
            users=(users := windows.sessions_by_language(selection)),
            all_users=windows.sessions(selection) if users else 0,
            asked=frozenset(kept.asked_since(journal, period.start, at)),
            where=where,
        )
    )


def _empty(period: Period, span: tuple[datetime, datetime] | None) -> str:
    has = f"the store has {span[0]:%Y-%m-%d %H:%M} to {span[1]:%Y-%m-%d %H:%M} UTC" if span else "the store is empty"
    return f"no query lies in {period.name}: {has}"


def _minutes(
    windows: WindowReader, period: Period, now: Sequence[Total], incidents: Sequence[Incident], where: Mapping[str, str]
) -> dict[str, Any]:
    """The days of both times, and what tells how much languages wobble: what speaks for them decides which sums are read."""
    sums = _sums(now)

    def read(start: datetime, end: datetime, step: timedelta) -> list[Minute]:
        found = windows.series("language", Selection(max(start, OLDEST), end, where), BY, step, sums)
        return [minute_of(one.start, one.key, one.measures, sums) for one in found]

    days = read(midnight(min(period.start - HISTORY, period.before)), period.end, DAY)
    until = minute_at(period.start)
    past = Past14(
        [row for row in days if row.minute < until],
        read(midnight(period.start) - QUARTERS, period.start, QUARTER),
        list(_left_out(incidents, until)),
        until,
    )
    first = minute_at(midnight(period.before))
    return {"days": [row for row in days if row.minute >= first], "past": past}


def _sums(now: Sequence[Total]) -> tuple[str, ...]:
    """Those of labels where there are any; those of scores only where labels do not speak for all languages."""
    labels = _by_language(now)
    names = MEASURES if any(n < ENOUGH for n in labels.values()) else MEASURES[:1]
    return tuple(dict.fromkeys(field for name in names for field in FIELDS[name]))


def _by_language(now: Iterable[Total]) -> dict[str, int]:
    found: dict[str, int] = {}
    for total in now:
        if is_real(total.key.language):
            found[total.key.language] = found.get(total.key.language, 0) + total.measures.labelled
    return found


def _left_out(incidents: Iterable[Incident], until: int) -> Iterator[LeftOut]:
    """Falls, from an hour before they fired: the evaluator leaves them out of its baselines too."""
    for one in incidents:
        if one.class_ == "change" and one.fired_at is not None:
            end = minute_at(one.resolved_at) if one.resolved_at else until
            yield LeftOut(one.language, minute_at(one.fired_at) - HOUR, min(end, until))
