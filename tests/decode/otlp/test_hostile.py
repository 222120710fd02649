"""Hostile spans never stop the agent: what can be read is counted, what is wrong is a dead letter of its own spans alone."""

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from agent.decode.auto import AutoDecoder
from agent.decode.dead_letter import Reason
from agent.decode.native import NativeDecoder
from agent.decode.otlp import proto
from agent.decode.otlp.decoder import WIRES, OtlpDecoder, Wire
from agent.decode.otlp.span import Attributes
from tests.decode.builders import NOW
from tests.decode.otlp.builders import DATA, LATER, Given, as_json, event, found, read, records, request

DEEP = 100_000
RETRIEVER = {"openinference.span.kind": "RETRIEVER", "input.value": "wo ist mein Paket"}
GENAI = {"gen_ai.operation.name": "retrieval", "gen_ai.retrieval.query.text": "wo ist mein Paket"}
patient = settings(deadline=None, max_examples=60)


def documents(value: Any) -> dict[str, Any]:
    """A retrieval of GenAI with these documents."""
    return {**GENAI, "gen_ai.retrieval.documents": value}


SCORES = {
    "null": (json.dumps([{"id": "a", "score": None}]), [("a", None)]),
    "text": (json.dumps([{"id": "a", "score": "0.25"}]), [("a", 0.25)]),
    "no number": (json.dumps([{"id": "a", "score": "high"}]), [("a", None)]),
    "boolean": (json.dumps([{"id": "a", "score": True}]), [("a", None)]),
    "infinite text": (json.dumps([{"id": "a", "score": "inf"}]), [("a", None)]),
    "number as id": (json.dumps([{"id": 17, "score": 0.5}]), [("17", 0.5)]),
    "no id": (json.dumps([{"score": 0.5}, {}]), [("", 0.5), ("", None)]),
    "no documents": (json.dumps([1, "a", None, [], {"id": []}]), [("", None)] * 5),
    "an array of texts": (["a", '{"id": "b", "score": 1}'], [("", None), ("b", 1.0)]),
    "an array of tables": ([{"id": "a", "score": 0.5}], [("a", 0.5)]),
    "nothing found": ("[]", []),
    "no list": ('{"id": "a"}', None),
    "cut JSON": ('[{"id": "a", "sco', None),
    "deep JSON": ("[" * DEEP + "]" * DEEP, None),
    "redacted": ("__REDACTED__", None),
    "a number": (3, None),
    "a lone surrogate": ('[{"id": "\\ud800"}]', None),
}


@pytest.mark.parametrize("case", SCORES.values(), ids=list(SCORES))
def test_documents_of_any_shape_are_read(case: tuple[Any, list[tuple[str, float | None]] | None]) -> None:
    """What cannot be read is not told, which is not the same as a search that found nothing."""
    given, expected = case
    results = event(Given(documents(given))).results
    assert (None if results is None else [(result.doc_id, result.score) for result in results]) == expected


def test_what_is_no_finite_number_is_no_score() -> None:
    """A double attribute can be NaN or infinite."""
    for value in (math.nan, math.inf, -math.inf):
        attributes = {**RETRIEVER, "retrieval.documents.0.document.id": "a", "retrieval.documents.0.document.score": value}
        assert event(Given(attributes)).found[0].score is None


def test_ten_thousand_documents_are_read() -> None:
    """In both shapes, in their order."""
    ids = [f"d{number}" for number in range(10_000)]
    flat = {f"retrieval.documents.{number}.document.id": doc_id for number, doc_id in enumerate(ids)}
    listed = json.dumps([{"id": doc_id} for doc_id in ids])
    for attributes in ({**RETRIEVER, **flat}, documents(listed)):
        assert [result.doc_id for result in event(Given(attributes)).found] == ids


WRONG_TYPES: tuple[Any, ...] = (7, 0.5, True, [], ["a", 1], {"a": {"b": []}}, None)


@pytest.mark.parametrize("value", WRONG_TYPES, ids=str)
def test_an_attribute_of_the_wrong_type_is_as_if_it_were_not_there(value: Any) -> None:
    """Every attribute that is looked at, one after the other; the retrieval counts."""
    names = ("input.value", "output.value", "metadata", "session.id", "input.mime_type", "retriever.top_k", "babelwatch.run")
    resource = {"service.name": value, "service.version": value, "deployment.environment.name": value}
    for name in names:
        assert event(Given({**RETRIEVER, name: value}), resource=resource).service is None
    for name in ("gen_ai.data_source.id", "gen_ai.retrieval.query.text", "gen_ai.request.model", "error.type"):
        assert event(Given({**GENAI, name: value})).collection is None
    assert found(Given({"openinference.span.kind": value, "gen_ai.operation.name": value, "db.system": value})) == []


