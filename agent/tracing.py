"""Spans of the agent's own work: flush -> evaluate -> deliver, never one an event. Without an endpoint they are made nowhere.

Only the interface of OpenTelemetry is used here; `agent.exporting` starts what sends them.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

from opentelemetry import trace
from opentelemetry.trace import Link, Span, SpanContext, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

SPANS: Final[Mapping[str, str]] = {
    "flush": "One try to write a partition's counts and to read its position back",
    "evaluate": "Evaluating what had become complete, with links to the flushes since the one before",
    "deliver": "One message to one receiver with its attempts, a part of the evaluation that wrote it",
}
PARENT: Final = "traceparent"

_tracer = trace.get_tracer("babelwatch")
_propagator = TraceContextTextMapPropagator()


@contextmanager
def span(
    name: str, attributes: Mapping[str, str | int | float] | None = None, *, links: Sequence[SpanContext] = (), parent: str = ""
) -> Iterator[Span]:
    """Around a piece of work; `parent` is a W3C traceparent. What it raises is told by its kind: texts of errors stay in the log."""
    with _tracer.start_as_current_span(
        name,
        context=_propagator.extract({PARENT: parent}) if parent else None,
        attributes=attributes,
        links=[Link(one) for one in links],
        record_exception=False,
        set_status_on_exception=False,
    ) as current:
        try:
            yield current
        except Exception as error:
            current.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise


def ended(outcome: str, *, well: bool) -> None:
    """What became of the work of the span that is open now."""
    current = trace.get_current_span()
    current.set_attribute("outcome", outcome)
    if not well:
        current.set_status(Status(StatusCode.ERROR, outcome))


def here() -> str:
    """The traceparent of the span that is open now; empty where there is none."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier.get(PARENT, "")


def ids() -> Mapping[str, str]:
    """Trace and span of the span that is open now, as a log names them; nothing where there is none."""
    context = trace.get_current_span().get_span_context()
    return {"trace_id": f"{context.trace_id:032x}", "span_id": f"{context.span_id:016x}"} if context.is_valid else {}
