"""Weeks of traffic with few words: so many queries a day and a rate, in each of some weeks."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from agent.aggregate.aggregator import Window
from agent.aggregate.histogram import MICRO
from agent.aggregate.measures import Measures
from agent.alerting.incident import Incident
from agent.alerting.measures import Quality, Thresholds
from agent.records import WindowKey
from agent.report.weekly.model import Language, Report
from agent.report.weekly.period import UTC_ZONE, week_of
from agent.report.weekly.weekly import weekly
from agent.store.base import Entry, Flush
from agent.store.memory import MemoryJournal, MemoryWindows
from tests.notify.examples import incident

WEEK = "2026-W46"
MONDAY = datetime(2026, 11, 9, tzinfo=UTC)
QUALITY = Quality(hit_threshold=Thresholds(default=0.35))
KEY = WindowKey("help", "prod", "kb", "ko", "", "mini", "v1", "cosine")
Rate = tuple[int, float]
"""Queries a day, and the share of them that hit."""


def day(at: datetime, n: int, rate: float, *, labelled: bool = True, **key: str) -> Window:
    """A day's queries of a language at noon: the labels hit, and with them the scores of .5; what misses scores .2."""
    hits = round(n * rate)
    sums: dict[str, Any] = {"events": n, "queries": n * MICRO, "scored": n, "score_hist": {50: hits, 20: n - hits}}
    sums |= {"score_sum": (50 * hits + 20 * (n - hits)) * 10_000, "score_sq": (2500 * hits + 400 * (n - hits)) * 100}
    if labelled:
        sums |= {"labelled": n, "recall_sum": hits * MICRO, "recall_sq": hits * MICRO}
        sums |= {"label_hist": {50: hits, 20: n - hits}, "label_hit_hist": {50: hits}}
    minute = int((at + timedelta(hours=12)).timestamp()) // 60
    return Window("language", minute, KEY._replace(**key), Measures(**sums))


def days(weeks: Sequence[Mapping[str, Rate]], **others: Any) -> list[Window]:
    """Whole weeks, the last one that of the report."""
    start = MONDAY - timedelta(days=7 * (len(weeks) - 1))
    return [
        day(start + timedelta(days=7 * at + number), n, rate, language=language, **others)
        for at, week in enumerate(weeks)
        for number in range(7)
        for language, (n, rate) in week.items()
    ]


class Store:
    """A store of the twins."""

    def __init__(self, *windows: Window, entries: Sequence[Entry] = ()) -> None:
        self.windows, self.journal = MemoryWindows(), MemoryJournal()
        self.windows.append(Flush("log/0", None, 1, 0, windows))
        self.journal.write(entries)

    def report(self, week: str = WEEK, where: Mapping[str, str] | None = None) -> Report:
        """The report of a week."""
        return weekly(self.windows, self.journal, QUALITY, week_of(week, UTC_ZONE), where)


def three(before: Mapping[str, Rate], now: Mapping[str, Rate], **others: Any) -> Store:
    """Two weeks that are alike, and the week of the report."""
    return Store(*days([before, before, now], **others))


def row(report: Report, language: str) -> Language:
    """A language's line."""
    return next(one for one in report.languages if one.language == language)


def at(days_: float, hours: float = 0) -> datetime:
    """So long after the Monday of the week."""
    return MONDAY + timedelta(days=days_, hours=hours)


def told(one: Incident, when: datetime) -> Entry:
    """A transition in the journal."""
    return Entry("transition", f"{one.fingerprint}/{one.state}/{when}", when, msgspec.to_builtins(one))


def broke(language: str, fired: datetime, ended: datetime | None = None, **others: Any) -> list[Entry]:
    """An incident that fired and perhaps ended, as the journal has it."""
    usual = {
        "fingerprint": f"f-{language}-{others.get('class_', 'change')}",
        "began_at": fired,
        "pending_since": fired,
        "fired_at": fired,
    }
    firing = incident(language=language, **{**usual, **others})
    over = msgspec.structs.replace(firing, state="resolved", resolved_at=ended)
    return [told(firing, fired), *([told(over, ended)] if ended else [])]
