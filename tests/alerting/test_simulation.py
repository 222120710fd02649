"""The acceptance simulations in small: a deployment that breaks one language, and one that breaks none."""

from pathlib import Path
from typing import Any

import pytest

from agent.alerting.evaluator import Evaluator
from agent.alerting.incident import Incident
from tests.alerting.simulated import minutes
from tests.alerting.traffic import DAY, MONDAY, QUALITY, RULES, walk

SEEDS = [1, *(pytest.param(seed, marks=pytest.mark.chaos) for seed in (2, 3))]
DEPLOYED = MONDAY + 2 * DAY


def told(shared: Path, scenario: dict[str, Any], seed: int, hours: int = 6) -> list[Incident]:
    """The transitions until so long after the deployment, of a run that is walked from its first minute, as `replay` does."""
    judge, traffic = Evaluator(RULES, QUALITY), {"qpm": 300.0, "history_days": 2.0, "after_days": hours / 24}
    return [incident for _, incident in walk(judge, minutes(shared, traffic, scenario, seed), MONDAY)]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_deployment_that_breaks_german_by_ten_points_is_found(shared: Path, seed: int) -> None:
    """300 queries a minute in 30 languages, 3 % of them German: within six hours, and no other language."""
    incidents = told(shared, {"name": "index_drop", "langs": ("de",), "drop": 0.10}, seed)
    assert [(incident.language, incident.state) for incident in incidents] == [("de", "firing")]
    (incident,) = incidents
    assert incident.fired_at is not None
    assert incident.fired_at.timestamp() / 60 - DEPLOYED < 6 * 60
    assert incident.ci95 is not None
    assert incident.ci95[0] < 0.10 < incident.ci95[1] + 0.05  # the first estimate tends high


@pytest.mark.parametrize("seed", SEEDS)
def test_a_deployment_that_breaks_nothing_is_silent(shared: Path, seed: int) -> None:
    """Its twin without a fall."""
    assert told(shared, {"name": "version_ok"}, seed) == []


def test_english_is_found_within_minutes(shared: Path) -> None:
    """240 queries a minute: ten points after a deployment, in the quiet of the night."""
    incidents = told(shared, {"name": "version_drop", "langs": ("en",), "drop": 0.10}, 4, hours=1)
    assert [incident.language for incident in incidents] == ["en"]
    assert incidents[0].fired_at is not None
    assert incidents[0].fired_at.timestamp() / 60 - DEPLOYED <= 20
