"""What a span tells beyond its retrieval: what made it, whether content was taken out of it, whether it was sampled."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, Final, NamedTuple

from agent.decode.auto import format_of
from agent.decode.dead_letter import Rejected
from agent.decode.otlp.decoder import WIRES
from agent.decode.otlp.span import REDACTED, Span

FRAMEWORKS: Final = (  # a part of the name of an instrumentation, and what is instrumented
    ("langchain", "LangChain"),
    ("llama", "LlamaIndex"),
    ("haystack", "Haystack"),
    ("chroma", "Chroma"),
    ("milvus", "Milvus"),
    ("pinecone", "Pinecone"),
    ("qdrant", "Qdrant"),
    ("weaviate", "Weaviate"),
)
CONTENT: Final = (
    "input.value",
    "output.value",
    "gen_ai.retrieval.query.text",
    "gen_ai.retrieval.documents",
    "traceloop.entity.input",
    "traceloop.entity.output",
)
TAIL_SAMPLED: Final = "tailsampling."  # the Collector's processor notes the policy that kept a trace, where it is told to


class SpanFacts(NamedTuple):
    """`framework`: what is instrumented, empty where the scope names none that is known. `release`: the service's version.

    `redacted`: content was replaced. `cut`: the SDK dropped attributes. `sampled`: a tail sampler has chosen this trace.
    """

    framework: str
    release: str | None
    redacted: bool
    cut: bool
    sampled: bool


def facts(value: bytes) -> dict[str, SpanFacts]:
    """The spans of a record by their id, trace:span; none of what is no record of spans."""
    return {span.id: _facts(span) for span in _spans(value)}


def _spans(value: bytes) -> Iterator[Span]:
    """The spans of a record in either encoding; none of what is neither."""
    form = format_of(value)
    with suppress(Rejected):
        yield from WIRES[form].spans(value) if form in WIRES else ()


def _facts(span: Span) -> SpanFacts:
    attributes = span.attributes
    return SpanFacts(
        framework(span.scope),
        span.resource.attributes.text("service.version"),
        redacted=any(name in attributes and attributes.get(name) == REDACTED for name in CONTENT),
        cut=span.dropped > 0,
        sampled=any(name.startswith(TAIL_SAMPLED) for name in [*attributes, *_of_scope(span.origin.scope)]),
    )


def framework(scope: str) -> str:
    """What an instrumentation instruments, by its name; empty where that says nothing known."""
    return next((name for part, name in FRAMEWORKS if part in scope.casefold()), "")


def _of_scope(scope: Any) -> list[str]:
    """The names of the scope's attributes, in either encoding."""
    if not isinstance(scope, Mapping):
        return [pair.key for pair in scope.scope.attributes]
    inner = scope.get("scope")
    pairs = inner.get("attributes") if isinstance(inner, Mapping) else None
    return [str(pair.get("key")) for pair in pairs if isinstance(pair, Mapping)] if isinstance(pairs, list) else []
