"""In which language a document is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.aggregate.documents import DocumentLanguages
from agent.records import Result
from tests.aggregate.builders import DOCUMENTS, event

RESULTS = st.lists(
    st.builds(Result, st.sampled_from(["de/1", "2"]), st.none(), st.none() | st.sampled_from(["ko", "iw", "?"])), max_size=6
)


@pytest.mark.parametrize(
    ("result", "collection", "expected"),
    [
        (Result("en/1", None, "ja"), "kb-ko", "ja"),
        (Result("en/1", None, "iw-IL"), "kb-ko", "he"),
        (Result("en/1", None, "klingon-ish"), "kb-ko", "und"),
        (Result("en/1"), "kb-ko", "en"),
        (Result("xx/1"), "kb-ko", "und"),
        (Result("plain"), "kb-ko", "ko"),
        (Result("plain"), "elsewhere", "und"),
        (Result("plain"), None, "und"),
    ],
    ids=["log", "log, old tag", "log, no language", "pattern", "pattern, no language", "collection", "unknown collection", "none"],
)
def test_the_log_wins_then_the_pattern_then_the_collection(result: Result, collection: str | None, expected: str) -> None:
    """The nearest word about the document counts, in the one spelling of its tag."""
    assert DOCUMENTS.of_results(event(results=[result], collection=collection), 10) == expected


def test_a_group_without_part_in_the_match_says_nothing() -> None:
    """A pattern that matches without its group leaves the word to the collection."""
    documents = DocumentLanguages({"kb-ko": "ko"}, pattern="^(?:doc-|([a-z]{2})/)")
    assert documents.of_results(event(results=[Result("doc-1"), Result("en/1")]), 10) == "ko,en"


def test_only_the_first_k_documents_are_looked_at() -> None:
    """The languages come in the order of the ranking."""
    results = [Result("en/1"), Result("de/2"), Result("plain"), Result("fr/4")]
    assert DOCUMENTS.of_results(event(results=results), 3) == "en,de,ko"


@given(RESULTS.filter(bool), st.integers(1, 8), st.sampled_from(["kb-ko", None]), st.sampled_from([None, "^([a-z]{2})/"]))
def test_the_short_cut_changes_nothing(results: list[Result], k: int, collection: str | None, pattern: str | None) -> None:
    """A whole list gives what its documents give one by one."""
    documents = DocumentLanguages({"kb-ko": "ko"}, pattern)
    one_by_one = [documents.of_results(event(results=[result], collection=collection), k) for result in results[:k]]
    expected = one_by_one[0] if len(set(one_by_one)) == 1 else ",".join(one_by_one)
    assert documents.of_results(event(results=results, collection=collection), k) == expected


@pytest.mark.parametrize(
    ("relevant", "collection", "expected"),
    [
        (["en/1", "en/2"], "kb-ko", "en"),
        (["plain", "other"], "kb-ko", "ko"),
        (["ko/1", "plain"], "kb-ko", "ko"),
        (["en/1", "ko/1"], "kb-ko", ""),
        (["plain"], None, ""),
        (["en/1", "plain"], None, ""),
        ([], "kb-ko", ""),
    ],
)
def test_relevant_documents_have_one_language_or_none(relevant: list[str], collection: str | None, expected: str) -> None:
    """Several languages, or one that is not known, place no labels; what the log declares is not asked."""
    declared = [Result(doc, None, "fr") for doc in relevant]
    assert DOCUMENTS.of_relevant(relevant, event(collection=collection, results=declared)) == expected