def test_a_ring_of_parents_ends() -> None:
    """Spans that are each other's parents are walked a few steps up."""
    ring = [Given(RETRIEVER, id="a1", parent="b1"), Given({"openinference.span.kind": "CHAIN"}, id="b1", parent="b2")]
    assert len(found(*ring, Given({"openinference.span.kind": "CHAIN"}, id="b2", parent="b1"))) == 1


BAD = {
    "no ids": (Given(RETRIEVER, trace="0" * 32), Reason.BAD_EVENT_ID, "event_id"),
    "a time before 2000": (Given(RETRIEVER, at=-NOW / 1000 + 1), Reason.TOO_OLD, "timestamp"),
    "a time far ahead": (Given(RETRIEVER, at=4e9), Reason.IN_FUTURE, "timestamp"),
    "a name that is too long": (Given({**GENAI, "gen_ai.data_source.id": "x" * 257}), Reason.OUT_OF_RANGE, "collection"),
    "a score out of range": (Given(documents('[{"id": "a", "score": 1e7}]')), Reason.OUT_OF_RANGE, "results[0].score"),
    "a word that is none of ours": (Given({**RETRIEVER, "babelwatch.route": "north"}), Reason.UNKNOWN_VALUE, "route"),
}


@pytest.mark.parametrize("case", BAD.values(), ids=list(BAD))
@pytest.mark.parametrize("format_", list(WIRES))
def test_a_wrong_span_is_a_letter_that_holds_it_alone(case: tuple[Given, Reason, str], format_: str) -> None:
    """The other spans of the record count; fed again, the letter is rejected for the same reason, and nothing counts twice."""
    wrong, reason, detail = case
    record = request(wrong, Given(RETRIEVER, id="b1"), Given({}, id="b2"))
    value = record.SerializeToString() if format_ == "otlp_proto" else as_json(record)
    decoded = read(value, format_=format_)
    assert [item.event.event_id[33:35] for item in decoded.accepted] == ["b1"]
    (letter,) = decoded.rejected
    assert (letter.reason, letter.detail) == (reason, detail)
    again = read(letter.message.value, format_=format_)
    assert (again.accepted, [(one.reason, one.detail) for one in again.rejected]) == ([], [(reason, detail)])


def test_one_record_is_one_letter() -> None:
    """Letters are called by offsets, so several wrong spans of a record share one."""
    decoded = read(request(*(Given(RETRIEVER, id=f"a{number}", at=4e9) for number in range(1, 4))).SerializeToString())
    assert [(letter.reason, letter.detail) for letter in decoded.rejected] == [(Reason.IN_FUTURE, "timestamp, and 2 more")]


def test_times_of_any_size_are_read() -> None:
    """JSON has whole numbers without end."""
    value = as_json(request(Given(RETRIEVER)))
    for name in ("startTimeUnixNano", "endTimeUnixNano", "droppedAttributesCount"):
        whole = json.loads(value)
        whole["resourceSpans"][0]["scopeSpans"][0]["spans"][0][name] = 10**400
        read(json.dumps(whole).encode(), format_="otlp_json")


@pytest.mark.parametrize("messages", ['[{"parts": null}]', "5", "true", "null", '{"parts": []}', 7, [1, "a"]])
def test_a_strange_answer_costs_no_retrieval(messages: Any) -> None:
    """A partner that says nothing is normal."""
    chat = Given({"gen_ai.operation.name": "chat", "gen_ai.output.messages": messages}, id="d1", at=1)
    assert [item.answer for item in found(Given(GENAI), chat)] == [""]


def test_a_letter_is_not_larger_than_its_record() -> None:
    """What all spans share is in it once."""
    record = request(*(Given(RETRIEVER, id=f"{number:x}", at=4e9) for number in range(1, 200)), resource={"x": "y" * 10_000})
    for format_, value in (("otlp_proto", record.SerializeToString()), ("otlp_json", as_json(record))):
        (letter,) = read(value, format_=format_).rejected
        assert len(letter.message.value) <= len(value)
        (again,) = read(letter.message.value, format_=format_).rejected
        assert again.detail == "timestamp, and 198 more"


CROWDS = {
    "rerankers": {"openinference.span.kind": "RERANKER"},
    "answers": {"openinference.span.kind": "LLM"},
    "embeddings": {"openinference.span.kind": "EMBEDDING"},
    "retrievals": RETRIEVER,
}


@pytest.mark.parametrize("crowd", CROWDS.values(), ids=list(CROWDS))
def test_a_crowd_in_one_trace_is_read_once(crowd: dict[str, Any]) -> None:
    """Each span is asked a few times, however many retrievals look for partners: counted by reads, not by time."""
    count, asked = 300, 0

    class Counted(Attributes):
        def get(self, name: str) -> Any:
            nonlocal asked
            asked += 1
            return super().get(name)

        def text(self, *names: str) -> str | None:
            nonlocal asked
            asked += 1
            return super().text(*names)

    given = [Given(RETRIEVER, id=f"a{number:x}", parent="c1") for number in range(count)]
    given += [Given(crowd, id=f"b{number:x}", parent="c1", at=1) for number in range(count)]
    chain = Given({"openinference.span.kind": "CHAIN", "input.value": "x" * 1000}, id="c1", seconds=9)
    spans = [
        replace(span, attributes=Counted(span.attributes._values, span.attributes._plain))
        for span in proto.spans(request(chain, *given).SerializeToString())
    ]
    wire = Wire(lambda _: iter(spans), proto.record)
    assert len(OtlpDecoder(wire).reader().read(records(b"x"), LATER).accepted) >= count
    assert asked < 60 * len(spans)


