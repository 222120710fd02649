"""What one event adds to its windows, and that split and order of many do not matter."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from agent.aggregate.aggregator import EXEMPLARS, MINUTE_MS, ExemplarKey
from agent.aggregate.cardinality import LIMITS, Admission
from agent.aggregate.documents import DocumentLanguages
from agent.records import Accepted, Event, Result, Tag, Translation
from tests.aggregate.builders import (
    KEY,
    KOREAN,
    MINUTE,
    Folded,
    aggregator,
    batches,
    counted,
    event,
    folded,
    found,
    language,
    of_kind,
    pairs,
    patient,
    summed,
)

LABEL_MEASURES = ("labelled", "recall_sum", "recall_sq", "mrr_sum", "mrr_sq", "ndcg_sum", "ndcg_sq", "label_hist", "label_hit_hist")
TRAFFIC = {"events": 1, "queries": 1_000_000}

# --- many events

IDS = st.sampled_from(["ko/a", "ko/b", "en/a", "x", "y"])
SCORES = st.none() | st.floats(-2, 2)
RESULTS = st.lists(st.builds(Result, IDS, SCORES, st.none() | st.sampled_from(["ko", "en", "klingon"])), max_size=4)
EVENTS = st.builds(
    Event,
    event_id=st.text("abc", min_size=1, max_size=3),
    timestamp=st.just(0),
    service=st.sampled_from([None, "help"]),
    collection=st.sampled_from([None, "kb-ko"]),
    route=st.none() | st.sampled_from(["own_index", "fallback"]),
    results=RESULTS,
    score_kind=st.sampled_from(["cosine", "bm25"]),
    relevant=st.none() | st.lists(IDS, max_size=3) | st.dictionaries(IDS, st.integers(0, 3).map(float), max_size=3),
    synthetic=st.booleans(),
    session=st.none() | st.sampled_from(["s1", "s2", "s3"]),
    translation=st.none()
    | st.builds(Translation, quality=st.none() | st.floats(0, 1), engine=st.sampled_from([None, "nmt/3", "llm"])),
    response_language=st.none() | st.sampled_from(["ko", "en", "??"]),
    latency_ms=st.none() | st.floats(0, 1e6),
    error=st.sampled_from([None, None, False, "timeout"]),
    top_k=st.none() | st.integers(0, 4),
    sample_rate=st.none() | st.floats(1e-6, 1),
)
TAGS = st.sampled_from([KOREAN, Tag("und", 0.0, "none", mixed=True)])
MINUTES = st.sampled_from([MINUTE - 1, MINUTE])
ITEMS = st.lists(
    st.tuples(st.builds(Accepted, st.just(0), MINUTES.map(lambda minute: minute * MINUTE_MS + 59_999), EVENTS), TAGS), max_size=12
)


@patient
@given(ITEMS, st.data())
def test_split_and_order_do_not_matter(items: list[Folded], data: st.DataObject) -> None:
    """The same events in any order and any number of batches add up to the same windows, to the last bit."""
    once = summed(batches(items).windows())
    shuffled = data.draw(st.permutations(items))
    cut = data.draw(st.integers(0, len(items)))
    again = summed(window for part in (shuffled[:cut], shuffled[cut:]) for window in batches(part).windows())
    assert again == once


@patient
@given(ITEMS)
def test_pairs_add_up_to_their_language(items: list[Folded]) -> None:
    """But for labels, whose document language may be unknown, a language's window is the sum of its pairs; none is there twice."""
    batch = batches(items)
    windows = list(batch.windows())
    assert len({window[:3] for window in windows}) == len(windows) <= 2 * len(batch)
    by_language = summed(of_kind("pair", windows), by=lambda window: (window.minute, window.key._replace(document_language="")))
    for window in of_kind("language", windows):
        pair_sum = by_language[window.minute, window.key]
        assert counted(pair_sum, *LABEL_MEASURES) == counted(window.measures, *LABEL_MEASURES)
        assert pair_sum.labelled <= window.measures.labelled


# --- one event


def translated(engine: str, hundredths: int) -> dict[str, Any]:
    """What one translation of this quality adds."""
    total = hundredths * 10_000
    sums = {"translation_sum": total, "translation_sums": {engine: total}}
    return {"translated": 1, "translation_hist": {f"{engine}/{hundredths}": 1}} | sums


