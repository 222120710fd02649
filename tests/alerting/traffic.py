"""Made-up traffic: rows as the store gives them back, at rates that a test can reckon with."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path
from typing import Any

from agent.alerting.evaluator import Evaluator
from agent.alerting.incident import Incident
from agent.alerting.load import load
from agent.alerting.measures import Quality, Thresholds
from agent.alerting.sums import Minute
from agent.records import WindowKey

MICRO = 1_000_000
MONDAY = int(datetime(2026, 1, 5, tzinfo=UTC).timestamp()) // 60
DAY = 1440
START = MONDAY + 3 * DAY  # the deployment of most tests, after three days of history
RULES = load(["default"], Path(__file__).parents[2] / "rules")
QUALITY = Quality(hit_threshold=Thresholds(default=0.35))

ADDED = ("events", "errors", "zero_results", "scored", "score_sum", "score_sq", "labelled", "recall_sum", "recall_sq")

Row = tuple[int, int, int, int]  # queries, hits, labelled queries, those recalled


def key(language: str = "de", version: str = "v42", model: str = "m1", kind: str = "cosine", collection: str = "kb") -> WindowKey:
    """A window key of one service."""
    return WindowKey("help", "prod", collection, language, "", model, version, kind)


def row(minute: int, where: WindowKey, *counts: int) -> Minute:
    """Queries, hits, labelled queries and those recalled; hits score .50, misses .20, a label is 0 or 1."""
    queries, hits, labelled, recalled = (*counts, 0, 0)[:4]
    return Minute(
        minute=minute,
        key=where,
        events=queries,
        errors=0,
        zero_results=0,
        scored=queries,
        score_sum=hits * 500_000 + (queries - hits) * 200_000,
        score_sq=hits * 250_000 + (queries - hits) * 40_000,
        score_hist={50: hits, 20: queries - hits},
        labelled=labelled,
        recall_sum=recalled * MICRO,
        recall_sq=recalled * MICRO,
    )


def folded(rows: Iterable[Minute], width: int) -> list[Minute]:
    """The rows as the store gives them back: summed by the quarter or hour, at its first minute."""
    groups = defaultdict[tuple[int, WindowKey], list[Minute]](list)
    for row in rows:
        groups[row.minute // width * width, row.key].append(row)
    return sorted((_summed(minute, group) for (minute, _), group in groups.items()), key=attrgetter("minute"))


def _summed(minute: int, rows: Sequence[Minute]) -> Minute:
    histogram = sum((Counter(row.score_hist) for row in rows), Counter[int]())
    sums: Mapping[str, Any] = {name: sum(getattr(row, name) for row in rows) for name in ADDED}
    return rows[0]._replace(minute=minute, score_hist=dict(histogram), **sums)


def history(counts: Row = (6000, 5400, 0, 0), keys: Sequence[WindowKey] = (key(version="v41"),), days: int = 3) -> list[Minute]:
    """One row an hour and key, for the days before START."""
    return [row(START - 60 * hour, where, *counts) for hour in range(days * 24, 0, -1) for where in keys]


def evaluator(past: Sequence[Minute], quality: Quality = QUALITY, incidents: Sequence[Incident] = ()) -> Evaluator:
    """The default rules, with a history."""
    made = Evaluator(RULES, quality, incidents)
    made.warm(past)
    return made


def walk(
    judge: Evaluator, minutes: Iterator[list[Minute]] | Sequence[list[Minute]], first: int = START
) -> list[tuple[int, Incident]]:
    """The transitions, each with its minute counted from START."""
    by_minute = list(minutes)
    rows = [row for found in by_minute for row in found]
    walked = judge.walk(rows, first, first + len(by_minute) - 1)
    return [(minute - START, incident) for minute, told in walked for incident in told]


def steady(counts: tuple[int, ...], minutes: int, where: WindowKey | None = None, first: int = START) -> list[list[Minute]]:
    """The same every minute."""
    return [[row(first + at, where or key(), *counts)] for at in range(minutes)]


def states(transitions: Sequence[tuple[int, Incident]]) -> list[tuple[int, str]]:
    """When and what."""
    return [(minute, incident.state) for minute, incident in transitions]
