"""Simulated traffic through the whole path: a break is one incident and one message, and a faultless twin is silent."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.acceptance.command import babelwatch, write_log
from tests.alerting.simulated import simulator
from tests.support.slack import SlackServer

# Less English and less traffic than usual, so that a day of thirty languages is some 18,000 events.
SMALL = {"qpm": 10.0, "history_days": 1.0, "after_days": 0.15, "en_share": 0.1}
# Every language as large as the others: the smallest must reach thirty queries in each of three windows.
EVEN = {"qpm": 45.0, "history_days": 0.05, "after_days": 0.1, "en_share": 0.3, "zipf": 0.0}
QUALITY = {"hit_threshold": {"default": 0.35}, "similarity": {"floor": 0.21, "reference": ["en"]}}


class Told(NamedTuple):
    """What a replay found, and what Slack was sent."""

    alerts: list[dict[str, Any]]
    messages: list[Any]


class Simulation:
    """Replays traffic of the shared simulator, and sends what it finds."""

    def __init__(self, shared: Path, folder: Path) -> None:
        self._simulator = simulator(shared)
        self._folder = folder

    def replayed(self, config: dict[str, float], scenario: str, language: str, drop: float = 0.0) -> Told:
        """The traffic of a scenario, without labels, through `replay --send`."""
        config_of, scenario_of = self._simulator.Config(**config), self._simulator.Scenario(scenario, (language,), drop=drop)
        events = self._simulator.emit_events(config_of, scenario_of, 1, label_share=0.0)
        log = write_log(self._folder / "log.jsonl", events)
        with SlackServer() as slack:
            receivers = {"chat": {"type": "slack", "webhook_url": slack.url}}
            settings = {"quality": QUALITY, "notify": {"receivers": receivers}}
            (self._folder / "babelwatch.yaml").write_text(json.dumps(settings))
            summary = babelwatch("replay", log, "--send", "--json", cwd=self._folder).json()
        assert summary["rejected"] == 0
        return Told(summary["alerts"], slack.received)


@pytest.fixture
def simulation(shared: Path, tmp_path: Path) -> Simulation:
    """In a folder of its own."""
    return Simulation(shared, tmp_path)


def test_a_deployment_that_breaks_german_is_one_incident_and_one_message(simulation: Simulation) -> None:
    """Nobody else is accused, the version is named, and what only scores tell is called unconfirmed."""
    [german], [message] = simulation.replayed(SMALL, "index_drop", "de", drop=0.4)
    assert [german[name] for name in ("language", "class", "state", "severity")] == ["de", "change", "firing", "warning"]
    assert [german[name] for name in ("confirmed", "cause", "index_version")] == ["unconfirmed", "deployment", "v42"]
    assert german["ci95"][0] < german["drop"] < german["ci95"][1]
    assert "unconfirmed" in german["summary"]
    text = json.dumps(message, ensure_ascii=False)
    assert "German (de)" in text
    assert german["summary"] in " ".join(block["text"]["text"] for block in message["blocks"] if "text" in block)
    assert "unconfirmed" in message["text"]
    assert "v42" in text


def test_the_same_deployment_without_a_break_is_silent(simulation: Simulation) -> None:
    """The faultless twin: a new version alone is no news."""
    assert simulation.replayed(SMALL, "index_drop", "de", drop=0.0) == Told([], [])


def test_a_language_that_is_low_from_the_start_is_told_as_such(simulation: Simulation) -> None:
    """Lao is below what unrelated text scores, and stays so; nobody else is."""
    [lao], [message] = simulation.replayed(EVEN, "low_start", "lo")
    assert [lao[name] for name in ("language", "class", "state", "severity")] == ["lo", "level", "firing", "info"]
    assert "Lao is consistently low, below noise" in lao["summary"]
    assert lao["current"] < 0.21 < lao["baseline"]
    assert "Lao (lo)" in json.dumps(message)
