"""A retrieval is put together from its span, its resource and its partners in the trace."""

import json
from typing import Any

import pytest

from agent.decode.otlp.dialect import Document
from agent.decode.otlp.recent import RECORDS, Note, RecentTraces
from agent.decode.otlp.scores import by_range, kind_of
from tests.decode.builders import NOW
from tests.decode.otlp.builders import TRACE, Given, event, found, read, request

KIND = "openinference.span.kind"
RETRIEVER = {KIND: "RETRIEVER", "input.value": "wo ist mein Paket"}
GENAI = {"gen_ai.operation.name": "retrieval", "gen_ai.retrieval.query.text": "wo ist mein Paket"}
EMBEDDING = {KIND: "EMBEDDING", "embedding.model_name": "e5-small", "embedding.embeddings.0.embedding.text": "wo ist mein Paket"}
VECTOR = {KIND: "RETRIEVER", "input.value": '{"query_embedding": "<16-dimensional vector>"}'}


def docs(*ids: str, under: str = "retrieval.documents", score: float = 0.5) -> dict[str, Any]:
    """Flattened documents."""
    each = [{"id": doc_id, "score": score - number / 100} for number, doc_id in enumerate(ids)]
    return {f"{under}.{number}.document.{name}": value for number, one in enumerate(each) for name, value in one.items()}


def test_id_time_and_latency_are_those_of_the_span() -> None:
    """The id is trace id and span id, so a span that an exporter sends twice is a duplicate."""
    one = event(Given(RETRIEVER, id="a1", at=2.5, seconds=0.25))
    assert (one.event_id, one.timestamp, one.latency_ms) == (f"{TRACE}:{'a1'.ljust(16, '0')}", NOW + 2500, 250)


def test_the_resource_says_who_asked() -> None:
    """Its version is that of the index until something better is told."""
    resource = {"service.name": "help", "deployment.environment": "prod", "service.version": "2.3"}
    one = event(Given(RETRIEVER), resource=resource)
    assert (one.service, one.environment, one.index_version) == ("help", "prod", "2.3")
    better = event(
        Given({**RETRIEVER, "babelwatch.index_version": "2026-11"}), resource={**resource, "babelwatch.index_version": "x"}
    )
    assert better.index_version == "2026-11"


def test_our_own_words_are_taken_from_spans_and_resources() -> None:
    """Texts where the environment can give nothing else; the span's win."""
    resource = {"babelwatch.embedding_model": "e5", "babelwatch.sample_rate": "0.25", "babelwatch.score_kind": "cosine"}
    resource["babelwatch.synthetic"] = "true"
    one = event(Given({**RETRIEVER, "babelwatch.query_language": "de", "babelwatch.top_k": 10}), resource=resource)
    assert (one.embedding_model, one.sample_rate, one.score_kind, one.synthetic) == ("e5", 0.25, "cosine", True)
    assert (one.query_language, one.top_k) == ("de", 10)


def test_metadata_says_what_attributes_do_not() -> None:
    """OpenInference has it as JSON; LangChain's own names are known."""
    metadata = {"ls_embedding_model": "e5", "index_version": "7", "collection": "kb", "locale": "de-AT", "query_language": 3}
    one = event(Given({**RETRIEVER, "metadata": json.dumps(metadata)}))
    assert (one.embedding_model, one.index_version, one.collection, one.locale, one.query_language) == (
        "e5",
        "7",
        "kb",
        "de-AT",
        None,
    )


def test_a_mapping_finds_what_no_convention_names() -> None:
    """Over the span's name, attributes, resource, scope and events, and it wins over all else."""
    mapping = {
        "index_version": 'resource."index.version"',
        "query_language": "attributes.lang",
        "score_kind": "'cosine'",
        "collection": "events[?name=='hit'].attributes.index | [0]",
        "route": "scope == 'fallback' && 'fallback'",
    }
    given = Given({**GENAI, "gen_ai.data_source.id": "x", "lang": "ko"}, events=[("hit", {"index": "kb"})], scope="fallback")
    one = event(given, resource={"index.version": "7", "service.version": "1"}, mapping=mapping)
    assert (one.index_version, one.query_language, one.score_kind, one.collection, one.route) == (
        "7",
        "ko",
        "cosine",
        "kb",
        "fallback",
    )


