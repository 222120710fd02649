"""Hit thresholds in the journal: learned once from the windows, one row for each model and score kind, never learned again."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

import msgspec

from agent.alerting.auto import Learned, Learner
from agent.alerting.measures import Quality, Scale
from agent.alerting.minutes import minute_at
from agent.records import row_id
from agent.store.base import MINUTE, Entry, Journal, Selection, WindowReader

KIND: Final = "threshold"
BY: Final = ("embedding_model", "score_kind", "language")
DAY: Final = timedelta(days=1)


def entry_of(learned: Learned) -> Entry:
    """The row of a frozen threshold."""
    return Entry(KIND, row_id("/".join(learned.scale)), learned.at, msgspec.to_builtins(learned))


def frozen(journal: Journal, until: datetime | None = None) -> list[Learned]:
    """The thresholds frozen by this time (None: ever), oldest first."""
    rows = (entry for entry in journal.read(KIND) if until is None or entry.at <= until)
    return [msgspec.convert(dict(entry.body), Learned) for entry in rows]


def change_of(learned: Learned) -> Entry:
    """A frozen threshold in the form of a deployment, of which it has the time and the model."""
    nowhere = {"service": "", "environment": "", "collection": "", "index_version": ""}
    entry, names = entry_of(learned), ", ".join(learned.languages)
    notice = f"hit threshold learned: best score ≥ {learned.threshold:.2f} (provisional), from {learned.scores:,} scores ({names})"
    return entry._replace(body={**nowhere, **entry.body, "notice": notice})


def by_scale(learned: Iterable[Learned]) -> Mapping[Scale, float]:
    """The thresholds as they are read by."""
    return {one.scale: one.threshold for one in learned}


def current(quality: Quality, journal: Journal, until: datetime | None = None) -> Quality:
    """With the thresholds that are frozen."""
    return quality.with_learned(by_scale(frozen(journal, until))) if quality.hit_threshold.may_learn else quality


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
