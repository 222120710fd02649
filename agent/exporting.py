"""Metrics and spans sent to an OpenTelemetry Collector, as OTLP over HTTP. A Collector that is away costs its data and nothing else.

Headers and certificates are those of OpenTelemetry's own variables, such as OTEL_EXPORTER_OTLP_HEADERS.
"""

from contextlib import ExitStack
from typing import Final
from uuid import uuid4

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from agent import __version__

TIMEOUT_S: Final = 5.0  # of one request with its retries; at the end each kind waits for one under way and a last one
METRICS_EVERY_MS: Final = 30_000
INSTANCE: Final = str(uuid4())


def resource() -> Resource:
    """Who tells: OTEL_RESOURCE_ATTRIBUTES is added, and wins."""
    own = {"service.name": "babelwatch", "service.version": __version__, "service.instance.id": INSTANCE}
    return Resource.create(own).merge(OTELResourceDetector().detect())


def spans(stack: ExitStack, endpoint: str) -> None:
    """From here on the spans of this process are sent; `endpoint` is the base, such as http://collector:4318."""
    provider = TracerProvider(resource=resource(), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces", timeout=TIMEOUT_S)))
    trace.set_tracer_provider(provider)
    stack.callback(provider.shutdown)


def metrics(stack: ExitStack, endpoint: str) -> PeriodicExportingMetricReader:
    """Reads the metrics twice a minute, and sends them."""
    exporter = OTLPMetricExporter(f"{endpoint.rstrip('/')}/v1/metrics", timeout=TIMEOUT_S)
    reader = PeriodicExportingMetricReader(exporter, METRICS_EVERY_MS)
    stack.callback(reader.shutdown)
    return reader