@pytest.mark.parametrize(
    ("state", "rate"),
    [
        ("ot=th:8", 0.5),
        ("vendor=1,ot=rv:123;th:c", 0.25),
        ("ot=th:0", 1.0),
        ("ot=p:3", 0.125),
        ("ot=th:ffffffffffffff", 1e-6),
        ("ot=th:", None),
        ("ot=th:-8", None),
        ("ot=th:zz", None),
        ("ot=p:63", None),
        (f"ot=p:{'9' * 5000}", None),
        (f"ot=th:{'f' * 5000}", None),
        ("th:8", None),
        ("", None),
    ],
)
def test_the_trace_state_says_how_many_a_span_stands_for(state: str, rate: float | None) -> None:
    """As OpenTelemetry's consistent sampling writes it."""
    assert event(Given(RETRIEVER, state=state)).sample_rate == (None if rate is None else pytest.approx(rate))


def test_an_attribute_says_how_many_a_span_stands_for() -> None:
    """Honeycomb's name for it."""
    assert [event(Given({**RETRIEVER, "SampleRate": n})).sample_rate for n in (4, 1, 0, "x")] == [0.25, 1.0, None, None]


def test_an_error_is_its_kind_and_never_its_message() -> None:
    """The message, or a stack trace, may quote the query."""
    raised = [("exception", {"exception.type": "ConnectionError", "exception.message": "wo ist mein Paket"})]
    assert event(Given(RETRIEVER, failed=True, events=raised)).error == "ConnectionError"
    assert event(Given(RETRIEVER, failed=True)).error == "error"
    assert event(Given({**GENAI, "error.type": "timeout"})).error == "timeout"
    assert event(Given(RETRIEVER, events=raised)).error is None


def test_a_golden_run_is_no_user() -> None:
    """As far as the service hands its baggage on."""
    assert [event(Given({**RETRIEVER, **more})).synthetic for more in ({}, {"babelwatch.run": "7"})] == [False, True]


def test_what_is_redacted_is_not_told() -> None:
    """No language is guessed of the word, and no document is counted as missing."""
    one = event(Given({KIND: "RETRIEVER", "input.value": "__REDACTED__", "output.value": "__REDACTED__"}))
    assert (one.query, one.results) == (None, None)


@pytest.mark.parametrize(
    "given",
    [
        "wo ist mein Paket",
        '{"query": "wo ist mein Paket", "top_k": 3}',
        '{"query_bundle": {"query_str": "wo ist mein Paket"}}',
        '{"data": {"embedder": {"text": "wo ist mein Paket"}}}',
    ],
)
def test_a_query_is_found_in_plain_text_and_json(given: str) -> None:
    """In the shapes that LangChain, LlamaIndex and Haystack write."""
    assert event(Given({KIND: "RETRIEVER", "input.value": given})).query == "wo ist mein Paket"


def test_people_ask_in_braces_too() -> None:
    """What looks like JSON and is none is the query."""
    assert event(Given({KIND: "RETRIEVER", "input.value": "{wo} ist mein Paket"})).query == "{wo} ist mein Paket"


def beside(number: int, attributes: dict[str, Any] | None = None, *, at: float = -1) -> Given:
    """An embedding in the same step of a pipeline as the retrieval."""
    return Given({**EMBEDDING, **(attributes or {})}, id=f"e{number}", parent="c1", at=at)


def test_an_embedding_gives_model_and_query() -> None:
    """The last one that had ended gives the model; the texts beside the retrieval the query, where they are one."""
    old, later = beside(0, {"embedding.model_name": "old"}, at=-9), beside(2, {"embedding.model_name": "later"}, at=5)
    one = event(old, beside(1), Given(VECTOR, parent="c1"), later)
    assert (one.embedding_model, one.query) == ("e5-small", "wo ist mein Paket")
    several = beside(1, {"embedding.embeddings.1.embedding.text": "b"})
    assert event(several, Given(VECTOR, parent="c1")).query is None


