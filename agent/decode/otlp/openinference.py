"""OpenInference, as LangChain, LlamaIndex and Haystack are instrumented with it: flattened attributes, numbered from 0."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from agent.decode.otlp import content
from agent.decode.otlp.dialect import Dialect, Document, Documents, Role, Unreadable
from agent.decode.otlp.span import Attributes, Span, as_number, as_text

KIND: Final = "openinference.span.kind"
ROLES: Final[Mapping[str, Role]] = {
    "RETRIEVER": Role.RETRIEVAL,
    "RERANKER": Role.RERANKER,
    "EMBEDDING": Role.EMBEDDING,
    "LLM": Role.ANSWER,
}
INNER: Final = ("._retrieve", "._aretrieve")  # LlamaIndex: the step inside `retrieve`, whose span may come in an earlier record
FOUND: Final = "retrieval.documents"
NOTHING: Final = [None, None, None]
ORDERED: Final = "reranker.output_documents"
MESSAGES: Final = (
    "llm.output_messages.0.message.content",
    "llm.output_messages.0.message.contents.0.message_content.text",
)


def role(span: Span) -> Role | None:
    """By the kind of span."""
    kind = span.attributes.get(KIND)
    if not isinstance(kind, str):
        return None
    if kind == "RETRIEVER" and span.name.endswith(INNER):
        return Role.NESTED
    return ROLES.get(kind.upper(), Role.OTHER)


def _documents(span: Span) -> Documents:
    """Those of the attributes; where these have no ids (LangChain) those of the output, if that has some."""
    output = None if f"{FOUND}.0.document.id" in span.attributes else _output(span.attributes.text("output.value"))
    if output and output[0].doc_id:
        return output
    return _listed(span.attributes, FOUND) or (None if output else output)


def _output(output: str | None) -> Documents:
    """The documents of an output, which may be cut where the attributes are not."""
    if output is None or not content.is_json(output):
        return None
    try:
        return content.documents(output)
    except Unreadable:
        return None


def _listed(attributes: Attributes, under: str) -> list[Document]:
    """Documents 0, 1, … up to the first of which nothing is told."""
    found: list[Document] = []
    while True:
        names, text = _names(under, len(found))
        parts = doc_id, score, metadata = attributes.many(names)
        if parts == NOTHING and text not in attributes:
            return found
        language, said, kind = content.metadata_says(metadata)
        given = as_number(score)
        if given is not None:
            said, kind = given, None
        found.append(Document(as_text(doc_id) or "", said, language, kind))


@lru_cache(1024)
def _names(under: str, number: int) -> tuple[tuple[str, str, str], str]:
    """What the attributes of a document are called: those that are read, and that of its text, which never is."""
    begin = f"{under}.{number}.document."
    return (f"{begin}id", f"{begin}score", f"{begin}metadata"), f"{begin}content"


def _embedded(span: Span) -> str | None:
    """The one text that was embedded; several are documents."""
    if "embedding.embeddings.1.embedding.text" in span.attributes:
        return None
    return span.attributes.text("embedding.embeddings.0.embedding.text") or _query(span)


def _query(span: Span) -> str | None:
    return content.query_in(span.attributes.text("input.value"))


def _answer(span: Span) -> str | None:
    """The first message of a model, else the output where it is plain text, as that of a whole chain is."""
    if found := span.attributes.text(*MESSAGES):
        return found
    output = span.attributes.text("output.value")
    return None if output is None or content.is_json(output) else output


OPENINFERENCE: Final = Dialect(
    name="openinference",
    release="openinference-instrumentation-langchain 0.1.80, -llama-index 4.6.1, -haystack 0.1.46",
    fields={
        "embedding_model": ("embedding.model_name",),
        "top_k": ("retriever.top_k",),
        "session": ("session.id",),
        "error": ("error.type",),
    },
    role=role,
    query=_query,
    documents=_documents,
    order=lambda span: _listed(span.attributes, ORDERED) or None,
    text=_embedded,
    answer=_answer,
)
