"""Records of spans beside native JSON: the same searches through the decoder alone and through the whole agent into a real store, in one process and one run.

`python -m benchmarks.spans [COUNT] [ROUNDS]`. Each record of spans has the traces of ten searches, each search ten documents with
a text of 200 letters, as a service that captures content writes them; of LlamaIndex with its embedding spans and their vectors.
"""

import json
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple, TypeVar

from agent import opening, parts
from agent.config.settings import Settings
from agent.decode.sink import MemorySink
from agent.opening import Store
from agent.records import Partition, RawMessage
from agent.runtime.consume import CHUNK
from agent.source.memory import MemorySource
from agent.store.migrate import migrate
from benchmarks.ingest.searches import queries
from tests.decode.otlp.builders import Given, request

LOG: Final = Partition("log", 0)
LATER: Final = 1 << 50
A_RECORD: Final = 10
TEXT: Final = "The parcel is on its way and will be delivered within three working days. " * 3
KIND: Final = "openinference.span.kind"
T = TypeVar("T")
Search = tuple[int, str, list[tuple[str, float]]]


def searches(count: int) -> Iterator[Search]:
    """Number, query and documents."""
    draw, asked = random.Random(1), queries()
    for number in range(count):
        scores = sorted((draw.random() for _ in range(10)), reverse=True)
        yield number, asked[number % len(asked)], [(f"kb/{draw.randrange(10_000)}", score) for score in scores]


def genai(search: Search) -> list[Given]:
    """One span, the documents as JSON."""
    number, query, found = search
    documents = json.dumps([{"id": doc_id, "score": score} for doc_id, score in found])
    attributes = {
        "gen_ai.operation.name": "retrieval",
        "gen_ai.retrieval.query.text": query,
        "gen_ai.retrieval.documents": documents,
    }
    return [Given(attributes, trace=f"{number + 1:032x}")]


def langchain(search: Search) -> list[Given]:
    """OpenInference: flattened contents and metadata, and all of it again in the output."""
    number, query, found = search
    output = [{"id": doc_id, "metadata": {"lang": "en", "score": score}, "page_content": TEXT} for doc_id, score in found]
    flat = {
        f"retrieval.documents.{rank}.document.{name}": value
        for rank, (_, score) in enumerate(found)
        for name, value in {"content": TEXT, "metadata": json.dumps({"lang": "en", "score": score})}.items()
    }
    attributes = {KIND: "RETRIEVER", "input.value": query, "output.value": json.dumps({"documents": output}), **flat}
    return [Given(attributes, trace=f"{number + 1:032x}")]


def llamaindex(search: Search) -> list[Given]:
    """OpenInference: four spans a search, with the vector of 384 numbers."""
    number, query, found = search
    flat = {
        f"retrieval.documents.{rank}.document.{name}": value
        for rank, (doc_id, score) in enumerate(found)
        for name, value in {"id": doc_id, "score": score, "content": TEXT, "metadata": '{"lang": "en"}'}.items()
    }
    embedded = {
        KIND: "EMBEDDING",
        "embedding.model_name": "e5-small",
        "embedding.embeddings.0.embedding.text": query,
        "embedding.embeddings.0.embedding.vector": [0.5] * 384,
    }
    trace = f"{number + 1:032x}"
    return [
        Given({KIND: "EMBEDDING", "input.value": query}, id="d1", parent="c1", trace=trace),
        Given(embedded, id="c1", parent="b1", trace=trace),
        Given({KIND: "RETRIEVER", "input.value": query}, id="b1", parent="a1", name="X._retrieve", trace=trace),
        Given({KIND: "RETRIEVER", "input.value": query, **flat}, id="a1", name="X.retrieve", trace=trace),
    ]


