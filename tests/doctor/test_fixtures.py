"""Each real record gives the advice that is written here, and following it makes the measure appear."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.doctor.measures import measures
from tests.doctor.builders import fixture, seen, told, with_resource, with_spans

RELEASE = "release_as_index_version"
MODEL, COLLECTION, DOCUMENTS = "no_embedding_model", "no_collection", "no_document_language"
KIND = ("score_kind_unknown", "no_floor")
ADVICE = {
    "genai_util": [*KIND, RELEASE, DOCUMENTS],
    "handmade_old_names": [*KIND, RELEASE, DOCUMENTS],
    "genai_langchain_default": ["content_off", RELEASE, MODEL, COLLECTION],
    "genai_langchain": ["scores_missing", RELEASE, MODEL, DOCUMENTS, COLLECTION],
    "genai_langchain_scored": [*KIND, RELEASE, MODEL, DOCUMENTS, COLLECTION],
    "genai_langchain_error": ["only_errors", RELEASE, MODEL, COLLECTION],
    "openinference_langchain": ["scores_missing", RELEASE, MODEL, COLLECTION],
    "openinference_langchain_scored": [*KIND, RELEASE, MODEL, COLLECTION],
    "openinference_langchain_redacted": ["redacted", "scores_missing", "ids_missing", RELEASE, MODEL, DOCUMENTS, COLLECTION],
    "openinference_langchain_error": ["only_errors", RELEASE, MODEL, COLLECTION],
    "openinference_langchain_js.0": ["scores_missing", RELEASE, MODEL, COLLECTION],
    "openinference_llamaindex": [*KIND, RELEASE, COLLECTION],
    "openinference_haystack": [*KIND, RELEASE, COLLECTION],
    "openinference_haystack_rerank": [RELEASE, MODEL, COLLECTION],
    "openllmetry_langchain": ["scores_missing", "ids_missing", RELEASE, MODEL, COLLECTION],
    "openllmetry_langchain_error": ["only_errors", RELEASE, MODEL, COLLECTION],
    "openllmetry_llamaindex": [*KIND, RELEASE, COLLECTION],
    "openllmetry_chromadb": ["query_absent", "score_is_distance", RELEASE, MODEL, COLLECTION],
    "mixed_batched": ["query_absent", "score_is_distance", *KIND, RELEASE, MODEL, DOCUMENTS, COLLECTION],
}
NAMED = {  # the setting that the sentence must name
    ("genai_langchain_default", "content_off"): "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=SPAN_ONLY",
    ("genai_langchain", "scores_missing"): 'document.metadata["score"] = score',
    ("openinference_langchain", "scores_missing"): "examples/langchain_scores.py",
    ("openinference_langchain_redacted", "redacted"): "OPENINFERENCE_HIDE_INPUTS=false",
    ("openllmetry_langchain", "scores_missing"): 'document.metadata["score"] = score',
    ("openllmetry_langchain", "ids_missing"): 'document.metadata["id"] = document.id',
    ("genai_langchain_scored", "score_kind_unknown"): "source: {mapping: {score_kind: \"'cosine'\"}}",
    ("openllmetry_chromadb", "query_absent"): "Chroma sees a vector",
    ("mixed_batched", "query_absent"): "openllmetry (Chroma): ",
    ("genai_util", RELEASE): "OTEL_RESOURCE_ATTRIBUTES=babelwatch.index_version=2026-11",
}


def computable(values: list[bytes], **source: Any) -> set[str]:
    """The measures that there are."""
    return {name for name, verdict in measures(seen(values, **source)).items() if verdict.computable}


@pytest.mark.parametrize("name", ADVICE)
def test_the_advice_of_each_fixture(shared: Path, name: str) -> None:
    """The reasons, the most useful first, and no other."""
    assert list(told([fixture(shared, f"{name}.pb")])) == ADVICE[name]


@pytest.mark.parametrize(("name", "reason"), NAMED, ids=" ".join)
def test_the_advice_names_what_to_set(shared: Path, name: str, reason: str) -> None:
    """The environment variable, the option or the line of the mapping, to be copied."""
    assert NAMED[name, reason] in told([fixture(shared, f"{name}.pb")])[reason]


@pytest.mark.parametrize(
    ("before", "advised", "after", "appears"),
    [
        ("genai_langchain_default", "content_off", "genai_langchain", {"languages", "zero_result_rate"}),
        ("genai_langchain", "scores_missing", "genai_langchain_scored", {"hit_rate", "similarity_mean"}),
        ("openinference_langchain_redacted", "redacted", "openinference_langchain", {"languages", "pairs"}),
        ("openinference_langchain", "scores_missing", "openinference_langchain_scored", {"hit_rate", "similarity_mean"}),
    ],
)
def test_who_follows_the_advice_gets_the_measure(shared: Path, before: str, advised: str, after: str, appears: set[str]) -> None:
    """The same service, recorded before and after: the measures appear, and the advice is gone."""
    first, second = [fixture(shared, f"{before}.pb")], [fixture(shared, f"{after}.pb")]
    assert advised in told(first)
    assert advised not in told(second)
    assert computable(second) - computable(first) == appears


@pytest.mark.parametrize(
    ("reason", "field", "value"),
    [
        ("score_kind_unknown", "score_kind", "cosine"),
        (MODEL, "embedding_model", "e5-small"),
        (RELEASE, "index_version", "2026-11"),
        (COLLECTION, "collection", "help-centre"),
    ],
)
def test_resource_attributes_do_what_the_advice_says(shared: Path, reason: str, field: str, value: str) -> None:
    """`OTEL_RESOURCE_ATTRIBUTES=babelwatch.FIELD=…` is the whole change."""
    record = fixture(shared, "genai_langchain_scored.pb")
    assert f"babelwatch.{field}={value}" in told([record])[reason]
    assert reason not in told([with_resource(record, {f"babelwatch.{field}": value})])


def test_a_mapping_does_what_the_advice_says(shared: Path) -> None:
    """The line that is advised for scores of one kind."""
    record = fixture(shared, "genai_langchain_scored.pb")
    assert "score_kind_unknown" not in told([record], mapping={"score_kind": "'cosine'"})


@pytest.mark.parametrize(("form", "kind"), [("native", "json"), ("native", "pb"), ("otlp_json", "pb"), ("otlp_proto", "json")])
def test_another_format_is_named(shared: Path, form: str, kind: str) -> None:
    """Spans that are read as something else: the advice says what they are, and no names are guessed."""
    advised = told([fixture(shared, f"genai_util.{kind}")], format=form)
    assert next(iter(advised)) == "other_format"
    assert "1 of 1 messages are records of spans: set `source.format`" in advised["other_format"]


def test_retrievals_that_are_rejected_are_retrievals(shared: Path) -> None:
    """Nobody is told to instrument what is instrumented; and spans that are none are counted once each."""

    def without_time(_: Any, span: Any) -> None:
        span.start_time_unix_nano = 0

    record = with_spans(fixture(shared, "openinference_langchain.pb"), without_time)
    assert "no_retrieval_spans" not in told([record])

    def something_else(_: Any, span: Any) -> None:
        del span.attributes[:]

    assert (
        "There are 5 spans"
        in told([with_spans(fixture(shared, "openinference_langchain.pb"), something_else)])["no_retrieval_spans"]
    )


def test_metadata_does_what_the_advice_says(shared: Path) -> None:
    """Of OpenLLMetry's LangChain, which writes neither ids nor scores but what stands in metadata."""

    def put(_: Any, span: Any) -> None:
        for attribute in span.attributes:
            if attribute.key == "traceloop.entity.output":
                output = json.loads(attribute.value.string_value)
                for rank, document in enumerate(output["documents"]):
                    document["metadata"] |= {"id": f"doc-{rank}", "score": 0.9 - rank / 10}
                attribute.value.string_value = json.dumps(output)

    record = fixture(shared, "openllmetry_langchain.pb")
    assert {"scores_missing", "ids_missing"} <= set(told([record]))
    assert not {"scores_missing", "ids_missing"} & set(told([with_spans(record, put)]))
    assert "hit_rate" in computable([with_spans(record, put)])