def test_an_event_is_counted_in_its_minute_under_its_key() -> None:
    """Everything that a window is about comes from the event and its tag, and the minute from its event time."""
    batch = aggregator()
    at = (MINUTE * MINUTE_MS + 59_999, (MINUTE + 1) * MINUTE_MS)
    batch.fold([Accepted(0, each, event()) for each in at], [KOREAN] * 2, 0)
    (first, second) = of_kind("language", batch.windows())
    assert (first.minute, second.minute) == (MINUTE, MINUTE + 1)
    assert first.key == second.key == KEY
    assert counted(first.measures) == TRAFFIC | {
        "scored": 1,
        "score_sum": 800_000,
        "score_sq": 640_000,
        "score_hist": {80: 1},
        "documents": 1,
        "own_documents": 1,
    }


@pytest.mark.parametrize("part", ["service", "environment", "collection", "embedding_model", "index_version", "score_kind"])
def test_each_part_of_the_key_has_its_own_window(part: str) -> None:
    """Two events that differ in one of them stand apart, in language and pair, whatever came before."""
    other: dict[str, Any] = {part: "bm25"}
    windows = list(folded(event(), event(**other), event(**other), event()).windows())
    assert [window.measures.events for window in windows] == [2] * 4
    for kind in ("language", "pair"):
        assert {getattr(window.key, part) for window in of_kind(kind, windows)} == {getattr(KEY, part), "bm25"}


def test_what_an_event_does_not_say_is_empty() -> None:
    """A bare event has a key all the same, and what it did not find is a zero result."""
    (window,) = of_kind("language", folded(Event("e1", 0)).windows())
    assert window.key == ("", "", "", "ko", "", "", "", "unknown")
    assert counted(window.measures) == TRAFFIC | {"zero_results": 1}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"results": []}, {"zero_results": 1}),
        ({"results": [], "error": "timeout"}, {"errors": 1}),
        ({"results": [], "error": True}, {"errors": 1}),
        ({"results": [], "error": False}, {"zero_results": 1}),
        ({"results": [], "error": ""}, {"zero_results": 1}),
        ({"results": [], "sample_rate": 0.25}, {"zero_results": 1, "queries": 4_000_000}),
        ({"results": [], "sample_rate": 0.3}, {"zero_results": 1, "queries": 3_333_333}),
        ({"results": [], "route": "fallback"}, {"zero_results": 1, "routes": {"fallback": 1}}),
        ({"results": [], "latency_ms": 0.0}, {"zero_results": 1, "latency_hist": {-100: 1}}),
        ({"results": [], "latency_ms": 1.2}, {"zero_results": 1, "latency_hist": {1: 1}}),
        ({"results": [], "translation": Translation(quality=0.87)}, {"zero_results": 1} | translated("", 87)),
        ({"results": [], "translation": Translation("en", 0.29, "nmt/3")}, {"zero_results": 1} | translated("nmt/3", 29)),
        ({"results": [], "translation": Translation("en", 0.0, "nmt")}, {"zero_results": 1, "translated": 1, "translation_hist": {"nmt/0": 1}}),
        ({"results": [], "translation": Translation("en", None, "nmt")}, {"zero_results": 1}),
        ({"results": [], "translation": Translation("en")}, {"zero_results": 1}),
        ({"results": [], "response_language": "ko-KR"}, {"zero_results": 1, "answered": 1}),
        ({"results": [], "response_language": "en"}, {"zero_results": 1, "answered": 1, "answered_otherwise": 1}),
        ({"results": [], "response_language": "no idea"}, {"zero_results": 1}),
        ({"collection": None, "results": [Result("d1")]}, {}),
        ({"collection": None, "results": [Result("d1", -0.5)]}, {"scored": 1, "score_sum": -500_000, "score_sq": 250_000, "score_hist": {-50: 1}}),
        ({"results": [Result("d1", None, "en"), Result("en/2", 0.9)]}, {"documents": 2}),
        ({"results": [Result("en/1"), Result("d2")]}, {"documents": 2, "own_documents": 1, "mixed_documents": 1}),
        ({"results": [Result("d1"), Result("d2"), Result("en/3")]}, {"documents": 2, "own_documents": 2}),
        ({"results": [Result("d1", None, "??"), Result("d2")]}, {"documents": 1, "own_documents": 1}),
    ],
)  # fmt: skip
def test_one_event_adds_just_this(changes: dict[str, Any], expected: dict[str, Any]) -> None:
    """Each field of an event goes into its own measures and no others."""
    assert counted(language(event(**changes))) == TRAFFIC | expected


