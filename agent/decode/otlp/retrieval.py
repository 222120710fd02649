"""One retrieval, put together from its span, its resource and its partners; the fields are those of the event.

What stands nearer wins: the span's own words, then those of its resource, then its dialect, then its partners.
"""

import re
from collections.abc import Mapping, Sequence
from math import ldexp
from typing import Any, Final, NamedTuple

from agent.decode.otlp import content
from agent.decode.otlp.dialect import Document, Unreadable
from agent.decode.otlp.scores import kind_of
from agent.decode.otlp.span import NANOSECONDS, REDACTED, Attributes, Resource, Span, as_number
from agent.decode.otlp.traces import Known, Trace
from agent.records import Event

OWN: Final = {  # attributes of spans and resources that are named after our fields
    f"babelwatch.{name}": name
    for name in Event.__struct_fields__
    if name not in {"event_id", "timestamp", "query", "results", "relevant", "translation", "latency_ms", "error"}
}
OF_RESOURCE: Final[Mapping[str, Sequence[str]]] = {
    "service": ("service.name",),
    "environment": ("deployment.environment.name", "deployment.environment"),
    "index_version": ("service.version",),  # a release of the service is a deployment, until something better is told
}
IN_METADATA: Final[Mapping[str, Sequence[str]]] = {  # of OpenInference's spans, and of LangChain's retrievers
    "embedding_model": ("embedding_model", "ls_embedding_model"),
    "index_version": ("index_version",),
    "collection": ("collection",),
    "query_language": ("query_language",),
    "locale": ("locale",),
}
ASKED: Final = ("input.value", "gen_ai.retrieval.query.text", "traceloop.entity.input")
"""Where dialects have the query."""
DEEPEST: Final = 1_000_000  # documents that a search can go down to
RUN: Final = "babelwatch.run"  # baggage of a golden run or a probe, as far as the service hands it on
RATE: Final = "SampleRate"  # Honeycomb's: how many spans one stands for
TH_BITS: Final = 56  # of a threshold in the trace state
HALVINGS: Final = re.compile(r"1?[0-9]")  # more would be less than a millionth
HEXADECIMAL: Final = re.compile(r"[0-9a-f]{1,14}")
TRUE: Final = ("true", "1")
SMALLEST_RATE: Final = 1e-6


class Made(NamedTuple):
    """A retrieval: the fields of its event, the text of its answer, and what is counted of its joins."""

    fields: dict[str, Any]
    answer: str
    counts: list[str]


def made(known: Known, trace: Trace) -> Made:
    """Put a retrieval together."""
    span, counts = known.span, list[str]()
    told, own = _of_resource(span.resource)
    fields: dict[str, Any] = {
        "event_id": span.id,
        "timestamp": span.start // NANOSECONDS,
        "latency_ms": span.milliseconds,
        "synthetic": True if RUN in span.attributes else None,
        "sample_rate": sample_rate(span),
        **told,
        **_of_dialect(known),
        **own,
        **_own(span.attributes),
    }
    fields["error"] = _error(span, fields.pop("error", None))
    _join_embedding(fields, known, trace, counts)
    _find(fields, known, trace, counts)
    counts += ["attributes_dropped"] * (span.dropped > 0)
    return Made({name: value for name, value in fields.items() if value is not None}, trace.answer(span) or "", counts)


def _join_embedding(fields: dict[str, Any], known: Known, trace: Trace, counts: list[str]) -> None:
    """The embedding model; and the query that the span has, else what was embedded for it, else what was asked around it.

    What is hidden stays hidden, wherever it could be found.
    """
    hidden = any(known.span.attributes.get(name) == REDACTED for name in ASKED)
    fields["query"] = known.query if known.query or hidden else trace.embedded(known.span) or trace.question(known.span)
    if fields.get("embedding_model") is None:
        fields["embedding_model"] = model = trace.model(known.span)
        counts += ["retrieval_without_embedding"] * (model is None)


