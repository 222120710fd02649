"""What is looked at for one piece of advice, and how a field is set in each dialect.

Names of environment variables and options are those of the releases that `agent/decode/otlp` was read from.
"""

from typing import Final, NamedTuple

from agent.alerting.summary import percent
from agent.doctor.examined import Examined, Origin
from agent.doctor.fields import NATIVE, Part
from agent.doctor.rules import Known

WHOLE: Final = 0.95  # from this share on a field is simply there
CLIENTS: Final = ("Chroma", "Milvus", "Pinecone", "Qdrant", "Weaviate")  # of vector stores: they see a vector, not what was asked


class Asked(NamedTuple):
    """What is looked at for one piece of advice: all that was seen, and one origin of it."""

    seen: Examined
    origin: Origin
    part: Part
    known: Known
    k: int

    def lacks(self, field: str) -> bool:
        """Whether a good part of the events that could have the field has it not."""
        return self.part.base(field) > 0 and self.part.share(field) < WHOLE

    def has_none(self, field: str) -> bool:
        """Whether no event that could have the field has it."""
        return self.part.base(field) > 0 and not self.part.share(field)


def set_field(asked: Asked, field: str, example: str) -> str:
    """How one field of the event is set, in this dialect."""
    if asked.origin.dialect == NATIVE:
        return f"log `{field}` with each event, or map it: `source: {{mapping: {{{field}: your_name_for_it}}}}`"
    mapping = f"`source: {{mapping: {{{field}: 'attributes.\"your.attribute\"'}}}}`"
    return (
        f"set `OTEL_RESOURCE_ATTRIBUTES=babelwatch.{field}={example}` for the service, or map an attribute of its spans: {mapping}"
    )


def set_kind(asked: Asked) -> str:
    """How the scale of scores is set."""
    mapping = "`source: {mapping: {score_kind: \"'cosine'\"}}`"
    if asked.origin.dialect == NATIVE:
        return f"log `score_kind` (cosine, dot, distance, rerank, rrf, bm25), or where all are of one kind: {mapping}"
    return f"set `OTEL_RESOURCE_ATTRIBUTES=babelwatch.score_kind=cosine` for the service, or where all are of one kind: {mapping}"


IN_METADATA: Final = (
    'put it into the document where the retriever finds it, `document.metadata["score"] = score` '
    "(as `ScoredRetriever` in `examples/langchain_scores.py` does)"
)
RESULTS_MAPPED: Final = '`source: {mapping: {results: "hits[].{doc_id: id, score: score}"}}`'
SCORES: Final[dict[tuple[str, str], str]] = {
    ("genai", "LangChain"): f"LangChain's instrumentation writes `score: null`; {IN_METADATA}, and it is on the span",
    ("openinference", "LangChain"): (
        f"LangChain's spans have no place for it; {IN_METADATA}; its handler `DocumentScores` writes it on the span where texts are hidden, too"
    ),
    ("openllmetry", "LangChain"): f"LangChain's spans have no place for it; {IN_METADATA}, and it is in `traceloop.entity.output`",
    (NATIVE, ""): f"log `results[].score`, best first, or map it: {RESULTS_MAPPED}",
}


def without(asked: Asked, field: str) -> str:
    """How many searches lack a field; its name follows."""
    share = asked.part.share(field)
    return f"{percent(1 - share)} of the searches that found something lack" if share else "No search has"


def set_scores(asked: Asked) -> str:
    """How documents get their score."""
    default = "give each document its score: the attribute `score` of a document, or `score` in its metadata"
    return SCORES.get((asked.origin.dialect, asked.origin.framework), default)


def set_ids(asked: Asked) -> str:
    """How documents get their id."""
    if asked.origin.dialect == NATIVE:
        return "log `results[].doc_id`"
    if asked.origin.framework == "LangChain":
        return 'give documents an id when they are indexed (`Document(id=…)`), and put it into their metadata: `document.metadata["id"] = document.id`'
    return "give each document its id: the attribute `id` of a document, or `id` in its metadata"


def set_query(asked: Asked) -> str:
    """How the query, or its language, is told; a sentence."""
    share = percent(1 - asked.part.share("query"))
    if asked.origin.dialect == NATIVE:
        return f"{share} of the events have no query: log `query`, or `query_language` where texts must not leave the service."
    if asked.origin.framework in CLIENTS:
        return (
            f"{asked.origin.framework} sees a vector, not what was asked: instrument what calls it in the same trace too (LangChain, "
            "LlamaIndex, Haystack, or the client of the embedding model), or set `babelwatch.query_language` on its spans."
        )
    return (
        f"{share} of the searches do not say what was asked, as retrievers that get a vector: instrument the embedder in the same trace too, "
        "or set the attribute `babelwatch.query_language` on the retriever's span."
    )


def set_results(asked: Asked) -> str:
    """How what was found is told."""
    if asked.origin.dialect == NATIVE:
        return f"log `results`, best first, and an empty list where nothing was found; or map it: {RESULTS_MAPPED}"
    if asked.origin.dialect == "openinference":
        return "`OPENINFERENCE_HIDE_OUTPUTS` must not be true, nor `OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT` too small"
    return "the instrumentation must write its documents on the span"


def or_embedder(asked: Asked) -> str:
    """Of spans: the model is told by that of the embedding, too."""
    alone = asked.seen.spans.get("retrieval_without_embedding", 0)
    return "" if asked.origin.dialect == NATIVE or not alone else "; or instrument the embedding model in the same trace"


def set_document_language(asked: Asked) -> str:
    """How the language of a document is told; GenAI's spans have no place for it."""
    by_id = "`source.document_language: {pattern: '^(..)/'}` where ids begin with it, or `{collections: {kb-en: en}}` for collections of one language"
    if asked.origin.dialect == "genai":
        return f"set {by_id}"
    first = (
        "log `results[].language`"
        if asked.origin.dialect == NATIVE
        else 'put it into the metadata of documents (`metadata["language"]`)'
    )
    return f"{first}, or set {by_id}"
