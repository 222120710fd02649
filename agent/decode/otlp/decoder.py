"""Records of spans to events: one record holds many spans, most of which are no retrievals."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec
from msgspec.structs import replace

from agent.decode.base import Decoded
from agent.decode.dead_letter import DeadLetter, Reason, Rejected
from agent.decode.mapping import Searches
from agent.decode.native import event_time, reason_of
from agent.decode.otlp import json, proto
from agent.decode.otlp.recent import RecentTraces
from agent.decode.otlp.retrieval import made
from agent.decode.otlp.span import Span
from agent.decode.otlp.traces import Known, Traces
from agent.records import Accepted, Event, RawMessage

WINDOW: Final = 5_000  # records, each of many spans; more than recent traces reach
NAMED: Final = (Rejected, msgspec.MsgspecError, RecursionError)
ODD: Final = (ValueError, ArithmeticError, TypeError, LookupError)  # whatever a value can do that nobody has thought of


class Wire(NamedTuple):
    """How spans lie in a record, and how a record is made of some of them."""

    spans: Callable[[bytes], Iterator[Span]]
    record: Callable[[Sequence[Any]], bytes]


WIRES: Final[Mapping[str, Wire]] = {"otlp_proto": Wire(proto.spans, proto.record), "otlp_json": Wire(json.spans, json.record)}


class Wrong(NamedTuple):
    """A retrieval that cannot be counted."""

    span: Span
    reason: Reason
    detail: str


class OtlpDecoder:
    """Spans of all known dialects; with a mapping it finds what no convention names."""

    window = WINDOW

    def __init__(self, wire: Wire, mapping: Mapping[str, str] | None = None, max_future_skew_ms: int = 300_000) -> None:
        """`mapping`: our field name to a JMESPath in the span, as `described` shows it."""
        self.wire = wire
        self.searches = Searches(mapping) if mapping else None
        self.skew = max_future_skew_ms

    def reader(self) -> "OtlpReader":
        """A reader that has read nothing yet."""
        return OtlpReader(self)


class OtlpReader:
    """Reads one partition; remembers what later records may need of a trace."""

    def __init__(self, decoder: OtlpDecoder) -> None:
        self._wire, self._searches, self._skew = decoder.wire, decoder.searches, decoder.skew
        self._recent = RecentTraces()

    def read(self, messages: Sequence[RawMessage], now_ms: int) -> Decoded:
        """The retrievals of these records, and what became of their spans. A dead letter holds the spans that are wrong, and no others."""
        accepted: list[Accepted] = []
        rejected: list[DeadLetter] = []
        spans: Counter[str] = Counter()
        for message in messages:
            try:
                events, letters = self._read(message, now_ms + self._skew, spans)
            except (*NAMED, *ODD) as error:
                events, letters = [], [DeadLetter(message, *_refused(error, message.value))]
            accepted += events
            rejected += letters
        return Decoded(accepted, rejected, spans)

    def _read(self, message: RawMessage, latest: int, counts: Counter[str]) -> tuple[list[Accepted], list[DeadLetter]]:
        """The events of one record, and its letter where there is one."""
        if not message.value:
            raise Rejected(Reason.EMPTY)
        traces = Traces(self._wire.spans(message.value), self._recent, message.offset)
        tried = [(known, self._tried(known, traces, message, latest, counts)) for known in traces.retrievals(counts)]
        traces.remember([known.span for known, _ in tried])
        wrong = [became for _, became in tried if isinstance(became, Wrong)]
        return [became for _, became in tried if isinstance(became, Accepted)], [self._letter(message, wrong)] if wrong else []

    def _tried(self, known: Known, traces: Traces, message: RawMessage, latest: int, counts: Counter[str]) -> "Accepted | Wrong":
        try:
            return self._event(known, traces, message, latest, counts)
        except (*NAMED, *ODD) as error:
            return Wrong(known.span, *_refused(error, message.value))

    def _event(self, known: Known, traces: Traces, message: RawMessage, latest: int, counts: Counter[str]) -> Accepted:
        """Raises what says that the span is wrong."""
        retrieval = made(known, traces.of(known))
        counts.update(retrieval.counts)
        fields = retrieval.fields | self._mapped(known.span)
        event = msgspec.convert(fields, Event, from_attributes=True)
        if "results" not in fields:
            event.results = None
        at = event_time(event.timestamp, latest)
        return Accepted(message.offset, at, event, message.again, known.dialect.name, retrieval.answer)

    def _mapped(self, span: Span) -> dict[str, Any]:
        return self._searches.found(described(span)) if self._searches else {}

    def _letter(self, message: RawMessage, wrong: Sequence["Wrong"]) -> DeadLetter:
        """One for a record, as offsets are the names of letters; its reason is that of the first span."""
        value = self._wire.record([each.span.origin for each in wrong])
        more = f", and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        return DeadLetter(replace(message, value=value), wrong[0].reason, f"{wrong[0].detail}{more}".removeprefix(", "))


def _refused(error: Exception, value: bytes) -> tuple[Reason, str]:
    return reason_of(error, value) if isinstance(error, NAMED) else (Reason.WRONG_TYPE, "")


def described(span: Span) -> dict[str, Any]:
    """A span as a mapping sees it: its name, attributes, resource, scope and events."""
    return {
        "name": span.name,
        "scope": span.scope,
        "attributes": span.attributes.all(),
        "resource": span.resource.attributes.all(),
        "events": [{"name": event.name, "attributes": event.attributes.all()} for event in span.events()],
    }
