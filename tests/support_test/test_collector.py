"""The Collector's configuration that users copy, in a real Collector over a real broker."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from kafka import KafkaConsumer
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from tests.support import collector
from tests.support.broker import Kafka
from tests.support.collector import Collector

NAMES = ["embed", "search", "answer"]


@pytest.fixture(scope="module", autouse=True)
def there_is_one() -> None:
    """Skip where there is no Collector, and say why."""
    try:
        collector.command()
    except collector.UnavailableError as error:
        pytest.skip(str(error))


def send_a_trace(url: str) -> None:
    """One trace of three libraries, each span in a request of its own."""
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(f"{url}/v1/traces")))
    with provider.get_tracer("web").start_as_current_span("root"):
        for name in NAMES:
            provider.get_tracer(f"library.{name}").start_span(name).end()
    provider.shutdown()


def records(kafka: Kafka, topic: str, spans: int) -> list[list[str]]:
    """The names of the spans of each record, until there are so many spans."""
    read: list[list[str]] = []
    with closing(
        KafkaConsumer(topic, bootstrap_servers=kafka.bootstrap, auto_offset_reset="earliest", consumer_timeout_ms=20_000)
    ) as log:
        for record in log:
            read.append(names(record.value))
            if sum(map(len, read)) == spans:
                return read
    raise AssertionError(read)


def names(value: bytes) -> list[str]:
    """The names of a record's spans."""
    request = ExportTraceServiceRequest.FromString(value)
    return [span.name for resource in request.resource_spans for scope in resource.scope_spans for span in scope.spans]


def test_the_example_is_valid() -> None:
    """The Collector knows every key of it."""
    said = collector.validate(collector.EXAMPLE)
    assert said.returncode == 0, said.stderr


def test_a_trace_is_one_record(kafka: Kafka, topic: Callable[..., str], tmp_path: Path) -> None:
    """Whatever the number of requests and libraries its spans came from."""
    spans = topic(partitions=4)
    with Collector(tmp_path, kafka.bootstrap, spans) as started:
        send_a_trace(started.url)
        [whole] = records(kafka, spans, 4)
    assert sorted(whole) == sorted(["root", *NAMES])


def test_keys_cut_a_trace_up_again(kafka: Kafka, topic: Callable[..., str], tmp_path: Path) -> None:
    """The reason why the example has `partition_traces_by_id: false` beside `groupbytrace`: one record a library."""
    spans = topic()
    with Collector(tmp_path, kafka.bootstrap, spans, partition_traces_by_id=True) as started:
        send_a_trace(started.url)
        assert records(kafka, spans, 4) == [[name] for name in [*NAMES, "root"]]
