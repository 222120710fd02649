"""`otlp_json`: the same as JSON, with names in camelCase, ids in hexadecimal, and numbers of 64 bits as texts.

protobuf's own reader of JSON takes the ids for Base64, so it is read here; what has another type than it should is as if
it were not there.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

import msgspec

from agent.decode.dead_letter import Reason, Rejected
from agent.decode.otlp.span import Attributes, Resource, Span, SpanEvent, alike, as_number

ERROR: Final = (2, "STATUS_CODE_ERROR")
Table = dict[str, Any]


class Origin(NamedTuple):
    """Where a span stands in its record."""

    resource: Table
    scope: Table
    span: Table


def spans(value: bytes) -> Iterator[Span]:
    """The spans of a record; raises Rejected where it is none."""
    for resource_spans in _resource_spans(value):
        resource = Resource(_attributes(_table(resource_spans, "resource")))
        for scope_spans in _tables(resource_spans, "scopeSpans"):
            for span in _tables(scope_spans, "spans"):
                yield _span(Origin(resource_spans, scope_spans, span), resource)


def record(origins: Sequence[Origin]) -> bytes:
    """A record with these spans alone."""
    resource_spans = [
        {
            **same[0].resource,
            "scopeSpans": [{**some[0].scope, "spans": [each.span for each in some]} for some in alike(same, "scope")],
        }
        for same in alike(origins, "resource")
    ]
    return msgspec.json.encode({"resourceSpans": resource_spans})


def _resource_spans(value: bytes) -> list[Table]:
    try:
        request = msgspec.json.decode(value)
    except UnicodeDecodeError:
        raise Rejected(Reason.NOT_UTF8) from None
    except RecursionError:
        raise Rejected(Reason.TOO_DEEP) from None
    except msgspec.DecodeError:
        raise Rejected(Reason.NOT_JSON) from None
    if not isinstance(request, dict) or not isinstance(request.get("resourceSpans"), list):
        raise Rejected(Reason.NOT_OTLP)
    return _tables(request, "resourceSpans")


def _span(origin: Origin, resource: Resource) -> Span:
    span = origin.span
    return Span(
        trace_id=_text(span, "traceId").lower(),
        span_id=_text(span, "spanId").lower(),
        parent_id=_text(span, "parentSpanId").lower(),
        name=_text(span, "name"),
        scope=_text(_table(origin.scope, "scope"), "name"),
        state=_text(span, "traceState"),
        start=_whole(span, "startTimeUnixNano"),
        end=_whole(span, "endTimeUnixNano"),
        failed=_table(span, "status").get("code") in ERROR,
        dropped=_whole(span, "droppedAttributesCount"),
        attributes=_attributes(span),
        resource=resource,
        events=partial(_events, span),
        origin=origin,
    )


def _events(span: Table) -> list[SpanEvent]:
    return [SpanEvent(_text(event, "name"), _attributes(event)) for event in _tables(span, "events")]


def _attributes(owner: Table) -> Attributes:
    pairs = _tables(owner, "attributes")
    return Attributes({_text(pair, "key"): _table(pair, "value") for pair in pairs}, _plain)


def _plain(value: Table) -> Any:
    for kind, found in value.items():
        match kind, found:
            case ("stringValue", str()) | ("boolValue", bool()):
                return found
            case "intValue" | "doubleValue", _:
                return _number(kind, found)
            case "arrayValue", dict():
                return [_plain(item) for item in _tables(found, "values")]
            case "kvlistValue", dict():
                return {_text(pair, "key"): _plain(_table(pair, "value")) for pair in _tables(found, "values")}
    return None


def _number(kind: str, value: Any) -> float | None:
    found = as_number(value)
    return int(found) if found is not None and kind == "intValue" else found


def _whole(owner: Table, name: str) -> int:
    """Nanoseconds do not fit into a float; what is no whole number is 0."""
    value = owner.get(name)
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 20:  # noqa: PLR2004  digits of a uint64
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 64 else 0


def _text(owner: Table, name: str) -> str:
    return found if isinstance(found := owner.get(name), str) else ""


def _table(owner: Table, name: str) -> Table:
    return found if isinstance(found := owner.get(name), dict) else {}


def _tables(owner: Table, name: str) -> list[Table]:
    found = owner.get(name)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []
