"""Real records of real instrumentations give exactly the retrievals that the service made, however they are cut into records."""

import base64
import json
from collections.abc import Sequence
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from agent.decode.base import Decoded
from agent.decode.otlp.decoder import WIRES, OtlpDecoder
from agent.records import Accepted
from tests.decode.otlp.builders import DATA, INDEX, LATER, read, records

NAMES = [row["name"] for row in INDEX]
BY_NAME = {row["name"]: row for row in INDEX}
NO_QUERY = ("genai_langchain_default", "openinference_langchain_redacted")  # content is off, or hidden
NO_DOCUMENTS = ("genai_langchain_default",)
NO_IDS = ("openinference_langchain_redacted", "openllmetry_langchain")
DIALECTS = {"genai": "genai", "handmade": "genai", "openinference": "openinference", "openllmetry": "openllmetry"}
Told = tuple[str | None, list[tuple[str, float | None]] | None, str | None]


def values(name: str, kind: str) -> list[bytes]:
    """The records of a fixture."""
    return [(DATA / file).read_bytes() for file in BY_NAME[name]["files"] if file.endswith(kind)]


def truth(name: str) -> list[Told]:
    """What the service itself noted, as far as its spans can tell it."""
    return [_told(name, one) for one in BY_NAME[name]["truth"]]


def _told(name: str, one: dict[str, Any]) -> Told:
    documents = [("" if name in NO_IDS else each["doc_id"], rounded(each["score"])) for each in one["results"]]
    untold = name in NO_DOCUMENTS or "error" in one
    return (None if name in NO_QUERY else one["query"], None if untold else documents, one.get("error"))


def said(accepted: Sequence[Accepted]) -> list[Told]:
    """The same of decoded events; scores as the truth rounds them."""
    return [(item.event.query, _documents(item), _text(item.event.error)) for item in accepted]


def _documents(item: Accepted) -> list[tuple[str, float | None]] | None:
    if item.event.results is None:
        return None
    return [(each.doc_id, rounded(each.score)) for each in item.event.results]


def rounded(score: float | None) -> float | None:
    """The truth has six digits of a score."""
    return None if score is None else round(score, 6)


def _text(error: bool | str | None) -> str | None:  # noqa: FBT001 - the type of the event's field
    assert not isinstance(error, bool)
    return error


def in_any_order(told: list[Told]) -> list[str]:
    """Services, or traces, stand in another order than the truth has them."""
    return sorted(map(str, told))


@pytest.mark.parametrize("name", [name for name in NAMES if name != "mixed_batched"])
def test_a_fixture_is_what_the_service_did(name: str) -> None:
    """Query, documents with ids and scores, error: each retrieval once, in its order, nothing rejected."""
    decoded = read(*values(name, "pb"))
    assert said(decoded.accepted) == truth(name)
    assert decoded.rejected == []
    assert {item.dialect for item in decoded.accepted} == {DIALECTS[name.split("_", maxsplit=1)[0]]}


def test_one_record_may_mix_services_and_dialects() -> None:
    """The Collector's batch processor puts four of each into one record; each span is read in its own."""
    decoded = read(*values("mixed_batched", "pb"))
    assert in_any_order(said(decoded.accepted)) == in_any_order(truth("mixed_batched"))
    assert {(item.event.service, item.dialect) for item in decoded.accepted} == {
        ("toy-docs-search", "genai"),
        ("toy-shop-search", "genai"),
        ("toy-help-search", "openinference"),
        ("toy-vector-db", "openllmetry"),
    }


@pytest.mark.parametrize("name", [row["name"] for row in INDEX if any(file.endswith(".json") for file in row["files"])])
def test_json_is_the_same(name: str) -> None:
    """The ids too, which protobuf's own reader of JSON takes for Base64."""
    proto, json_ = read(*values(name, "pb")), read(*values(name, ".json"), format_="otlp_json")
    assert (proto.accepted, proto.spans) == (json_.accepted, json_.spans)


@pytest.mark.parametrize("name", [row["name"] for row in INDEX if any(file.endswith(".jsonl") for file in row["files"])])
def test_a_record_a_trace_is_the_same(name: str) -> None:
    """Keyed by trace id each trace is a record of its own."""
    (lines,) = values(name, ".keyed.jsonl")
    decoded = read(*(base64.b64decode(json.loads(line)["value_base64"]) for line in lines.splitlines()))
    assert in_any_order(said(decoded.accepted)) == in_any_order(truth(name))


def one_span_a_record(value: bytes) -> list[bytes]:
    """The record cut up as far as an exporter could, in its order."""
    whole = ExportTraceServiceRequest.FromString(value)
    cut = []
    for spans in whole.resource_spans:
        for scope in spans.scope_spans:
            for span in scope.spans:
                one = ExportTraceServiceRequest()
                one.resource_spans.add(resource=spans.resource).scope_spans.add(scope=scope.scope, spans=[span])
                cut.append(one.SerializeToString())
    return cut


@pytest.mark.parametrize("name", NAMES)
def test_cut_into_one_span_a_record_it_counts_the_same(name: str) -> None:
    """A step inside a retrieval stands before it, maybe in an earlier record; embeddings are found there."""
    whole = read(*values(name, "pb"))
    cut = read(*(part for value in values(name, "pb") for part in one_span_a_record(value)))
    assert [item.event.event_id for item in cut.accepted] == [item.event.event_id for item in whole.accepted]
    models = [[item.event.embedding_model for item in decoded.accepted] for decoded in (whole, cut)]
    assert models[0] == models[1]


@pytest.mark.parametrize("name", ["openinference_llamaindex", "openinference_haystack", "openllmetry_llamaindex"])
def test_whoever_begins_anywhere_reads_the_same(name: str) -> None:
    """A reader that was restarted, and has read what came before, makes the same events of every later record."""
    log = records(*(part for value in values(name, "pb") for part in one_span_a_record(value)))
    decoder = OtlpDecoder(WIRES["otlp_proto"])
    whole: Decoded = decoder.reader().read(log, LATER)
    for start in range(len(log)):
        restarted = decoder.reader()
        warm = restarted.read(log[:start], LATER)
        assert warm.accepted + restarted.read(log[start:], LATER).accepted == whole.accepted