def test_an_error_has_neither_score_nor_label() -> None:
    """A retrieval that failed tells nothing about quality, even if it brought and labelled something."""
    measures = language(event(error="partial", results=found("d1", "d2"), relevant=["d1"]))
    assert counted(measures, "documents", "own_documents") == TRAFFIC | {"errors": 1}


def test_a_synthetic_event_is_in_no_other_count() -> None:
    """A probe is only counted as one: no user, no session, no exemplar, and never late."""
    batch = aggregator()
    probe = event(synthetic=True, results=[], session="s", latency_ms=3.0, relevant=["a"], top_k=10)
    assert batch.fold([Accepted(0, 0, probe)], [KOREAN], evaluated_to=MINUTE) == 0
    assert [counted(window.measures) for window in batch.windows()] == [{"synthetic": 1}, {"synthetic": 1}]
    assert not batch.exemplars


def test_a_mixed_query_is_flagged() -> None:
    """The tag's flag is counted beside the language."""
    assert language(event(), tag=KOREAN._replace(mixed=True)).mixed == 1


def test_an_answer_to_an_unknown_language_is_neither_right_nor_wrong() -> None:
    """Without the query's language nobody can say that the answer is in another."""
    assert counted(language(event(results=[], response_language="en"), tag=Tag("und", 0.0, "none"))) == TRAFFIC | {
        "zero_results": 1
    }


def test_sessions_are_distinct_and_hashed() -> None:
    """Two queries of one session are one user, and the session's name is nowhere."""
    measures = language(event(session="alice"), event(session="alice"), event(session="b\ud800b"))
    assert len(measures.session_hashes) == 2
    assert all(0 <= each < 2**64 for each in measures.session_hashes)
    assert "alice" not in repr(measures)


@pytest.mark.parametrize(("minute", "late"), [(MINUTE - 1, True), (MINUTE, False)])
def test_an_event_is_late_when_its_minute_was_evaluated(minute: int, late: bool) -> None:  # noqa: FBT001 - a table's column
    """A late event is told and counted as late, and counted all the same."""
    batch = aggregator()
    assert batch.fold([Accepted(0, minute * MINUTE_MS, event(results=[]))], [KOREAN], evaluated_to=MINUTE) == late
    (window,) = of_kind("language", batch.windows())
    assert counted(window.measures) == TRAFFIC | {"zero_results": 1} | ({"late": 1} if late else {})


# --- pairs of languages


def test_a_pairs_document_language_is_that_of_the_first_document() -> None:
    """As the log declares it, else by pattern, else by collection; `und` without results or knowledge."""
    counts = pairs(
        event(results=[Result("ko/1", None, "ja"), Result("en/2")]),
        event(results=[Result("en/1"), Result("ko/2")]),
        event(results=[Result("plain")]),
        event(results=[Result("plain")], collection="nobody knows"),
        event(results=[]),
    )
    assert {name: measures.events for name, measures in counts.items()} == {"ja": 1, "en": 1, "ko": 1, "und": 2}


def test_labels_stand_with_the_language_of_the_relevant_documents() -> None:
    """A Korean query that should have found English documents and found Korean ones is a miss of the pair ko-en."""
    missed = event(results=found("ko/1", "ko/2"), relevant=["en/1", "en/2"])
    counts = pairs(missed)
    assert (counts["ko"].events, counts["ko"].labelled) == (1, 0)
    assert (counts["en"].events, counts["en"].labelled, counts["en"].recall_sum) == (0, 1, 0)
    assert language(missed).labelled == 1


@pytest.mark.parametrize("relevant", [["plain"], ["ko/1", "en/1"], ["ko/1", "plain"]], ids=["unknown", "several", "partly known"])
def test_labels_of_unknown_language_are_in_no_pair(relevant: list[str]) -> None:
    """Where the language of what should be found is not configured, the language has labels and no pair has."""
    each = event(results=found("ko/1", "en/1"), relevant=relevant)
    documents = DocumentLanguages(pattern="^([a-z]{2})/")
    batch = folded(each, batch=aggregator(documents=documents))
    assert [window.measures.labelled for window in of_kind("language", batch.windows())] == [1]
    assert [window.measures.labelled for window in of_kind("pair", batch.windows())] == [0]