def test_no_query_is_guessed_of_two() -> None:
    """Two searches at once in one step, and an embedding of another step: whose text it was nobody knows."""
    other = beside(2, {"embedding.embeddings.0.embedding.text": "wann kommt es"})
    assert event(beside(1), other, Given(VECTOR, parent="c1")).query is None
    assert event(beside(1), Given(VECTOR, parent="c2")).query is None


def test_what_is_hidden_stays_hidden() -> None:
    """Though an embedding, or the chain around it, has the text."""
    chain = Given({KIND: "CHAIN", "input.value": "wo ist mein Paket"}, id="c1", seconds=1)
    one = event(chain, beside(1), Given({KIND: "RETRIEVER", "input.value": "__REDACTED__"}, parent="c1"))
    assert (one.query, one.embedding_model) == (None, "e5-small")


def test_the_question_around_a_retrieval_is_its_query() -> None:
    """Where neither the span nor an embedding has it."""
    chain = Given({KIND: "CHAIN", "input.value": '{"data": {"retriever": {"query": "wo ist mein Paket"}}}'}, id="c1", seconds=1)
    assert event(chain, Given(VECTOR, id="a1", parent="c1")).query == "wo ist mein Paket"


def test_a_reranker_gives_the_order_and_keeps_the_scores() -> None:
    """What it left out was not shown; its own scores are on another scale."""
    order = {KIND: "RERANKER", **docs("c", "a", under="reranker.output_documents", score=9)}
    one = event(Given({**RETRIEVER, **docs("a", "b", "c")}), Given(order, id="b1", at=0.2))
    assert [(each.doc_id, each.score) for each in one.found] == [("c", 0.48), ("a", 0.5)]


def test_a_reranker_of_two_retrievals_orders_each_alone() -> None:
    """Each keeps its own documents, with its own scores."""
    order = {KIND: "RERANKER", **docs("c", "a", under="reranker.output_documents", score=9)}
    searches = [Given({**RETRIEVER, **docs(*ids)}, id=id_, parent="c1") for id_, ids in (("a1", "ab"), ("b1", "cd"))]
    assert [[each.doc_id for each in item.event.found] for item in found(*searches, Given(order, id="d1", at=0.2))] == [
        ["a"],
        ["c"],
    ]


def test_a_reranker_of_other_documents_changes_nothing() -> None:
    """Two retrievals of one trace may have a reranker each."""
    order = {KIND: "RERANKER", **docs("x", under="reranker.output_documents")}
    assert [each.doc_id for each in event(Given({**RETRIEVER, **docs("a", "b")}), Given(order, id="b1", at=0.2)).found] == [
        "a",
        "b",
    ]


def test_a_retriever_inside_a_retriever_is_a_step() -> None:
    """Also behind a chain; the outer one counts, with its own documents."""
    outer = Given({**RETRIEVER, **docs("a")}, id="a1", seconds=2)
    chain, inner = Given({KIND: "CHAIN"}, id="c1", parent="a1"), Given({**RETRIEVER, **docs("b")}, id="b1", parent="c1")
    decoded = read(request(inner, chain, outer).SerializeToString())
    assert [item.event.event_id[33:35] for item in decoded.accepted] == ["a1"]
    assert decoded.spans == {"other": 1, "retrieval": 1, "nested": 1, "retrieval_without_embedding": 1}


def test_a_retrieval_counts_once_over_two_records() -> None:
    """What came first was counted; the span around it, later, is the same search."""
    inner, outer = Given(RETRIEVER, id="b1", parent="a1"), Given(RETRIEVER, id="a1")
    decoded = read(*(request(one).SerializeToString() for one in (inner, outer)))
    assert [item.offset for item in decoded.accepted] == [0]


def test_a_retrieval_counts_once_though_all_around_it_comes_later() -> None:
    """LlamaIndex's fusion: the step between them stands in the later record, too."""
    inner = Given(RETRIEVER, id="a1", parent="b1", name="VectorIndexRetriever.retrieve")
    step = Given(RETRIEVER, id="b1", parent="c1", name="QueryFusionRetriever._retrieve")
    outer = Given(RETRIEVER, id="c1", name="QueryFusionRetriever.retrieve")
    for cut in ([[inner], [step, outer]], [[inner, step], [outer]], [[inner], [step], [outer]]):
        decoded = read(*(request(*some).SerializeToString() for some in cut))
        assert [item.offset for item in decoded.accepted] == [0], cut
    assert len(found(inner, step, outer)) == 1


