"""The measure of an alert around it: from a day before it began to its end, or to now. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from agent.alerting.incident import ALL, Incident, IncidentClass, is_own
from agent.alerting.measures import Quality
from agent.alerting.rule import LABELS
from agent.alerting.statistics import Z95
from agent.charts.trend import Mark, Point, Trend
from agent.notify import words
from agent.notify.text import capital, one_line
from agent.report import tables
from agent.report.pages import measure, shown
from agent.report.pages.alerts import begun
from agent.report.pages.decision import fall, value
from agent.report.pages.measure import SCORES
from agent.report.pages.past import Deployed
from agent.report.pages.trends import by_start, merged_totals
from agent.report.tables import Row
from agent.store.base import MINUTE, Selection, Stretch
from agent.store.days import DAY, EPOCH

MOST: Final = 120
"""So many points at most."""
FEWEST: Final = 12
EVENTS: Final = 50
"""Fewer of them in a point tell nothing."""
STEPS: Final = tuple(timedelta(minutes=each) for each in (1, 5, 15, 30, 60, 180, 360, 1440))
AFTER: Final = timedelta(hours=2)
"""So much of what came after the end."""
VOLUME: Final[IncidentClass] = "volume"
SUMS: Final[Mapping[str, Sequence[str]]] = {
    LABELS: ("events", "labelled", "recall_sum", "recall_sq"),
    "hit_rate": ("events", "errors", "untold", "scored", "score_hist", "label_hist", "label_hit_hist"),
    SCORES: ("events", "scored", "score_sum", "score_sq", "label_hist", "label_hit_hist"),
    "has_results": ("events", "errors", "untold", "zero_results"),
    VOLUME: ("events", "queries"),
}
"""What each measure is made of; others have no chart."""
Interval = tuple[float, float]


class Around(NamedTuple):
    """The chart, what is read out instead of it, and what to know of it."""

    trend: Trend
    label: str
    caption: str


class Reach(NamedTuple):
    """What is read for it: these sums of these windows, in stretches of this length."""

    selection: Selection
    step: timedelta
    sums: Sequence[str]


class Found(NamedTuple):
    """What was read."""

    reach: Reach
    stretches: Iterable[Stretch]
    deployed: Sequence[Deployed]


def reach(incident: Incident, as_of: datetime) -> Reach | None:
    """What to read; None of what has no measure, or no beginning."""
    sums = SUMS.get(VOLUME if incident.class_ == VOLUME else incident.metric or "")
    if sums is None or is_own(incident) or incident.began_at is None or begun(incident) >= as_of:
        return None
    end = min(incident.resolved_at + AFTER, as_of) if incident.resolved_at else as_of
    start = incident.began_at - DAY
    step = _step(end - start, incident)
    names = {"service": incident.service, "environment": incident.environment}
    language = {} if incident.language == ALL else {"language": incident.language}
    return Reach(Selection(EPOCH + (start - EPOCH) // step * step, end, names | language), step, sums)


def around(incident: Incident, found: Found, quality: Quality) -> Around | None:
    """The chart; None where nothing of the measure is known in this time."""
    points = _points(incident, found, quality)
    if all(one.value is None for one in points):
        return None
    selection, end = found.reach.selection, incident.resolved_at or found.reach.selection.end
    marks = [Mark(one.change.at, _name(one)) for one in found.deployed if selection.start <= one.change.at < selection.end]
    usual = None if incident.class_ == VOLUME else _usual(incident)
    drawn = Trend(selection.start, selection.end, points, usual, marks, [(begun(incident), end)], incident.metric != SCORES)
    return Around(drawn, _label(incident, found), _caption(incident, usual, found.reach.step))


def rests_on(incident: Incident, found: Found, quality: Quality) -> str:
    """What the measure rests on in this time; empty where it is no measure of the tables."""
    if incident.metric == LABELS:
        return "labelled queries"
    totals = merged_totals(found.stretches)
    name = next((name for name in measure.NAMES if name == incident.metric), None)
    figure = measure.figure(tables.rows(totals, (), quality)[0], name) if totals else None
    return figure.rests_on if figure else ""


def _step(length: timedelta, incident: Incident) -> timedelta:
    """Long enough that a point tells something, as far as that leaves some points."""
    enough = EVENTS * (incident.scale_minutes or 0) / incident.n * MINUTE if incident.n else timedelta(0)
    least = max(length / MOST, min(enough, length / FEWEST))
    return next((step for step in STEPS if step >= least), STEPS[-1])


def _points(incident: Incident, found: Found, quality: Quality) -> list[Point]:
    rows = by_start(found.stretches, quality, by=())
    selection, step, _ = found.reach
    starts = [selection.start + place * step for place in range(-((selection.start - selection.end) // step))]
    if incident.class_ == VOLUME:
        return _volume(starts, rows)
    return [Point(at, *(_figure(incident.metric, rows[at]) if at in rows else (None, None, None))) for at in starts]


def _volume(starts: Iterable[datetime], rows: Mapping[datetime, Row]) -> list[Point]:
    """As a share of the busiest stretch: the chart is one of shares."""
    most = max((row["queries"] for row in rows.values()), default=0)
    return [Point(at, (rows[at]["queries"] if at in rows else 0) / most if most else None) for at in starts]


def _figure(metric: str | None, row: Row) -> tuple[float | None, float | None, float | None]:
    """The measure of a row with its interval; how many had results is told by how many had none."""
    found = metric == "has_results"
    name = "zero_result_rate" if found else metric or ""
    known, ci95 = row.get(name), row["ci95"].get(name)
    if not isinstance(known, float):
        return None, None, None
    low, high = ci95 or (None, None)
    if not found:
        return known, low, high
    return 1 - known, None if high is None else 1 - high, None if low is None else 1 - low


def _usual(incident: Incident) -> Interval | None:
    """Where a window of the length that was judged lies 95 % of the time, where the strongest evidence says so."""
    w = incident.evidence[0].workings if incident.evidence else None
    if w is None:
        return None
    low, high = w.expected - Z95 * w.se, w.expected + Z95 * w.se
    return (low, high) if incident.metric == SCORES else (max(low, 0.0), min(high, 1.0))


def _name(deployed: Deployed) -> str:
    return one_line(deployed.change.index_version or deployed.change.embedding_model)


def _label(incident: Incident, found: Found) -> str:
    selection = found.reach.selection
    what = "Queries" if incident.class_ == VOLUME else capital(one_line(words.measure(incident.metric or "")))
    end = f"to {shown.when(incident.resolved_at)}" if incident.resolved_at else "and still is"
    times = (
        f"{shown.when(selection.start)} to {shown.when(selection.end)}; the alert was open from {shown.when(begun(incident))} {end}"
    )
    return f"{what} of {shown.language(incident.language)}, {times}. {_told(incident)}".strip()


def _told(incident: Incident) -> str:
    if incident.current is None or incident.baseline is None or incident.drop is None or incident.class_ == VOLUME:
        return ""
    now, before = value(incident.metric, incident.current), value(incident.metric, incident.baseline)
    return f"It was {now} when it fired, compared with {before}: {fall(incident.metric, incident.drop)} less."


def _caption(incident: Incident, usual: Interval | None, step: timedelta) -> str:
    minutes = step // MINUTE
    each = f"{minutes} min" if minutes < 60 else f"{minutes // 60} h"  # noqa: PLR2004 - of an hour
    what = "queries, as a share of the busiest stretch shown" if incident.class_ == VOLUME else "with its 95 % interval"
    band = " Blue band: where a window such as the one that was judged usually lies." if usual else ""
    return f"Each point is {each}, {what}. Shaded: the alert was open. Dashed: deployments.{band}"
