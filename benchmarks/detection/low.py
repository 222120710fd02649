"""Languages that are low from the start: windows of the low rule over levels and shares of queries that are English."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from agent.aggregate.histogram import score_bin
from agent.alerting.evaluator import Evaluator
from agent.alerting.measures import Quality
from agent.alerting.minutes import minute_at
from agent.alerting.rule import LowRule
from agent.alerting.sums import Minute
from agent.records import WindowKey
from benchmarks.detection.traffic import MONDAY

FLOOR, REFERENCE = 0.21, 0.57
LANGUAGES = 40  # of each level
MINUTES = 360
PER_MINUTE = 2.0
SPREAD, ENGLISH = 0.06, (0.58, 0.09)


class Found(NamedTuple):
    """Of so many languages so many were told, after so many queries and minutes (medians)."""

    languages: int
    told: int
    queries: float
    minutes: float


def found(seed: int, level: float, contamination: float) -> Found:
    """Run the rule on languages at one level, each with a share of English queries."""
    chance = np.random.default_rng([seed, int(level * 1000), int(contamination * 1000)])
    evaluator = Evaluator([LowRule(name="low")], Quality(floor=FLOOR, reference=("en",)))
    seen, fired = np.zeros(LANGUAGES, int), {}
    for at in range(MINUTES):
        rows = list(_rows(chance, at, level, contamination))
        for row in rows:
            if row.key.language != "en" and row.key.language not in fired:
                seen[int(row.key.language[1:])] += row.events
        for incident in evaluator.advance(MONDAY + at, rows):
            if incident.state == "firing" and incident.fired_at:
                fired[incident.language] = minute_at(incident.fired_at) - MONDAY
    queries = [seen[int(language[1:])] for language in fired]
    return Found(LANGUAGES, len(fired), *(float(np.median(each)) if fired else np.nan for each in (queries, list(fired.values()))))


def _rows(chance: np.random.Generator, at: int, level: float, contamination: float) -> Iterator[Minute]:
    yield _row(at, "en", chance.normal(REFERENCE, ENGLISH[1], 200))
    for one in range(LANGUAGES):
        if n := int(chance.poisson(PER_MINUTE)):
            english = chance.random(n) < contamination
            scores = np.where(english, chance.normal(*ENGLISH, n), chance.normal(level, SPREAD, n))
            yield _row(at, f"l{one}", scores)


def _row(at: int, language: str, scores: np.ndarray) -> Minute:
    bins, counts = np.unique([score_bin(float(score), "cosine") for score in scores], return_counts=True)
    millionths = np.rint(scores * 1e6).astype(int)
    sums = int(millionths.sum()), int((scores**2).sum() * 1e6)
    histogram = dict(zip(bins.tolist(), counts.tolist(), strict=True))
    key = WindowKey("simulated", "prod", "help", language, "", "m1", "v1", "cosine")
    return Minute(MONDAY + at, key, len(scores), 0, 0, len(scores), *sums, histogram, 0, 0, 0)
