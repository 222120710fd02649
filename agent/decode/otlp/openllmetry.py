"""OpenLLMetry (Traceloop): tasks with their input and output as JSON, and the clients of vector stores with an event a hit."""

import re
from typing import Any, Final

from agent.decode.otlp import content, genai
from agent.decode.otlp.dialect import Dialect, Document, Documents, Role, nothing
from agent.decode.otlp.span import Span, as_text

ENTITY: Final = "traceloop.entity.name"
INPUT: Final = "traceloop.entity.input"
OUTPUT: Final = "traceloop.entity.output"
LANGCHAIN: Final = "vector_db_retrieve"
LLAMAINDEX: Final = re.compile(r"\w*Retriever\.(workflow|task)")
INNER: Final = "query_bundle"  # LlamaIndex: the argument of the step inside; that of `retrieve` is str_or_query_bundle
DATABASE: Final = ("db.system", "db.system.name")
SEARCHES: Final = re.compile(r"\w+\.(query|search|query_points|hybrid_search|similarity_search)", re.ASCII)
HITS: Final = ("db.query.result", "db.search.result")


def role(span: Span) -> Role | None:
    """By the operation (LangChain), by the name of the entity (LlamaIndex), or as the client of a vector store."""
    attributes = span.attributes
    if attributes.get(genai.OPERATION) == LANGCHAIN:
        return Role.RETRIEVAL
    if ENTITY in attributes:
        return _of_entity(span)
    if any(name in attributes for name in DATABASE) and SEARCHES.fullmatch(span.name):
        return Role.RETRIEVAL if _is_vector_store(span) else None
    return None


def _of_entity(span: Span) -> Role:
    if LLAMAINDEX.fullmatch(str(span.attributes.get(ENTITY))):
        return Role.NESTED if INNER in content.table(span.attributes.get(INPUT)) else Role.RETRIEVAL
    return genai.role(span) or Role.OTHER


def _is_vector_store(span: Span) -> bool:
    """Other databases search too."""
    system = span.attributes.text(*DATABASE) or ""
    return any(name.startswith(f"db.{system}.") for name in span.attributes) or any(event.name in HITS for event in span.events())


def _documents(span: Span) -> Documents:
    if ENTITY in span.attributes:
        output = span.attributes.text(OUTPUT)
        return None if output is None else content.documents(output)
    return [_hit(event.attributes.all()) for event in span.events() if event.name in HITS] or None


def _hit(attributes: dict[str, Any]) -> Document:
    """Attributes are named after the event, as `db.query.result.id`."""
    parts = {name.rpartition(".")[2]: value for name, value in attributes.items()}
    metadata = content.table(parts.get("metadata"))
    score, kind = content.score_in(parts)
    return Document(as_text(parts.get("id")) or "", score, content.language_in(metadata), kind)


OPENLLMETRY: Final = Dialect(
    name="openllmetry",
    release="opentelemetry-instrumentation-langchain, -llamaindex and -chromadb 0.62.4",
    fields={
        "collection": ("db.collection.name", "db.vector.collection"),
        "embedding_model": (
            "gen_ai.response.model",
            "gen_ai.request.model",
            "traceloop.association.properties.ls_embedding_model",
        ),
        "top_k": ("db.vector.query.top_k", "db.chroma.query.n_results"),
        "session": ("traceloop.association.properties.session_id", "session.id"),
        "retriever": (ENTITY,),
        "error": ("error.type",),
    },
    role=role,
    query=lambda span: content.query_in(span.attributes.text(INPUT)),
    documents=_documents,
    order=nothing,
    text=lambda span: content.query_in(span.attributes.text(INPUT)),
    answer=genai.answer,
)
