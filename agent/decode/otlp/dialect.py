"""What a convention says of spans: one table for each, which names its release and where a retrieval's parts stand."""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct

from agent.decode.otlp.span import Span
from agent.records import ScoreKind


class Role(StrEnum):
    """What a span is to a retrieval; the value names what is counted."""

    RETRIEVAL = "retrieval"
    NESTED = "nested"  # a step inside a retrieval that has a span of its own
    EMBEDDING = "embedding"
    RERANKER = "reranker"
    ANSWER = "answer"
    OTHER = "other"


class Document(Struct, frozen=True, gc=False):
    """One document that was found; empty or None is what is not told. `kind`: what the name of its score says of the score."""

    doc_id: str
    score: float | None = None
    language: str | None = None
    kind: ScoreKind | None = None


Documents = Sequence[Document] | None
"""In their order; None where it is not told what was found, which is not the same as nothing."""


class Unreadable(Exception):  # noqa: N818 - it is an answer about one attribute, not an error of the agent
    """An attribute that should be JSON is none, most often because it was cut."""


class Dialect(NamedTuple):
    """A convention. `release`: what the table was read from; `fields`: our field, and the attributes that have it, first come first.

    `role` is None for a span that is not of this dialect. `query` and `documents` read a retrieval, `order` the documents of a
    reranker, `text` what was embedded, `answer` what was answered; they raise Unreadable.
    """

    name: str
    release: str
    fields: Mapping[str, Sequence[str]]
    role: Callable[[Span], Role | None]
    query: Callable[[Span], str | None]
    documents: Callable[[Span], Documents]
    order: Callable[[Span], Documents]
    text: Callable[[Span], str | None]
    answer: Callable[[Span], str | None]


def nothing(_: Span) -> None:
    """Where a dialect has no such span."""