def traceloop(search: Search) -> list[Given]:
    """OpenLLMetry for LangChain: input and output twice."""
    number, query, found = search
    given = json.dumps({"query": query, "tags": [], "kwargs": {}})
    output = json.dumps({"documents": [{"page_content": TEXT, "metadata": {"score": score}} for _, score in found]})
    both = {
        f"{name}.{side}": value
        for name in ("traceloop.entity", "gen_ai.task")
        for side, value in (("input", given), ("output", output))
    }
    attributes = {"gen_ai.operation.name": "vector_db_retrieve", "traceloop.entity.name": "X", **both}
    return [Given(attributes, trace=f"{number + 1:032x}")]


class Way(NamedTuple):
    """One format: its name, its settings, its records, and what was measured, one a round."""

    name: str
    settings: Settings
    records: list[bytes]
    spent: list[dict[str, float]]


def written(search: Search) -> bytes:
    """A search as native JSON."""
    number, query, found = search
    results = [{"doc_id": doc_id, "score": score} for doc_id, score in found]
    return json.dumps({"event_id": f"{number:032x}", "timestamp": 1_794_817_800_000, "query": query, "results": results}).encode()


def batched(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """So many at a time."""
    return (items[start : start + size] for start in range(0, len(items), size))


def ways(count: int) -> list[Way]:
    """Native JSON first; the others are told as shares of it."""
    asked = list(searches(count))
    made: dict[str, Callable[[Search], list[Given]]] = {
        "GenAI": genai,
        "OpenInference, LangChain": langchain,
        "OpenInference, LlamaIndex": llamaindex,
        "OpenLLMetry, LangChain": traceloop,
    }
    native, spans = _settings("native"), _settings("otlp_proto")
    return [Way("native JSON", native, [written(one) for one in asked], [])] + [
        Way(name, spans, [_record(some, make) for some in batched(asked, A_RECORD)], []) for name, make in made.items()
    ]


def _settings(form: str) -> Settings:
    return Settings.model_validate({"source": {"format": form}})


def _record(some: Sequence[Search], make: Callable[[Search], list[Given]]) -> bytes:
    return request(*(span for search in some for span in make(search))).SerializeToString()


def measured(way: Way, count: int, store: Store, source: MemorySource) -> dict[str, float]:
    """Microseconds a search: to decode alone, and through the whole agent, from the log into the store."""
    messages = [RawMessage(LOG, offset, value) for offset, value in enumerate(way.records)]
    reader, start = parts.decoder(way.settings.source).reader(), time.process_time()
    read = sum(len(reader.read(some, LATER).accepted) for some in batched(messages, CHUNK))
    spent = {"decode": time.process_time() - start}
    assert read == count, (way.name, read)
    source.append(LOG, way.records)
    consumer = opening.consumer(way.settings, store, source, MemorySink())
    start = time.process_time()
    while consumer.tally.accepted < count:
        consumer.step()
        consumer.flush_all()
    return {part: seconds / count * 1e6 for part, seconds in {**spent, "whole": time.process_time() - start}.items()}


def main(count: int, rounds: int) -> None:
    """The formats take turns; medians over the rounds."""
    contenders = ways(count)
    with ExitStack() as stack:
        store = opening.store_in(stack, Settings(), Path(stack.enter_context(TemporaryDirectory())))
        migrate(store.engine, opening.schemas(), retention=False)
        for number in range(rounds):
            for way in contenders:
                way.spent.append(measured(way, count, store, MemorySource(f"{way.name} {number}")))
    print("| format | KB a search | µs to decode | µs through the agent | of native's throughput |\n|---|---|---|---|---|")
    whole = {way.name: median(one["whole"] for one in way.spent) for way in contenders}
    for way in contenders:
        size, decode = sum(map(len, way.records)) / count / 1000, median(one["decode"] for one in way.spent)
        share = whole["native JSON"] / whole[way.name]
        print(f"| {way.name} | {size:.1f} | {decode:.0f} | {whole[way.name]:.0f} | {share:.0%} |")


if __name__ == "__main__":
    main(*map(int, (sys.argv[1:] + ["20000", "3"][len(sys.argv) - 1 :])[:2]))
