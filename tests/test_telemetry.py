"""The agent's own metrics: a closed list of names, counted when something is stored or sent."""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from agent import __version__
from agent.notify.dedup import Reason
from agent.notify.steps import Delivery, Outcome
from agent.runtime.tally import Tally
from agent.telemetry import COUNTERS, GAUGES, Telemetry

ROOT = Path(__file__).parents[1]
TALLY = Tally(
    messages=10,
    accepted=5,
    duplicates=2,
    excluded=1,
    late=3,
    lost=7,
    reasons=Counter(not_json=1, empty=1),
    tags=Counter({"unsure": 1, "second_script": 1}),
    declared=4,
    declared_agrees=3,
)
SCRAPED = """
from prometheus_client import generate_latest
from tests.test_telemetry import TALLY, delivery
from agent import telemetry
metrics = telemetry.prometheus()
metrics.stored(TALLY)
metrics.told(delivery("sent"))
print(generate_latest().decode())
"""


def delivery(outcome: Outcome) -> Delivery:
    """What became of one message to the receiver `chat`."""
    return Delivery(
        "chat", "fingerprint", "2026-11-21T08:00:00+00:00", "firing", Reason.FIRST, datetime(2026, 11, 21, tzinfo=UTC), outcome
    )


class Counted:
    """Telemetry whose figures a test can read."""

    def __init__(self) -> None:
        self._reader = InMemoryMetricReader()
        self._provider = MeterProvider(metric_readers=[self._reader])
        self.telemetry = Telemetry(self._provider.get_meter("test"))

    def figures(self, name: str) -> dict[tuple[Any, ...], Any]:
        """The values of a metric by its labels."""
        data = self._reader.get_metrics_data()
        assert data is not None
        metrics = [metric for resource in data.resource_metrics for scope in resource.scope_metrics for metric in scope.metrics]
        points = [point for metric in metrics if metric.name == name for point in metric.data.data_points]
        return {tuple((point.attributes or {}).values()): getattr(point, "value", None) for point in points}

    def close(self) -> None:
        """Stop."""
        self._provider.shutdown()


@pytest.fixture
def counted() -> Iterator[Counted]:
    """A meter of our own."""
    made = Counted()
    yield made
    made.close()


def test_each_message_is_in_one_outcome(counted: Counted) -> None:
    """Over several batches they add up."""
    counted.telemetry.stored(TALLY)
    counted.telemetry.stored(TALLY)
    figures = counted.figures("babelwatch_messages")
    assert figures == {("accepted",): 10, ("rejected",): 4, ("duplicates",): 4, ("excluded",): 2, ("lost",): 14}
    assert counted.figures("babelwatch_dead_letters") == {("not_json",): 2, ("empty",): 2}
    assert counted.figures("babelwatch_late_events") == {(): 6}


def test_why_queries_have_no_language_is_counted(counted: Counted) -> None:
    """Beside how often the declared language is the detected one."""
    counted.telemetry.stored(TALLY)
    assert counted.figures("babelwatch_tags") == {("unsure",): 1, ("second_script",): 1}
    assert counted.figures("babelwatch_declared_languages") == {("yes",): 3, ("no",): 1}


def test_an_outcome_that_never_happened_is_zero(counted: Counted) -> None:
    """A rate over a series that is not there would be no rate; reasons come when they come."""
    counted.telemetry.stored(Tally(messages=1, accepted=1))
    assert counted.figures("babelwatch_messages")[("rejected",)] == 0
    assert counted.figures("babelwatch_dead_letters") == {}


def test_notifications_are_counted_by_receiver_and_outcome(counted: Counted) -> None:
    """A channel that fails can be seen."""
    outcomes: list[Outcome] = ["sent", "failed", "failed"]
    for outcome in outcomes:
        counted.telemetry.told(delivery(outcome))
    assert counted.figures("babelwatch_notifications") == {("chat", "sent"): 1, ("chat", "failed"): 2}


def test_the_version_is_told(counted: Counted) -> None:
    """From the first moment on."""
    assert counted.figures("babelwatch_build_info") == {(__version__,): 1}


@pytest.mark.parametrize("names", [COUNTERS, GAUGES])
def test_every_metric_is_described(names: Mapping[str, str]) -> None:
    """One line each, under the agent's prefix; Prometheus adds `_total` to counters by itself."""
    assert all(name.startswith("babelwatch_") and not name.endswith("_total") for name in names)
    assert all(text and "\n" not in text for text in names.values())


def test_prometheus_shows_the_names_of_the_contract() -> None:
    """As dashboards ask for them, and without labels of the library's own."""
    done = subprocess.run([sys.executable, "-c", SCRAPED], capture_output=True, text=True, check=True, cwd=ROOT)
    lines = [line for line in done.stdout.splitlines() if line.startswith("babelwatch_")]
    assert sorted(line for line in lines if "_created" not in line) == [
        f'babelwatch_build_info{{version="{__version__}"}} 1.0',
        'babelwatch_dead_letters_total{reason="empty"} 1.0',
        'babelwatch_dead_letters_total{reason="not_json"} 1.0',
        'babelwatch_declared_languages_total{agrees="no"} 1.0',
        'babelwatch_declared_languages_total{agrees="yes"} 3.0',
        "babelwatch_late_events_total 3.0",
        'babelwatch_messages_total{outcome="accepted"} 5.0',
        'babelwatch_messages_total{outcome="duplicates"} 2.0',
        'babelwatch_messages_total{outcome="excluded"} 1.0',
        'babelwatch_messages_total{outcome="lost"} 7.0',
        'babelwatch_messages_total{outcome="rejected"} 2.0',
        'babelwatch_notifications_total{outcome="sent",receiver="chat"} 1.0',
        'babelwatch_tags_total{reason="second_script"} 1.0',
        'babelwatch_tags_total{reason="unsure"} 1.0',
    ]
    assert (
        "# HELP babelwatch_messages_total Messages read from the log and stored, or lost to its retention, by outcome"
        in done.stdout
    )
