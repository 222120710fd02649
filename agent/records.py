"""What crosses several stations: a raw message, an event, a window, the id of a row. Each other record stands with its station."""

from datetime import datetime
from hashlib import sha256
from typing import Annotated, Literal, NamedTuple

from msgspec import Meta, Struct

ScoreKind = Literal["cosine", "dot", "distance", "rerank", "rrf", "bm25", "unknown"]
Route = Literal["cross_lingual", "own_index", "translated", "fallback"]

Name = Annotated[str, Meta(max_length=256)]
DocumentId = Annotated[str, Meta(max_length=4096)]
Score = Annotated[float, Meta(ge=-1e6, le=1e6)]
Share = Annotated[float, Meta(ge=0.0, le=1.0)]
SampleRate = Annotated[float, Meta(ge=1e-6, le=1.0)]
Grade = Annotated[float, Meta(ge=-1e6, le=1e6)]
Timestamp = Annotated[datetime, Meta(tz=True)] | int | float


class Partition(NamedTuple):
    """One ordered log: a Kafka topic's partition, or a file."""

    topic: str
    number: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.number}"


class RawMessage(Struct, frozen=True, gc=False):  # a fifth of the price of a NamedTuple, and there is one for each message
    """One record as it was read; `offset` is its place in the partition. Lines of a file have no key.

    `again`: the id of the dead letter that was fed here (`source:offset`), where it was one.
    """

    partition: Partition
    offset: int
    value: bytes
    key: bytes | None = None
    again: str = ""


class Result(Struct, gc=False):
    """One ranked document."""

    doc_id: DocumentId
    score: Score | None = None
    language: Name | None = None


class Translation(Struct, gc=False):
    """What was done to a query that was translated; `quality` is COMET or another score in 0..1."""

    target_language: Name | None = None
    quality: Share | None = None
    engine: Name | None = None


class Event(Struct, gc=False):
    """One retrieval: a query and its ranked results (`schemas/retrieval-event.v1.json`).

    `results` is None where spans do not tell what was found, which is not the same as nothing.
    """

    event_id: Annotated[str, Meta(min_length=1, max_length=128)]
    timestamp: Timestamp
    query: str | None = None
    query_language: Name | None = None
    locale: Name | None = None
    service: Name | None = None
    environment: Name | None = None
    collection: Name | None = None
    embedding_model: Name | None = None
    index_version: Name | None = None
    route: Route | None = None
    results: list[Result] | None = []
    score_kind: ScoreKind = "unknown"
    relevant: list[DocumentId] | dict[DocumentId, Grade] | None = None
    synthetic: bool = False
    session: str | None = None
    translation: Translation | None = None
    response_language: Name | None = None
    latency_ms: Annotated[float, Meta(ge=0.0, le=1e9)] | None = None
    error: bool | str | None = None
    top_k: Annotated[int, Meta(ge=0, le=1_000_000)] | None = None
    sample_rate: SampleRate | None = None

    @property
    def found(self) -> list[Result]:
        """The ranked documents; none where the log does not tell them (`results` is None), either."""
        return self.results or []


class Accepted(Struct, frozen=True, gc=False):
    """An event that was read, with its place in the partition and its event time in epoch milliseconds.

    `again` is that of the message. `dialect` is the convention that named its fields. `answer` is the text that was answered,
    where the log has it and no language of it: its language is told, the text is kept nowhere.
    """

    offset: int
    at: int
    event: Event
    again: str = ""
    dialect: str = "native"
    answer: str = ""


TagSource = Literal["declared", "script", "model", "prior", "none"]
TagReason = Literal["", "no_text", "no_letters", "no_evidence", "unsure", "not_allowed", "second_script", "two_languages"]


class Tag(NamedTuple):
    """Which language a query is in.

    `language` is BCP 47: `und` when the text does not tell, `mul` when it is in two. `confidence` is in 0..1. `source` says
    who decided; `prior`: the opinions alone had named another. `mixed`: words of a second script or language stand in the
    text. `reason`: why it is und or mixed. `agrees`: whether the text itself is in the language that the service declared
    (None: nothing was declared, the text does not tell, or they were not compared).
    """

    language: str
    confidence: float
    source: TagSource
    mixed: bool = False
    reason: TagReason = ""
    agrees: bool | None = None


class WindowKey(NamedTuple):
    """What a window is about; `document_language` is empty except for pairs of languages."""

    service: str
    environment: str
    collection: str
    language: str
    document_language: str
    embedding_model: str
    index_version: str
    score_kind: str


def row_id(name: str) -> str:
    """The id of a journal's row, from what makes it this one: made twice, it is the same row. 32 hexadecimal digits."""
    return sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:32]