def test_a_language_that_is_sent_does_where_texts_are_hidden(shared: Path) -> None:
    """The attribute on the span is enough for languages; texts stay where they are."""

    def declare(_: Any, span: Any) -> None:
        span.attributes.add(key="babelwatch.query_language").value.string_value = "de"

    record = fixture(shared, "openinference_langchain_redacted.pb")
    assert "languages" in computable([with_spans(record, declare)])
    assert "languages" not in computable([record])


def test_documents_get_their_language_by_collection(shared: Path) -> None:
    """GenAI's spans have no place for it: the collection tells it."""
    record = fixture(shared, "genai_util.pb")
    assert "source.document_language" in told([record])[DOCUMENTS]
    languages = {"collections": {"help-centre": "en"}}
    assert DOCUMENTS not in told([record], document_language=languages)
    assert "pairs" in computable([record], document_language=languages)


@pytest.mark.parametrize("name", ["genai_util", "genai_langchain_scored", "openinference_haystack", "openllmetry_chromadb"])
def test_both_encodings_are_examined_alike(shared: Path, name: str) -> None:
    """JSON and protobuf of the same spans give the same fields and the same advice."""
    proto, text = [fixture(shared, f"{name}.pb")], [fixture(shared, f"{name}.json")]
    assert seen(proto) == seen(text)
    assert told(proto) == told(text)


