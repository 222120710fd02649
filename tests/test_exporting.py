"""Metrics and spans of a whole agent reach a Collector; one that is away costs nothing but them."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from agent import exporting
from tests.support.broker import Kafka, free_port
from tests.support.otlp_receiver import Receiver
from tests.test_app import Agent, configured, ready, running, terminated, traffic, until

GRACE_S = 30.0  # what a busy machine needs to end; two requests of five seconds among it


class Collector:
    """What was sent."""

    def __init__(self) -> None:
        self.requests: list[ExportTraceServiceRequest] = []
        self.figures: list[ExportMetricsServiceRequest] = []

    def take_spans(self, body: bytes) -> None:
        """A request with spans."""
        self.requests.append(ExportTraceServiceRequest.FromString(body))

    def take_metrics(self, body: bytes) -> None:
        """A request with metrics."""
        self.figures.append(ExportMetricsServiceRequest.FromString(body))

    def named(self, name: str) -> list[Span]:
        """The spans of a name."""
        scopes = [scope for request in self.requests for resource in request.resource_spans for scope in resource.scope_spans]
        return [span for scope in scopes for span in scope.spans if span.name == name]

    def resources(self) -> list[dict[str, str]]:
        """Who sent them."""
        sent = [spans.resource for request in self.requests for spans in request.resource_spans]
        told = [metrics.resource for request in self.figures for metrics in request.resource_metrics]
        return [{one.key: one.value.string_value for one in resource.attributes} for resource in (*sent, *told)]

    def metrics(self) -> set[str]:
        """The names of metrics."""
        scopes = [scope for request in self.figures for resource in request.resource_metrics for scope in resource.scope_metrics]
        return {metric.name for scope in scopes for metric in scope.metrics}


@pytest.fixture
def collector() -> Collector:
    """One that has heard nothing."""
    return Collector()


@pytest.fixture
def url(collector: Collector) -> Iterator[str]:
    """Where it listens."""
    with Receiver(collector.take_spans, collector.take_metrics) as receiver:
        yield receiver.url


def telling(folder: Path, topic: str, kafka: Kafka, endpoint: str) -> Agent:
    """An agent that tells this Collector."""
    agent = configured(folder, topic, kafka, "1s")
    settings = json.loads((folder / "babelwatch.yaml").read_text())
    settings |= {"telemetry": {"otlp_endpoint": endpoint, "logs": "json"}, "source": {**settings["source"], "lateness": "0s"}}
    (folder / "babelwatch.yaml").write_text(json.dumps(settings))
    return agent


def test_what_an_agent_does_is_seen_at_a_collector(
    tmp_path: Path, kafka: Kafka, topic: Callable[..., str], collector: Collector, url: str
) -> None:
    """Flushes, evaluations and all metrics, under the name, the version and the instance of one process."""
    agent = telling(tmp_path, topic(), kafka, url)
    with running(agent) as process:
        until(lambda: ready(agent))
        agent.send(traffic())
        until(lambda: bool(agent.events()))
        until(lambda: bool(collector.named("evaluate")) and bool(collector.named("flush")))
        assert terminated(process) == 0
    assert {"babelwatch_messages", "babelwatch_flush_seconds", "babelwatch_build_info"} <= collector.metrics()
    [who] = {json.dumps(one, sort_keys=True) for one in collector.resources()}
    assert json.loads(who)["service.name"] == "babelwatch"


def test_a_collector_that_is_away_costs_only_what_it_would_be_told(tmp_path: Path, kafka: Kafka, topic: Callable[..., str]) -> None:
    """Everything is counted, the log says little of it, and the end comes within its grace."""
    agent = telling(tmp_path, topic(), kafka, f"http://127.0.0.1:{free_port()}")
    with running(agent) as process:
        until(lambda: ready(agent))
        agent.send(traffic())
        until(lambda: sum(agent.events().values()) == 60)
        begun = time.monotonic()
        assert terminated(process) == 0
        assert time.monotonic() - begun < GRACE_S
    log = [json.loads(line) for line in (tmp_path / "agent.log").read_text().splitlines()]
    assert len([line for line in log if line["logger"].startswith("opentelemetry")]) <= 20
    assert {line["level"] for line in log} <= {"INFO", "WARNING", "ERROR"}


def test_the_operator_names_the_instance(monkeypatch: pytest.MonkeyPatch) -> None:
    """As everywhere in OpenTelemetry: what stands in OTEL_RESOURCE_ATTRIBUTES wins."""
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "service.instance.id=pod-7,deployment.environment.name=prod")
    named = exporting.resource().attributes
    assert [named[key] for key in ("service.name", "service.instance.id", "deployment.environment.name")] == [
        "babelwatch",
        "pod-7",
        "prod",
    ]
