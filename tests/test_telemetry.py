"""The agent's own metrics: a closed list of names, counted when something is stored or sent."""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from agent import __version__
from agent.clock import FakeClock
from agent.errors import Misconfigured, Mistake
from agent.notify.dedup import Reason
from agent.notify.notification import Delivery, Outcome
from agent.records import Partition
from agent.runtime.look import Look
from agent.runtime.tally import Tally
from agent.telemetry import COUNTERS, GAUGES, HISTOGRAMS, SECONDS, Telemetry
from tests.notify.examples import NOW, incident

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
LOOK = Look(
    lags={Partition("logs", 0): 0, Partition("logs", 12): 34},
    as_of=NOW - timedelta(minutes=3),
    incidents=[incident(), incident(language="de"), incident(class_="level", state="pending")],
    took=timedelta(seconds=0.3),
)
SCRAPED = """
from prometheus_client import generate_latest
from agent import telemetry
from agent.clock import FakeClock
from tests.test_telemetry import LOOK, NOW, TALLY, delivery, timedelta
metrics = telemetry.prometheus(FakeClock(NOW))
metrics.stored(TALLY)
metrics.looked(LOOK)
metrics.tried(timedelta(seconds=0.012))
metrics.told(delivery("sent"))
print(generate_latest().decode())
"""


def delivery(outcome: Outcome) -> Delivery:
    """What became of one message to the receiver `chat`."""
    return Delivery(id="1", receiver="chat", outcome=outcome, reason=Reason.FIRST, at=datetime(2026, 11, 21, tzinfo=UTC))


class Counted:
    """Telemetry whose figures a test can read."""

    def __init__(self) -> None:
        self._reader = InMemoryMetricReader()
        self._provider = MeterProvider(metric_readers=[self._reader])
        self.clock = FakeClock(NOW)
        self.telemetry = Telemetry(self._provider.get_meter("test"), self.clock)

    def points(self, name: str) -> list[Any]:
        """What was measured."""
        data = self._reader.get_metrics_data()
        assert data is not None
        metrics = [metric for resource in data.resource_metrics for scope in resource.scope_metrics for metric in scope.metrics]
        return [point for metric in metrics if metric.name == name for point in metric.data.data_points]

    def figures(self, name: str) -> dict[tuple[Any, ...], Any]:
        """The values of a metric by its labels."""
        return {tuple(point.attributes.values()): point.value for point in self.points(name)}

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


def test_spans_are_counted_by_what_they_are(counted: Counted) -> None:
    """And what was missing of them."""
    counted.telemetry.stored(Tally(spans=Counter(retrieval=3, nested=2, retrieval_without_embedding=1)))
    assert counted.figures("babelwatch_spans") == {("retrieval",): 3, ("nested",): 2, ("retrieval_without_embedding",): 1}


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
    assert counted.figures("babelwatch_notifications") == {("chat", "sent", "first"): 1, ("chat", "failed", "first"): 2}


def test_the_version_is_told(counted: Counted) -> None:
    """From the first moment on."""
    assert counted.figures("babelwatch_build_info") == {(__version__,): 1}


def test_a_wrong_configuration_is_seen(counted: Counted) -> None:
    """Until it is mended; who never edited anything is well."""
    shown = []
    for wrong in (None, Misconfigured([Mistake("rules.yaml:1", "rules", "expected a list")]), None):
        counted.telemetry.reloaded(wrong)
        shown.append(counted.figures("babelwatch_config_last_reload_successful"))
    assert shown == [{(): 1}, {(): 0}, {(): 1}]


def test_the_newest_look_is_shown(counted: Counted) -> None:
    """What is in it no more, because a partition or the evaluator's part is gone, vanishes."""
    assert counted.figures("babelwatch_consumer_lag") == counted.figures("babelwatch_incidents") == {}
    counted.telemetry.looked(LOOK)
    assert counted.figures("babelwatch_consumer_lag") == {("logs", "0"): 0, ("logs", "12"): 34}
    counted.telemetry.looked(LOOK._replace(lags={Partition("logs", 12): 5}))
    assert counted.figures("babelwatch_consumer_lag") == {("logs", "12"): 5}
    counted.telemetry.looked(Look())
    for name in ("babelwatch_consumer_lag", "babelwatch_as_of_age_seconds", "babelwatch_incidents"):
        assert counted.figures(name) == {}