NO_SPANS = {
    ("otlp_proto", b""): Reason.EMPTY,
    ("otlp_proto", b'{"resourceSpans": []}'): Reason.NOT_OTLP,
    ("otlp_proto", b"\x0a\xff"): Reason.NOT_OTLP,
    ("otlp_proto", b"GET /search"): Reason.NOT_OTLP,
    ("otlp_json", b""): Reason.EMPTY,
    ("otlp_json", b"\x0a\x00"): Reason.NOT_JSON,
    ("otlp_json", b'{"event_id": "a"}'): Reason.NOT_OTLP,
    ("otlp_json", b"[]"): Reason.NOT_OTLP,
    ("otlp_json", b'{"resourceSpans": {}}'): Reason.NOT_OTLP,
    ("otlp_json", b'{"resourceSpans": "\xff"}'): Reason.NOT_UTF8,
    ("otlp_json", b'{"resourceSpans": ' + b"[" * DEEP + b"]" * DEEP + b"}"): Reason.TOO_DEEP,
}


@pytest.mark.parametrize("case", NO_SPANS.items(), ids=[f"{format_} {value[:12]!r}" for format_, value in NO_SPANS])
def test_what_is_no_record_of_spans_says_so(case: tuple[tuple[str, bytes], Reason]) -> None:
    """The whole message is the letter."""
    (format_, value), reason = case
    (letter,) = read(value, format_=format_).rejected
    assert (letter.reason, letter.message.value) == (reason, value)


def test_a_mapping_that_stops_rejects_its_span() -> None:
    """As it does for a native record."""
    mapping = {"top_k": "ceil(attributes.n)"}
    record = request(Given({**RETRIEVER, "n": "x"}), Given({**RETRIEVER, "n": 3}, id="b1")).SerializeToString()
    decoded = read(record, mapping=mapping)
    assert [item.event.top_k for item in decoded.accepted] == [3]
    assert [letter.reason for letter in decoded.rejected] == [Reason.MAPPING_FAILED]


RECORDS = [path.read_bytes() for path in sorted(DATA.glob("*.pb"))[:6]] + [
    path.read_bytes() for path in sorted(DATA.glob("*.json"))[:3]
]


def every_decoder() -> list[tuple[str, Any]]:
    """Each format by its name."""
    decoders: dict[str, Any] = {"native": NativeDecoder()} | {name: OtlpDecoder(wire) for name, wire in WIRES.items()}
    return [*decoders.items(), ("auto", AutoDecoder(decoders))]


@patient
@given(data=st.data())
def test_no_damage_raises(data: st.DataObject) -> None:
    """Bytes that are changed, cut or repeated anywhere are events or dead letters, in every format."""
    value = bytearray(data.draw(st.sampled_from(RECORDS)))
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, max(len(value) - 1, 0)))
        value[at : at + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
    for name, decoder in every_decoder():
        decoded = decoder.reader().read(records(bytes(value)), LATER)
        assert all(letter.reason in Reason for letter in decoded.rejected), name


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
trees = st.recursive(scalars, lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=8), below, max_size=3))
KEYS = (
    "resourceSpans",
    "resource",
    "attributes",
    "scopeSpans",
    "scope",
    "spans",
    "traceId",
    "key",
    "value",
    "stringValue",
    "kvlistValue",
)


@patient
@given(st.recursive(scalars, lambda below: st.lists(below, max_size=3) | st.dictionaries(st.sampled_from(KEYS), below, max_size=4)))
def test_no_json_raises(tree: object) -> None:
    """JSON with the names of spans at any place, and anything under them."""
    value = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [tree, {"attributes": tree}]}]}, tree]}).encode()
    read(value, format_="otlp_json")


@patient
@given(
    st.dictionaries(
        st.sampled_from([*RETRIEVER, *GENAI, "gen_ai.retrieval.documents", "output.value", "metadata"]), trees, max_size=5
    )
)
def test_no_attribute_raises(attributes: dict[str, Any]) -> None:
    """Whatever stands in attributes that are looked at, also as JSON in a text."""
    texts = {name: json.dumps(value) for name, value in attributes.items()}
    record = ExportTraceServiceRequest()
    record.CopyFrom(request(Given({**RETRIEVER, **texts}), Given({**GENAI, **texts}, id="b1")))
    read(record.SerializeToString())
    read(as_json(record), format_="otlp_json")