def _find(fields: dict[str, Any], known: Known, trace: Trace, counts: list[str]) -> None:
    """What was found, in the final order; None where that is not told, or was cut."""
    documents = None
    try:
        documents = known.dialect.documents(known.span)
    except Unreadable:
        counts.append("unreadable_content")
    retriever = str(fields.pop("retriever", ""))
    fields.setdefault("score_kind", kind_of(documents or (), known.span.name, retriever))
    if documents and (order := trace.reranked(known.span, documents)):
        counts.append("reranked")
        documents = in_order(documents, order)
    fields["results"] = documents


def in_order(found: Sequence[Document], order: Sequence[Document]) -> list[Document]:
    """The documents of this retrieval that a reranker left, in its order.

    Scores stay those of the retrieval: only they are comparable with others.
    """
    by_id = {document.doc_id: document for document in reversed(found) if document.doc_id}
    return [by_id[each.doc_id] for each in order if each.doc_id in by_id]


def _of_dialect(known: Known) -> dict[str, Any]:
    """By the span's metadata where it has some, and by the dialect's table, which wins."""
    attributes, found = known.span.attributes, dict[str, Any]()
    for ours, names in IN_METADATA.items() if (metadata := content.table(attributes.get("metadata"))) else ():
        if said := next((metadata[name] for name in names if isinstance(metadata.get(name), str)), None):
            found[ours] = said
    for ours, theirs in known.dialect.fields.items():
        value = _depth(attributes.whole(*theirs)) if ours == "top_k" else attributes.text(*theirs)
        if value is not None:
            found[ours] = value
    return found


def _depth(number: int | None) -> int | None:
    """A hint that cannot be true is none."""
    return number if number is not None and 0 <= number <= DEEPEST else None


def _of_resource(resource: Resource) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """By the conventions, and in our own words; the same for all its spans, so it is read once."""
    if resource.fields is None:
        told = {ours: resource.attributes.text(*theirs) for ours, theirs in OF_RESOURCE.items()}
        resource.fields = told, _own(resource.attributes)
    return resource.fields


def _own(attributes: Attributes) -> dict[str, Any]:
    """What the service says in our words; numbers may be texts, as all attributes of resources are that come from the environment."""
    named = {OWN[name]: value for name, value in attributes.among(OWN.keys()).items()}
    if isinstance(said := named.get("synthetic"), str):
        named["synthetic"] = said.casefold() in TRUE
    for name in ("top_k", "sample_rate"):
        if name in named:
            number = as_number(named[name])
            named[name] = _depth(int(number)) if number is not None and name == "top_k" else number
    return named


def _error(span: Span, kind: str | None) -> str | None:
    """The kind of error and never its message, which may quote the query."""
    if not span.failed and kind is None:
        return None
    raised = (event.attributes.text("exception.type") for event in span.events() if event.name == "exception")
    return kind or next(filter(None, raised), "error")


def sample_rate(span: Span) -> float | None:
    """In (0, 1], from the trace state (OpenTelemetry's `th`, and the older `p`), or an attribute; None where nothing is told.

    `th`: the share that was thrown away, in units of 2 to the -56. `p`: the share that was kept is 2 to the -p.
    """
    for part in _of_vendor(span.state) if span.state else ():
        name, _, value = part.partition(":")
        if name == "th" and (kept := _threshold(value)):
            return kept
        if name == "p" and HALVINGS.fullmatch(value):
            return ldexp(1, -int(value))
    stands_for = as_number(span.attributes.get(RATE))
    return max(1 / stands_for, SMALLEST_RATE) if stands_for and stands_for >= 1 else None


def _of_vendor(state: str) -> list[str]:
    """The parts of OpenTelemetry's member of a trace state: `vendor=…,ot=th:8;rv:…`."""
    members = (member.strip().partition("=") for member in state.split(","))
    return next((value.split(";") for name, _, value in members if name == "ot"), [])


def _threshold(digits: str) -> float | None:
    """Up to 14 hexadecimal digits; those that are not written are zeros."""
    if not HEXADECIMAL.fullmatch(digits):
        return None
    kept = (1 << TH_BITS) - int(digits.ljust(TH_BITS // 4, "0"), 16)
    return max(ldexp(kept, -TH_BITS), SMALLEST_RATE)