def test_open_incidents_are_counted_by_class_and_state(counted: Counted) -> None:
    """Where there are none it is zero: a rule has something to compare from the beginning."""
    counted.telemetry.looked(LOOK)
    figures = counted.figures("babelwatch_incidents")
    assert {labels: count for labels, count in figures.items() if count} == {("change", "firing"): 2, ("level", "pending"): 1}
    assert len(figures) == 8
    counted.telemetry.looked(LOOK._replace(incidents=[]))
    assert set(counted.figures("babelwatch_incidents").values()) == {0}


def test_as_of_grows_old_by_itself(counted: Counted) -> None:
    """A loop that hangs looks no more, and is seen all the same."""
    counted.telemetry.looked(LOOK)
    assert counted.figures("babelwatch_as_of_age_seconds") == {(): 180}
    counted.clock.advance(timedelta(hours=1))
    assert counted.figures("babelwatch_as_of_age_seconds") == {(): 3780}


def test_how_long_it_took_is_counted(counted: Counted) -> None:
    """In buckets; a look that evaluates nothing takes no time, and is none of them."""
    for seconds in (0.012, 0.02, 4):
        counted.telemetry.tried(timedelta(seconds=seconds))
    counted.telemetry.looked(LOOK)
    counted.telemetry.looked(Look())
    (flushes,), (evaluations,) = counted.points("babelwatch_flush_seconds"), counted.points("babelwatch_evaluate_seconds")
    filled = {bound: count for bound, count in zip(flushes.explicit_bounds, flushes.bucket_counts, strict=False) if count}
    assert filled == {0.025: 2, 5.0: 1}
    assert flushes.explicit_bounds == SECONDS
    assert (evaluations.count, evaluations.sum) == (1, 0.3)


@pytest.mark.parametrize("names", [COUNTERS, GAUGES, HISTOGRAMS])
def test_every_metric_is_described(names: Mapping[str, str]) -> None:
    """One line each, under the agent's prefix; Prometheus adds `_total` to counters by itself."""
    assert all(name.startswith("babelwatch_") and not name.endswith("_total") for name in names)
    assert all(text and "\n" not in text for text in names.values())


def test_prometheus_shows_the_names_of_the_contract() -> None:
    """As dashboards ask for them, and without labels of the library's own."""
    done = subprocess.run([sys.executable, "-c", SCRAPED], capture_output=True, text=True, check=True, cwd=ROOT)
    lines = [line for line in done.stdout.splitlines() if line.startswith("babelwatch_")]
    assert sorted(line for line in lines if "_bucket" not in line and not line.endswith("} 0.0")) == [
        "babelwatch_as_of_age_seconds 180.0",
        f'babelwatch_build_info{{version="{__version__}"}} 1.0',
        "babelwatch_config_last_reload_successful 1.0",
        'babelwatch_consumer_lag{partition="12",topic="logs"} 34.0',
        'babelwatch_dead_letters_total{reason="empty"} 1.0',
        'babelwatch_dead_letters_total{reason="not_json"} 1.0',
        'babelwatch_declared_languages_total{agrees="no"} 1.0',
        'babelwatch_declared_languages_total{agrees="yes"} 3.0',
        "babelwatch_evaluate_seconds_count 1.0",
        "babelwatch_evaluate_seconds_sum 0.3",
        "babelwatch_flush_seconds_count 1.0",
        "babelwatch_flush_seconds_sum 0.012",
        'babelwatch_incidents{class="change",state="firing"} 2.0',
        'babelwatch_incidents{class="level",state="pending"} 1.0',
        "babelwatch_late_events_total 3.0",
        'babelwatch_messages_total{outcome="accepted"} 5.0',
        'babelwatch_messages_total{outcome="duplicates"} 2.0',
        'babelwatch_messages_total{outcome="excluded"} 1.0',
        'babelwatch_messages_total{outcome="lost"} 7.0',
        'babelwatch_messages_total{outcome="rejected"} 2.0',
        'babelwatch_notifications_total{outcome="sent",reason="first",receiver="chat"} 1.0',
        'babelwatch_tags_total{reason="second_script"} 1.0',
        'babelwatch_tags_total{reason="unsure"} 1.0',
    ]
    assert (
        "# HELP babelwatch_messages_total Messages read from the log and stored, or lost to its retention, by outcome"
        in done.stdout
    )
