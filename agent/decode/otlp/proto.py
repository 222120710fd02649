"""`otlp_proto`: a record is a serialised `ExportTraceServiceRequest`, as the Collector's Kafka exporter writes it."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans
from opentelemetry.proto.trace.v1.trace_pb2 import Span as ProtoSpan

from agent.decode.dead_letter import Reason, Rejected
from agent.decode.otlp.span import Attributes, Resource, Span, SpanEvent, alike

ERROR: Final = 2  # STATUS_CODE_ERROR
SCALARS: Final = frozenset(["string_value", "bool_value", "int_value", "double_value"])


class Origin(NamedTuple):
    """Where a span stands in its record."""

    resource: ResourceSpans
    scope: ScopeSpans
    span: ProtoSpan


def spans(value: bytes) -> Iterator[Span]:
    """The spans of a record; raises Rejected where it is none."""
    try:
        request = ExportTraceServiceRequest.FromString(value)
    except DecodeError:
        raise Rejected(Reason.NOT_OTLP) from None
    if not request.resource_spans:
        raise Rejected(Reason.NOT_OTLP)
    for resource_spans in request.resource_spans:
        resource = Resource(_attributes(resource_spans.resource.attributes))
        for scope_spans in resource_spans.scope_spans:
            scope = scope_spans.scope.name
            for span in scope_spans.spans:
                yield _span(Origin(resource_spans, scope_spans, span), resource, scope)


def record(origins: Sequence[Origin]) -> bytes:
    """A record with these spans alone."""
    request = ExportTraceServiceRequest()
    for same in alike(origins, "resource"):
        resource = same[0].resource
        one = request.resource_spans.add(resource=resource.resource, schema_url=resource.schema_url)
        for some in alike(same, "scope"):
            scope = some[0].scope
            one.scope_spans.add(scope=scope.scope, spans=[each.span for each in some], schema_url=scope.schema_url)
    return request.SerializeToString()


def _span(origin: Origin, resource: Resource, scope: str) -> Span:
    span = origin.span
    return Span(
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_id=span.parent_span_id.hex(),
        name=span.name,
        scope=scope,
        state=span.trace_state,
        start=span.start_time_unix_nano,
        end=span.end_time_unix_nano,
        failed=span.status.code == ERROR,
        dropped=span.dropped_attributes_count,
        attributes=_attributes(span.attributes),
        resource=resource,
        events=partial(_events, span),
        origin=origin,
    )


def _events(span: ProtoSpan) -> list[SpanEvent]:
    return [SpanEvent(event.name, _attributes(event.attributes)) for event in span.events]


def _attributes(pairs: Any) -> Attributes:
    return Attributes({pair.key: pair.value for pair in pairs}, _plain)


def _plain(value: Any) -> Any:
    """Protobuf itself refuses what is nested more than 100 times."""
    if text := value.string_value:  # most are texts
        return text
    kind = value.WhichOneof("value")
    if kind in SCALARS:
        return getattr(value, kind)
    if kind == "array_value":
        return [_plain(item) for item in value.array_value.values]
    if kind == "kvlist_value":
        return {pair.key: _plain(pair.value) for pair in value.kvlist_value.values}
    return None
