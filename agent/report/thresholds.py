"""Hit thresholds in the journal: learned once from the windows, one row for each model and score kind, never learned again.

A probe that asked the index itself unrelated queries knows better: its cut-off takes the place of a learned one, once, and its
floor stands beside. Those move no more, but for a floor that has moved by two points.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

import msgspec

from agent.alerting.auto import Floor, Learned, Learner
from agent.alerting.measures import Quality, Scale
from agent.alerting.minutes import minute_at
from agent.probing.kept import ProbeRun, probe_runs
from agent.records import row_id
from agent.store.base import MINUTE, Entry, Journal, Selection, WindowReader

KIND: Final = "threshold"
FLOOR: Final = "floor"
COSINE: Final = "cosine"  # what models' similarities are, and what a probe measures
MEASURED: Final = "index"
MOVED: Final = 0.02
BY: Final = ("embedding_model", "score_kind", "language")
DAY: Final = timedelta(days=1)


def entry_of(found: Learned | Floor) -> Entry:
    """The row of a frozen threshold, or of a floor; a probe's threshold has one of its own."""
    if isinstance(found, Floor):
        return Entry(FLOOR, row_id(f"{found.embedding_model}/{found.at:%Y-%m-%dT%H:%M}"), found.at, msgspec.to_builtins(found))
    name = (*found.scale, *(() if found.provisional else ("probe",)))
    return Entry(KIND, row_id("/".join(name)), found.at, msgspec.to_builtins(found))


def floors(journal: Journal, until: datetime | None = None) -> dict[str, float]:
    """What unrelated text scores on each model, as it was measured last by this time (None: ever)."""
    rows = (msgspec.convert(dict(entry.body), Floor) for entry in journal.read(FLOOR, until=until))
    return {one.embedding_model: one.floor for one in rows}


def from_probes(quality: Quality, journal: Journal, since: datetime, at: datetime) -> list[Learned | Floor]:
    """What probes of the index have measured since then, is asked for by `quality` and not frozen yet, as of `at`."""
    runs = [run for run in probe_runs(journal, since) if run.result.get("floor_source") == MEASURED]
    if not runs:
        return []
    return [*_cutoffs(quality, journal, runs, at), *(_floors(journal, runs, at) if quality.floor is None else ())]


def _cutoffs(quality: Quality, journal: Journal, runs: Iterable[ProbeRun], at: datetime) -> Iterator[Learned]:
    """The first one of each model."""
    settled = {one.embedding_model for one in frozen(journal, at) if not one.provisional}
    for run in runs:
        model, cutoff = run.embedding_model, run.result.get("cutoff")
        if cutoff is not None and model not in settled and quality.hit_threshold.may_be_auto(model):
            settled.add(model)
            yield Learned(model, COSINE, cutoff, run.result.get("unrelated_queries", 0), (), at, provisional=False)


def _floors(journal: Journal, runs: Iterable[ProbeRun], at: datetime) -> Iterator[Floor]:
    """The newest one of each model, where it has moved."""
    known = floors(journal, at)
    newest = {run.embedding_model: run.result["floor"] for run in runs if run.result.get("floor") is not None}
    for model, floor in newest.items():
        if model not in known or abs(known[model] - floor) >= MOVED:
            yield Floor(model, floor, at)


def frozen(journal: Journal, until: datetime | None = None) -> list[Learned]:
    """The thresholds frozen by this time (None: ever), oldest first."""
    rows = (entry for entry in journal.read(KIND) if until is None or entry.at <= until)
    return [msgspec.convert(dict(entry.body), Learned) for entry in rows]


def change_of(learned: Learned) -> Entry:
    """A frozen threshold in the form of a deployment, of which it has the time and the model."""
    nowhere = {"service": "", "environment": "", "collection": "", "index_version": ""}
    entry, names = entry_of(learned), ", ".join(learned.languages)
    source = f"learned: best score ≥ {learned.threshold:.2f} (provisional), from {learned.scores:,} scores ({names})"
    probed = f"measured by a probe: best score ≥ {learned.threshold:.2f}, which 5 % of unrelated queries reach"
    notice = f"hit threshold {source if learned.provisional else probed}"
    return entry._replace(body={**nowhere, **entry.body, "notice": notice})


def by_scale(learned: Iterable[Learned]) -> Mapping[Scale, float]:
    """The thresholds as they are read by."""
    return {one.scale: one.threshold for one in learned}


def current(quality: Quality, journal: Journal, until: datetime | None = None) -> Quality:
    """With the thresholds that are frozen, and the floors that were measured."""
    measured = quality if quality.floor is not None else quality.with_floors(floors(journal, until))
    return measured.with_learned(by_scale(frozen(journal, until))) if quality.hit_threshold.may_learn else measured


def settled(quality: Quality, journal: Journal, windows: WindowReader) -> Quality:
    """With those, and those that whoever evaluates these windows will freeze."""
    known, span = current(quality, journal), windows.span()
    return known.with_learned(by_scale(learner(known, windows, span[1] + MINUTE).learned.values())) if span else known


def learner(quality: Quality, windows: WindowReader, end: datetime) -> Learner:
    """One that has counted all windows before `end`; what is due by then is learned, as of the very minute."""
    made, span = Learner(quality, minute_at(end)), windows.span()
    if span is None or span[0] >= end or not quality.hit_threshold.may_learn:
        return made
    for total in windows.totals("language", Selection(span[0], end), BY):
        made.count(total.key, total.measures.score_hist)
    return _by_minute(quality, windows, span[0], end) if made.enough() else made


def _by_minute(quality: Quality, windows: WindowReader, start: datetime, end: datetime) -> Learner:
    made = Learner(quality, minute_at(start))
    for day, over in _days(start, end):
        rows, last = list(windows.minutes(day, over)), minute_at(over)
        while made.end < last:
            made.take([row for row in rows if row.minute >= made.end], last)
    return made


def _days(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The days of a span, so that memory is bounded."""
    while start < end:
        over = min(start + DAY, end)
        yield start, over
        start = over
