"""What stands in the texts of attributes: JSON or plain, in the shapes that instrumentations write."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import msgspec

from agent.decode.otlp.dialect import Document, Documents, Unreadable
from agent.decode.otlp.span import NO_TEXT, as_number, as_text
from agent.records import ScoreKind

IDS: Final = ("id", "doc_id", "document_id", "id_", "node_id", "_id")
LANGUAGES: Final = ("language", "lang", "locale")
SCORES: Final[Mapping[str, ScoreKind | None]] = {  # names of scores, and what they say of the score; the first that is there wins
    "score": None,
    "_score": None,
    "similarity": "cosine",
    "similarity_score": "cosine",
    "cosine_similarity": "cosine",
    "distance": "distance",
    "_distance": "distance",
    "bm25_score": "bm25",
    "rrf_score": "rrf",
    "relevance_score": "rerank",
    "rerank_score": "rerank",
    "reranker_score": "rerank",
}
QUERIES: Final = ("query", "query_str", "str_or_query_bundle", "query_bundle", "question", "text", "input", "data")
PLAIN: Final = frozenset(["id", "score"])
NOTHING: Final[Mapping[str, Any]] = {}
NOTHING_SAID: Final = (None, None, None)
DEEPEST: Final = 6
LONGEST: Final = 256  # of a name
SHORT: Final = 100  # letters of metadata that are remembered


def loaded(text: str) -> Any:
    """A text as JSON; raises Unreadable."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        raise Unreadable from None


def is_json(text: str) -> bool:
    """Whether a text looks like an object or a list."""
    return text.lstrip()[:1] in {"{", "["}


def query_in(text: str | None) -> str | None:
    """The query of an input: plain, or the first text under a usual name in JSON; None where it has none, such as a vector alone."""
    if text is None:
        return None
    if not is_json(text):
        return text
    try:
        return _question(loaded(text), DEEPEST)
    except Unreadable:  # people ask in braces, too
        return text


def _question(value: Any, depth: int) -> str | None:
    """Below `data` stand the inputs of a pipeline's components, under any names."""
    if isinstance(value, str):
        return value if value not in NO_TEXT else None
    if not isinstance(value, dict) or not depth:
        return None
    named = [value[name] for name in QUERIES if name in value]
    inside = named or [item for item in value.values() if isinstance(item, dict)]
    return next((found for item in inside if (found := _question(item, depth - 1))), None)


def document(item: Any) -> Document:
    """One document in whatever shape: a table, JSON of one, a document within a node, or something else, of which nothing is known."""
    if isinstance(item, str) and is_json(item):
        item = loaded(item)
    if not isinstance(item, dict):
        return Document("", None)
    if item.keys() <= PLAIN:  # what GenAI's instrumentations write
        return Document(as_text(item.get("id")) or "", as_number(item.get("score")))
    inner = _inner(item.get("node")) or _inner(item.get("document"))
    metadata = table(item.get("metadata") or item.get("meta") or inner.get("metadata"))
    score, kind = score_in(item, metadata)
    return Document(_first(IDS, item, inner, metadata) or "", score, language_in(item, metadata), kind)


def documents(value: Any) -> Documents:
    """The documents of a list, of JSON of one, or of a table that has one under `documents`; raises Unreadable."""
    if isinstance(value, str):
        value = loaded(value)
    if isinstance(value, dict):
        value = value.get("documents")
    return [document(item) for item in value] if isinstance(value, list) else None


def table(value: Any) -> Mapping[str, Any]:
    """A table, or JSON of one; an empty one for all else."""
    if isinstance(value, str):
        try:
            value = loaded(value) if is_json(value) else None
        except Unreadable:
            return NOTHING
    return _inner(value)


def _inner(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else NOTHING


Said = tuple[str | None, float | None, ScoreKind | None]


def metadata_says(metadata: Any) -> Said:
    """Language, score, and what the score's name says of it."""
    return _remembered(metadata) if isinstance(metadata, str) and len(metadata) <= SHORT else _metadata_says(metadata)


def _metadata_says(metadata: Any) -> Said:
    found = table(metadata)
    return (language_in(found), *score_in(found)) if found else NOTHING_SAID


_remembered = lru_cache(4096)(_metadata_says)  # most metadata says the same of many documents


def score_in(*tables: Mapping[str, Any]) -> tuple[float | None, ScoreKind | None]:
    """The first score, and what its name says of it."""
    for each in tables:
        if SCORES.keys().isdisjoint(each):
            continue
        for name, kind in SCORES.items():
            if name in each and (score := as_number(each[name])) is not None:
                return score, kind
    return None, None


def language_in(*tables: Mapping[str, Any]) -> str | None:
    """The language that is named first; what is too long for a tag is none."""
    found = _first(LANGUAGES, *tables)
    return found if found and len(found) <= LONGEST else None


def _first(names: Sequence[str], *tables: Mapping[str, Any]) -> str | None:
    """Looked for in one table after the other."""
    for each in tables:
        for name in names if each else ():
            if name in each and (found := as_text(each[name])):
                return found
    return None