def test_dropped_attributes_are_told(shared: Path) -> None:
    """With the limits that cut them."""

    def drop(_: Any, span: Any) -> None:
        span.dropped_attributes_count = 12

    text = told([with_spans(fixture(shared, "openinference_langchain_scored.pb"), drop)])["attributes_cut"]
    assert "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT" in text


def test_cut_values_are_told(shared: Path) -> None:
    """Documents that end in the middle cannot be read; nothing is guessed of them."""

    def cut(_: Any, span: Any) -> None:
        for attribute in span.attributes:
            if attribute.key == "gen_ai.retrieval.documents":
                attribute.value.string_value = attribute.value.string_value[:40]

    record = with_spans(fixture(shared, "genai_langchain_scored.pb"), cut)
    assert "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT" in told([record])["attributes_cut"]
    assert "zero_result_rate" not in computable([record])


def test_tail_sampled_spans_without_a_rate_are_told(shared: Path) -> None:
    """The Collector notes its policy on the scope; with a rate there is nothing to say."""

    def mark(scope: Any, _: Any) -> None:
        if not scope.attributes:
            scope.attributes.add(key="tailsampling.policy").value.string_value = "errors"

    record = with_spans(fixture(shared, "genai_util.pb"), mark)
    assert "5 events were chosen by a tail sampler" in told([record])["sampled_without_rate"]
    assert "sampled_without_rate" not in told([with_resource(record, {"babelwatch.sample_rate": "0.1"})])


def test_spans_without_a_retrieval_are_told(shared: Path) -> None:
    """A topic with all spans but those of the retriever."""

    def rename(_: Any, span: Any) -> None:
        for attribute in span.attributes:
            attribute.key = f"other.{attribute.key}"

    assert "none is a retrieval" in told([with_spans(fixture(shared, "genai_util.pb"), rename)])["no_retrieval_spans"]


def test_content_that_is_off_in_openllmetry(shared: Path) -> None:
    """The variable that turned it off is named."""

    def hide(_: Any, span: Any) -> None:
        kept = [one for one in span.attributes if one.key not in {"traceloop.entity.input", "traceloop.entity.output"}]
        kept = [one for one in kept if not one.key.startswith("gen_ai.task.")]
        del span.attributes[:]
        span.attributes.extend(kept)

    reasons = told([with_spans(fixture(shared, "openllmetry_langchain.pb"), hide)])
    assert "TRACELOOP_TRACE_CONTENT=true" in reasons["trace_content_off"]


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_nothing_in_a_record_stops_it(shared: Path, data: st.DataObject) -> None:
    """Records that were damaged anywhere, in either encoding: there is an answer, whatever it is."""
    name = data.draw(
        st.sampled_from(["genai_util.pb", "genai_util.json", "openinference_haystack.pb", "openllmetry_chromadb.json"])
    )
    record = bytearray(fixture(shared, name))
    for place in data.draw(st.lists(st.integers(0, len(record) - 1), min_size=1, max_size=20)):
        record[place] = data.draw(st.integers(0, 255))
    assert told([bytes(record)])