def test_two_retrievals_of_a_trace_are_two() -> None:
    """An agent may search again."""
    assert len(found(Given(RETRIEVER, id="a1", parent="c1"), Given(RETRIEVER, id="b1", parent="c1"))) == 2


def test_the_answer_is_what_the_trace_put_out() -> None:
    """Else the last message of a model after the retrieval; JSON is none."""
    chain = Given({KIND: "CHAIN", "output.value": "Ihr Paket ist da."}, id="c1", seconds=9)
    model = Given({KIND: "LLM", "llm.output_messages.0.message.content": "Es kommt."}, id="d1", parent="c1", at=1)
    before = Given({KIND: "LLM", "output.value": "rewritten"}, id="d0", parent="c1", at=-1)
    search = Given(RETRIEVER, parent="c1")
    assert [item.answer for item in found(chain, search, model)] == ["Ihr Paket ist da."]
    assert [item.answer for item in found(search, model, before)] == ["Es kommt."]
    assert [item.answer for item in found(search, before)] == [""]


def test_genai_messages_are_answers() -> None:
    """As JSON in a text, the first part that is one."""
    messages = json.dumps([{"role": "assistant", "parts": [{"type": "tool_call"}, {"type": "text", "content": "Es kommt."}]}])
    chat = Given({"gen_ai.operation.name": "chat", "gen_ai.output.messages": messages}, id="d1", at=1)
    cut = Given({"gen_ai.operation.name": "chat", "gen_ai.output.messages": messages[:-5]}, id="d2", at=2)
    assert [item.answer for item in found(Given(GENAI), chat, cut)] == ["Es kommt."]


def documents(*scores: float | None, kind: Any = None) -> list[Document]:
    """Documents with these scores."""
    return [Document(str(number), score, None, kind) for number, score in enumerate(scores)]


@pytest.mark.parametrize(
    ("scores", "kind"),
    [
        ((0.9, 0.8, 0.7), "unknown"),
        ((0.1, 0.2, 0.3), "distance"),
        ((0.1, 0.1, 0.1), "unknown"),
        ((0.1, 0.2), "unknown"),
        ((-0.3, -0.2, 0.1), "unknown"),
        ((1 / 61, 1 / 62, 1 / 63), "rrf"),
        ((0.01639, 0.01613, 0.01587), "rrf"),
        ((2 / 61, 2 / 62, 2 / 63), "rrf"),
        ((0.0164, 0.016, 0.0155), "unknown"),
        ((), "unknown"),
    ],
)
def test_order_and_range_tell_distances_and_rrf(scores: tuple[float, ...], kind: str) -> None:
    """A similarity of a language that is badly served is small, too: only what is surely something else is named."""
    assert by_range(scores) == kind


def test_names_tell_scales() -> None:
    """That of the score first, then that of the retriever."""
    falling = documents(0.9, 0.8, 0.7)
    names = {"InMemoryBM25Retriever.run": "bm25", "HybridRetriever": "rrf", "Cohere_Rerank": "rerank", "VectorStore": "unknown"}
    assert {name: kind_of(falling, name) for name in names} == names
    assert kind_of(documents(0.9, kind="rerank"), "BM25") == "rerank"
    assert kind_of(documents(0.1, 0.2, kind="distance")) == "distance"
    assert kind_of(documents(0.9, 0.8, 0.7, kind="distance")) == "unknown"


def test_recent_traces_hang_on_the_log_alone() -> None:
    """A note counts for so many records and so many notes, however long a reader has been there."""
    note = Note(model="e5")
    old, new = RecentTraces(most=10), RecentTraces(most=10)
    for number in range(100):
        old.put(f"before {number}", 0, note)
    for recent in (old, new):
        recent.put("a", 100, note)
        for number in range(8):
            recent.put(f"b{number}", 101, note)
    for recent in (old, new):
        assert recent.get("a", 100 + RECORDS) == note
        assert recent.get("a", 101 + RECORDS) is None
        recent.put("c", 102, note)
        assert recent.get("a", 102) == note
        recent.put("d", 102, note)
        recent.put("e", 102, note)
        assert recent.get("a", 102) is None
