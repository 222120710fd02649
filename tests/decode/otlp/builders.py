"""Records of spans as an exporter writes them, of the spans that a test describes, in both formats."""

import base64
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from agent.decode.base import Decoded
from agent.decode.otlp.decoder import WIRES, OtlpDecoder
from agent.records import Accepted, Event, RawMessage
from tests.decode.builders import NOW, PARTITION

DATA = Path(__file__).parents[4] / "shared" / "data" / "otlp"
INDEX: list[dict[str, Any]] = json.loads((DATA / "index.json").read_text(encoding="utf-8"))
LATER = 1 << 42  # in milliseconds: the fixtures are younger than the clock of the tests
TRACE, IDS = "1" * 32, ("traceId", "spanId", "parentSpanId")


class Given(NamedTuple):
    """A span: a second long, `at` seconds after the clock of the tests."""

    attributes: Mapping[str, Any]
    id: str = "a1"
    parent: str = ""
    name: str = "search"
    trace: str = TRACE
    at: float = 0.0
    seconds: float = 0.1
    failed: bool = False
    events: Sequence[tuple[str, Mapping[str, Any]]] = ()
    state: str = ""
    scope: str = "test"


def request(*given: Given, resource: Mapping[str, Any] | None = None) -> ExportTraceServiceRequest:
    """One record with these spans."""
    made = ExportTraceServiceRequest()
    spans = made.resource_spans.add()
    fill(spans.resource.attributes, resource or {"service.name": "help"})
    for one in given:
        scope = spans.scope_spans.add()
        scope.scope.name = one.scope
        start = int((NOW / 1000 + one.at) * 1e9)
        span = scope.spans.add(
            trace_id=bytes.fromhex(one.trace),
            span_id=bytes.fromhex(one.id.ljust(16, "0")),
            parent_span_id=bytes.fromhex(one.parent.ljust(16, "0")) if one.parent else b"",
            name=one.name,
            start_time_unix_nano=start,
            end_time_unix_nano=start + int(one.seconds * 1e9),
            trace_state=one.state,
        )
        span.status.code = Status.STATUS_CODE_ERROR if one.failed else Status.STATUS_CODE_UNSET
        fill(span.attributes, one.attributes)
        for name, attributes in one.events:
            fill(span.events.add(name=name).attributes, attributes)
    return made


def fill(pairs: Any, attributes: Mapping[str, Any]) -> None:
    """Write attributes; what is an AnyValue already stays as it is."""
    for name, value in attributes.items():
        pairs.add(key=name).value.CopyFrom(value if isinstance(value, AnyValue) else any_value(value))


def any_value(value: Any) -> AnyValue:
    """A value of the type that it has."""
    made = AnyValue()
    match value:
        case bool():
            made.bool_value = value
        case int():
            made.int_value = value
        case float():
            made.double_value = value
        case str():
            made.string_value = value
        case list():
            made.array_value.SetInParent()
            made.array_value.values.extend(any_value(item) for item in value)
        case dict():
            made.kvlist_value.SetInParent()
            fill(made.kvlist_value.values, value)
    return made


def as_json(record: ExportTraceServiceRequest) -> bytes:
    """The record as the Collector writes `otlp_json`: protobuf's JSON, but with the ids in hexadecimal."""
    whole = MessageToDict(record)
    for spans in whole.get("resourceSpans", []):
        for scope in spans.get("scopeSpans", []):
            for span in scope["spans"]:
                span |= {name: base64.b64decode(span[name]).hex() for name in IDS if name in span}
    return json.dumps(whole, ensure_ascii=False).encode()


def records(*values: bytes, first: int = 0) -> list[RawMessage]:
    """These values in a partition."""
    return [RawMessage(PARTITION, first + number, value) for number, value in enumerate(values)]


def read(*values: bytes, format_: str = "otlp_proto", mapping: Mapping[str, str] | None = None) -> Decoded:
    """What a new reader makes of records, one after the other."""
    return OtlpDecoder(WIRES[format_], mapping).reader().read(records(*values), LATER)


def found(*given: Given, resource: Mapping[str, Any] | None = None, mapping: Mapping[str, str] | None = None) -> list[Accepted]:
    """The retrievals of one record, which are the same in both formats."""
    record = request(*given, resource=resource)
    proto = read(record.SerializeToString(), mapping=mapping)
    json_ = read(as_json(record), format_="otlp_json", mapping=mapping)
    assert (proto.accepted, proto.spans) == (json_.accepted, json_.spans)
    assert [letter[1:] for letter in proto.rejected] == [letter[1:] for letter in json_.rejected]
    return proto.accepted


def event(*given: Given, **more: Any) -> Event:
    """The one retrieval of a record."""
    (one,) = found(*given, **more)
    return one.event
