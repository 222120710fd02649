"""Labelled measures are those that everybody else computes."""

import ir_measures
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ir_measures import RR, Qrel, R, ScoredDoc, nDCG

from agent.aggregate.ranking import DISCOUNTS, Ranking, deep_enough, grades, measure
from agent.records import Event
from tests.aggregate.builders import found, patient

DOCUMENTS = st.sampled_from([f"d{n}" for n in range(12)])
RANKINGS = st.lists(DOCUMENTS, min_size=1, max_size=12, unique=True)
# 0 is a judged document that is not relevant; at least one is.
GRADED = st.dictionaries(DOCUMENTS, st.integers(0, 4), min_size=1).filter(lambda judged: any(judged.values()))


@patient
@given(RANKINGS, GRADED, st.integers(1, 14))
def test_they_equal_ir_measures(ranked: list[str], judged: dict[str, int], k: int) -> None:
    """Recall, MRR and nDCG at k of any graded ranking are R@k, RR@k and nDCG@k."""
    qrels = [Qrel("q", doc, grade) for doc, grade in judged.items()]
    run = [ScoredDoc("q", doc, float(-rank)) for rank, doc in enumerate(ranked)]
    theirs = {metric.measure: metric.value for metric in ir_measures.iter_calc([R @ k, RR @ k, nDCG @ k], qrels, run)}
    assert measure(ranked, grades(judged), k) == pytest.approx((theirs[R @ k], theirs[RR @ k], theirs[nDCG @ k]))


@given(
    st.lists(DOCUMENTS, max_size=12),
    st.dictionaries(DOCUMENTS, st.floats(min_value=5e-324, max_value=1e6), min_size=1),
    st.integers(1, 1000),
)
def test_they_stay_within_0_and_1(ranked: list[str], relevant: dict[str, float], k: int) -> None:
    """Whatever is listed twice or graded oddly, a measure is a share, and all three are 0 together."""
    ranking = measure(ranked, relevant, k)
    assert all(0 <= value <= 1 + 1e-12 for value in ranking)
    assert (ranking.recall > 0) == (ranking.mrr > 0)


def test_a_perfect_ranking_has_1_exactly() -> None:
    """Graded documents in the order of their grades leave no rounding behind."""
    assert measure(["a", "b", "c"], {"b": 2.0, "a": 3.7, "c": 0.1}, 3) == Ranking(1.0, 1.0, 1.0)


def test_a_document_listed_again_gains_nothing() -> None:
    """Chunks of one document count once, at the first of their ranks."""
    assert measure(["x", "a", "a", "a"], {"a": 1.0}, 4) == Ranking(1.0, 0.5, DISCOUNTS[1])


def test_nothing_beyond_k_counts() -> None:
    """A relevant document at rank k + 1 is a miss."""
    assert measure(["x", "y", "a"], {"a": 1.0}, 2) == Ranking(0.0, 0.0, 0.0)
    assert measure([], {"a": 1.0}, 2) == Ranking(0.0, 0.0, 0.0)


def test_labels_are_a_list_or_grades() -> None:
    """A list means grade 1; grades of 0 and below, and no labels at all, are not relevant."""
    assert grades(["a", "b", "a"]) == {"a": 1.0, "b": 1.0}
    assert grades({"a": 2.5, "b": 0.0, "c": -1.0}) == {"a": 2.5}
    assert grades(None) == grades([]) == grades({"a": 0.0}) == {}


@pytest.mark.parametrize(
    ("top_k", "results", "deep"), [(10, 0, True), (9, 20, False), (None, 10, True), (None, 9, False), (0, 20, False)]
)
def test_a_search_is_deep_enough_by_its_top_k(top_k: int | None, results: int, deep: bool) -> None:  # noqa: FBT001 - a table's column
    """What was asked for decides, and the number of results only where that is not known."""
    assert deep_enough(Event("e", 0, top_k=top_k, results=found(*"abcdefghijklmnopqrst"[:results])), 10) is deep