def test_what_the_log_says_of_returned_documents_does_not_place_labels() -> None:
    """The declared language of a returned document tells nothing about the documents that were missed."""
    each = event(collection=None, results=[Result("a", None, "en"), Result("b", None, "en")], relevant=["a"])
    assert {name: measures.labelled for name, measures in pairs(each).items()} == {"en": 0}


# --- labels


def test_labels_are_measured_at_k() -> None:
    """Sums and squares in millionths, and the best score beside them: all labelled events, and those that hit."""
    hit = event(results=found("ko/x", "ko/a", "ko/b"), relevant={"ko/a": 1, "ko/b": 2})
    miss = event(results=found("ko/x", "ko/y"), relevant=["ko/a"])
    measures = counted(language(hit, miss))
    assert {name: value for name, value in measures.items() if name in LABEL_MEASURES} == {
        "labelled": 2,
        "recall_sum": 500_000,
        "recall_sq": 250_000,
        "mrr_sum": 500_000,
        "mrr_sq": 250_000,
        "ndcg_sum": 239_812,
        "ndcg_sq": 57_510,
        "label_hist": {90: 2},
        "label_hit_hist": {90: 1},
    }


@pytest.mark.parametrize(
    ("changes", "labelled"),
    [
        ({"top_k": 2, "results": []}, 1),
        ({"top_k": 1}, 0),
        ({"results": found("a")}, 0),
        ({"relevant": []}, 0),
        ({"relevant": {"a": 0.0}}, 0),
        ({"relevant": None}, 0),
        ({}, 1),
    ],
    ids=["searched and found nothing", "asked for less", "found less", "no labels", "nothing relevant", "absent", "two results"],
)
def test_an_event_is_labelled_when_the_search_went_down_to_k(changes: dict[str, Any], labelled: int) -> None:
    """A document that the search could not have returned is no miss."""
    assert language(event(**({"results": found("a", "b"), "relevant": ["a"]} | changes))).labelled == labelled


# --- exemplars and keys

HELP_KOREAN = ExemplarKey("help", "prod", "ko", "v42")
MISSED = [
    event(results=[]),
    event(results=[], error="timeout"),
    event(results=found("a", "b"), relevant=["c"]),
    event(results=[], relevant=["c"]),
]
FOUND: Sequence[Event] = [event(), event(results=found("a", "b"), relevant=["b"]), event(relevant=["c"])]


@pytest.mark.parametrize(("events", "kept"), [(MISSED, ["e1"]), (FOUND, [])], ids=["missed", "found"])
def test_exemplars_are_events_that_missed(events: Sequence[Event], kept: list[str]) -> None:
    """Zero results, errors and labelled misses are worth a look; hits and what was not searched deep enough are not."""
    assert [folded(each).exemplars.get(HELP_KOREAN, []) for each in events] == [kept] * len(events)


def test_a_flush_keeps_few_exemplars() -> None:
    """At most five ids a service, environment, language and version, and no text."""
    events = [replace(event(results=[], query="secret"), event_id=f"e{n}") for n in range(10)]
    batch = folded(*events)
    assert batch.exemplars == {HELP_KOREAN: [f"e{n}" for n in range(EXEMPLARS)]}
    folded(*events, batch=batch, tag=Tag("en", 1.0, "declared"))
    assert {key.language: len(ids) for key, ids in batch.exemplars.items()} == {"ko": EXEMPLARS, "en": EXEMPLARS}


def test_engines_are_counted_under_admitted_values() -> None:
    """Names beyond the limit are `__other__`; an engine without a quality takes no place."""
    batch = aggregator(admission=Admission({**LIMITS, "translation_engine": 1}))
    said = [Translation("en", None, "silent"), *(Translation("en", 0.5, name) for name in ("nmt-1", "nmt-2", "nmt-3", "nmt-1"))]
    folded(*(event(translation=each) for each in said), batch=batch)
    (window,) = of_kind("language", batch.windows())
    assert window.measures.translation_sums == {"nmt-1": 1_000_000, "__other__": 1_000_000}
    assert window.measures.translation_hist == {"nmt-1/50": 2, "__other__/50": 2}


def test_windows_are_counted_under_admitted_values() -> None:
    """What is beyond a dimension's limit is `__other__` in the key."""
    batch = aggregator(
        admission=Admission({"service": 1, "environment": 1, "collection": 1, "embedding_model": 1, "index_version": 1})
    )
    folded(event(), event(service="new"), batch=batch)
    assert {window.key.service for window in batch.windows()} == {"help", "__other__"}
