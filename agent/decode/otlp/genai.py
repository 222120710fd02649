"""OpenTelemetry's conventions for generative AI (status: development), with the names of older releases."""

from collections.abc import Mapping
from typing import Any, Final

from agent.decode.otlp import content
from agent.decode.otlp.dialect import Dialect, Documents, Role, nothing
from agent.decode.otlp.span import REDACTED, Span, as_text

OPERATION: Final = "gen_ai.operation.name"
DOCUMENTS: Final = "gen_ai.retrieval.documents"
ROLES: Final[Mapping[str, Role]] = {
    "retrieval": Role.RETRIEVAL,
    "embeddings": Role.EMBEDDING,
    "chat": Role.ANSWER,
    "text_completion": Role.ANSWER,
    "generate_content": Role.ANSWER,
}


def role(span: Span) -> Role | None:
    """By the name of the operation."""
    operation = span.attributes.get(OPERATION)
    return ROLES.get(operation) if isinstance(operation, str) else None


def _documents(span: Span) -> Documents:
    """An array, on spans most often as JSON; off unless the service captures content."""
    value = span.attributes.get(DOCUMENTS)
    return None if value is None or value == REDACTED else content.documents(value)


def answer(span: Span) -> str | None:
    """The text of the first message that was put out."""
    if found := span.attributes.text("gen_ai.completion.0.content", "gen_ai.completion"):
        return found
    messages = span.attributes.get("gen_ai.output.messages")
    for message in _items(content.loaded(messages) if isinstance(messages, str) else messages):
        for part in _items(message.get("parts")):
            if found := as_text(part.get("content")):
                return found
    return None


def _items(value: Any) -> list[dict[str, Any]]:
    """The tables of a list; none of anything else."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


GENAI: Final = Dialect(
    name="genai",
    release="semantic conventions of November 2026; opentelemetry-util-genai 1.3b0",
    fields={
        "collection": ("gen_ai.data_source.id",),
        "embedding_model": ("gen_ai.response.model", "gen_ai.request.model"),
        "top_k": ("gen_ai.retrieval.top_k", "gen_ai.request.top_k"),
        "session": ("gen_ai.conversation.id", "session.id"),
        "retriever": ("gen_ai.provider.name",),
        "error": ("error.type",),
    },
    role=role,
    query=lambda span: span.attributes.text("gen_ai.retrieval.query.text"),
    documents=_documents,
    order=nothing,
    text=nothing,
    answer=answer,
)
