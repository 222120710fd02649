"""Real retrievers under real instrumentations, through OTLP and Kafka, to the table per language: no line of code for babelwatch."""

import json
import os
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest
from kafka import KafkaProducer
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.acceptance.command import babelwatch
from tests.runtime.agent_process import Agent
from tests.support import collector
from tests.support.broker import Kafka
from tests.support.collector import Collector
from tests.support.otlp_receiver import Receiver

RESOURCE = "service.name=help,service.version=9,deployment.environment.name=prod"
# What spans have no standard for, in the two ways of docs/connect-opentelemetry.md: in our words, or mapped from the service's own.
OURS = "babelwatch.index_version=2026-11-a,babelwatch.embedding_model=trigrams-512,babelwatch.score_kind=cosine"
THEIRS = "index.version=2026-11-a"
MAPPING = {"index_version": 'resource."index.version"', "score_kind": "'cosine'"}
SAID = {"langchain": OURS, "llama_index": THEIRS}
MAPPED: dict[str, dict[str, str]] = {"langchain": {}, "llama_index": MAPPING}
OF_THE_RESOURCE = ("--service", "help", "--environment", "prod")
Way = Callable[[str], AbstractContextManager[str]]


def search(library: str, url: str, **environment: str) -> list[dict[str, Any]]:
    """Run the help search to its end; what it found, as it knows itself."""
    done = subprocess.run(
        [sys.executable, "-m", f"tests.support.searching.{library}"],
        env={
            **os.environ,
            "OTEL_EXPORTER_OTLP_ENDPOINT": url,
            "OTEL_RESOURCE_ATTRIBUTES": f"{RESOURCE},{SAID[library]}",
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@contextmanager
def received(kafka: Kafka, topic: str) -> Iterator[str]:
    """Each request of the SDK is one record, unchanged."""
    with (
        closing(KafkaProducer(bootstrap_servers=kafka.bootstrap)) as producer,
        Receiver(lambda body: producer.send(topic, body).get(timeout=20)) as receiver,
    ):
        yield receiver.url


@contextmanager
def collected(kafka: Kafka, folder: Path, topic: str) -> Iterator[str]:
    """Through a real Collector: each trace is one record."""
    with Collector(folder, kafka.bootstrap, topic) as started:
        yield started.url


@pytest.fixture(params=["received", "collected"])
def way(request: pytest.FixtureRequest, kafka: Kafka, tmp_path: Path) -> Way:
    """How spans come into a topic."""
    if request.param == "received":
        return partial(received, kafka)
    try:
        collector.command()
    except collector.UnavailableError as error:
        pytest.skip(str(error))
    return partial(collected, kafka, tmp_path)


@contextmanager
def listening(agent: Agent) -> Iterator[Agent]:
    """`babelwatch run`, until the end of the block."""
    agent.start()
    try:
        yield agent
    finally:
        agent.end(signal.SIGTERM)


@pytest.mark.parametrize("library", ["langchain", "llama_index"])
def test_spans_become_a_table_per_language(library: str, way: Way, kafka: Kafka, topic: Callable[..., str], tmp_path: Path) -> None:
    """Each search is one event of its language, with the similarity that the search had, its versions, service and environment."""
    spans = topic()
    agent = Agent(tmp_path / "agent", kafka.bootstrap, spans, format="otlp_proto", mapping=MAPPED[library])
    with listening(agent), way(spans) as url:
        found = search(library, url)
        agent.wait(len(found))
        said = babelwatch("languages", "--by", "version", *OF_THE_RESOURCE, "--json", "--config", agent.config).json()
    best = defaultdict(list)
    for one in found:
        best[one["language"]].append(one["results"][0]["score"])
    assert {row["language"]: row["events"] for row in said} == {language: len(scores) for language, scores in best.items()}
    for row in said:
        assert row["similarity_mean"] == pytest.approx(fmean(best[row["language"]]), abs=1e-4), row
        assert (row["embedding_model"], row["index_version"]) == ("trigrams-512", "2026-11-a")
        assert (row["zero_result_rate"], row["error_rate"]) == (0, 0)


@pytest.mark.parametrize("hidden", ["false", "true"])
def test_the_handler_adds_ids_and_scores(hidden: str) -> None:
    """examples/langchain_scores.py puts them into the instrumentation's own spans, in order, also where texts are hidden."""
    bodies: list[bytes] = []
    with Receiver(bodies.append) as receiver:
        found = search("langchain", receiver.url, OPENINFERENCE_HIDE_OUTPUTS=hidden)
    spans = [
        {each.key: each.value for each in span.attributes}
        for body in bodies
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    assert [read(span) for span in spans] == [one["results"] for one in found]
    assert {span["output.value"].string_value == "__REDACTED__" for span in spans} == {hidden == "true"}


def read(span: dict[str, Any]) -> list[dict[str, Any]]:
    """The documents of a span, by the attributes that the handler writes."""
    at = "retrieval.documents.{}.document.{}".format
    count = sum(key.endswith(".document.id") for key in span)
    return [{"doc_id": span[at(rank, "id")].string_value, "score": span[at(rank, "score")].double_value} for rank in range(count)]
