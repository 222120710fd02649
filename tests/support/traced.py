"""Spans kept in memory, for tests that look at what belongs together."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from agent import tracing


class Traced:
    """The spans that ended."""

    def __init__(self) -> None:
        self._kept = InMemorySpanExporter()
        self.provider = TracerProvider(shutdown_on_exit=False)
        self.provider.add_span_processor(SimpleSpanProcessor(self._kept))

    def spans(self) -> list[ReadableSpan]:
        """In the order in which they ended."""
        return list(self._kept.get_finished_spans())

    def named(self, name: str) -> list[ReadableSpan]:
        """Those of a name."""
        return [span for span in self.spans() if span.name == name]


@contextmanager
def traces() -> Iterator[Traced]:
    """Spans are kept in memory instead of nowhere."""
    made = Traced()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tracing, "_tracer", made.provider.get_tracer("test"))
        yield made
    made.provider.shutdown()
