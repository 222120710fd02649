"""Simulated traffic of thirty languages, and a threshold that nobody has set: silent where nothing is wrong, and not deaf."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from msgspec.structs import replace

from agent.aggregate.aggregator import Window
from agent.aggregate.measures import Measures
from agent.alerting.measures import Quality, Thresholds
from agent.alerting.minutes import start_of
from agent.alerting.rule import DropRule
from agent.alerting.sums import Minute
from agent.report import thresholds
from tests.alerting.simulated import minutes
from tests.alerting.traffic import DAY, MONDAY, RULES
from tests.runtime.mortal import Fate, Mortal, resumed
from tests.store.builders import flush

AUTO = Quality(hit_threshold=Thresholds("auto"))
TRAFFIC = {"qpm": 200.0, "history_days": 1.0, "after_days": 0.125}
MISS, SPREADS = 0.21, (0.09, 0.07)  # as the simulator draws the scores of hits and misses


def windows(shared: Path, scenario: dict[str, Any], seed: int) -> Iterator[Window]:
    """The simulated minutes, with a score drawn for each query: the rows themselves tell hits from misses only."""
    chance = np.random.default_rng([seed, 7])
    for rows in minutes(shared, TRAFFIC, scenario, seed, label_share=0.0):
        for row in rows:
            yield Window("language", row.minute, row.key, measures(row, chance))


def measures(row: Minute, chance: np.random.Generator) -> Measures:
    """The sums of one minute."""
    hits, misses = row.score_hist[50], row.score_hist[20]
    mean = (row.score_sum / 1_000_000 - misses * MISS) / hits if hits else 0.0
    scores = np.concatenate([chance.normal(mean, SPREADS[0], hits), chance.normal(MISS, SPREADS[1], misses)])
    bins, counts = np.unique(np.floor(scores * 100).astype(int), return_counts=True)
    hist = dict(zip(bins.tolist(), counts.tolist(), strict=True))
    return Measures(events=row.events, scored=row.scored, score_sum=row.score_sum, score_sq=row.score_sq, score_hist=hist)


def replayed(shared: Path, scenario: dict[str, Any], seed: int, rules: Any = tuple(RULES)) -> Mortal:
    """The whole of it, walked as `replay` does."""
    mortal = Mortal(quality=AUTO, rules=rules)
    mortal.windows.append(flush(*windows(shared, scenario, seed)))
    evaluation = resumed(mortal.around, Fate(), mortal.how)
    evaluation.walk(start_of(MONDAY + int(1.125 * DAY)), None)
    return mortal


def test_where_nothing_is_wrong_nothing_is_told(shared: Path) -> None:
    """A deployment that breaks nothing, a day after the threshold was frozen: neither that nor the freezing is an alarm."""
    mortal = replayed(shared, {"name": "version_ok"}, 12)
    (one,) = thresholds.frozen(mortal.journal)
    assert "en" in one.languages
    assert one.at < start_of(MONDAY + 60)
    assert mortal.transitions() == {}


def test_a_fall_is_seen_in_hits_alone(shared: Path) -> None:
    """German loses twenty points with a deployment; the rule reads nothing but hits at the learned threshold."""
    rules = [replace(rule, measures=("hit_rate",)) for rule in RULES if isinstance(rule, DropRule)]
    mortal = replayed(shared, {"name": "index_drop", "langs": ("de",), "drop": 0.20}, 11, rules)
    assert [(body["language"], body["state"], body["metric"]) for body in mortal.transitions().values()] == [
        ("de", "firing", "hit_rate")
    ]
