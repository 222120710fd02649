"""The measures of rankings, and the intervals of their means."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t, ttest_1samp

from agent.probing.golden.figures import CUTOFFS, Ranked, figures, interval, studentised, values_of
from tests.aggregate.builders import patient
from tests.probing.golden import numpy_measures
from tests.probing.golden.builders import query

DOCUMENTS = st.sampled_from([f"d{n}" for n in range(150)])
RANKINGS = st.lists(DOCUMENTS, max_size=120, unique=True)
GRADES = st.dictionaries(DOCUMENTS, st.integers(-1, 4), min_size=1, max_size=30).filter(lambda judged: max(judged.values()) > 0)


def ranked(documents: list[str], grades: dict[str, int]) -> Ranked:
    """One answered query."""
    return Ranked(query("q", relevant=grades), documents)


@patient
@given(st.lists(st.tuples(RANKINGS, GRADES), min_size=1, max_size=5))
def test_they_equal_their_definitions(asked: list[tuple[list[str], dict[str, int]]]) -> None:
    """For graded judgements, negative ones included, rankings longer than the measures look, and queries that found nothing."""
    values = values_of([ranked(documents, grades) for documents, grades in asked], depth=1000)
    for n, (documents, grades) in enumerate(asked):
        expected = numpy_measures.of(documents, grades)
        assert {name: values[name][n] for name in CUTOFFS} == pytest.approx(expected, abs=1e-9)


def test_the_order_is_that_of_the_ranks() -> None:
    """Ties cannot be: whatever documents are called, the tenth place counts and the eleventh does not."""
    for names in ([f"{n:02}" for n in range(20)], [f"{20 - n:02}" for n in range(20)]):
        for place in (9, 10):
            values = values_of([ranked(names, {names[place]: 1})], depth=100)
            assert values["recall@10"][0] == (place == 9)
            assert values["mrr@10"][0] == pytest.approx(0.1 if place == 9 else 0)


def test_any_text_is_an_id() -> None:
    """Also one that ends early for a program in C, or is no text that can be encoded."""
    odd = ["a\x00b", "a\x00c", "\ud800", "a b", ""]
    for document in odd:
        others = [each for each in odd if each != document]
        found = values_of([ranked([*others, document], {document: 1})], depth=100)
        assert found["mrr@10"][0] == pytest.approx(1 / 5)


def test_what_looks_deeper_than_was_asked_is_not_measured() -> None:
    """With fifty results nothing is known of the first hundred; with five, of nothing."""
    asked = [ranked(["d1"], {"d1": 1})]
    assert values_of(asked, depth=50).keys() == {"ndcg@10", "mrr@10", "recall@10"}
    assert values_of(asked, depth=5) == {}
    found = figures(values_of(asked, depth=50), np.array([True]))
    assert (found["recall_at_10"], found["recall_at_100"], found["ci95"]["recall_at_100"]) == (1.0, None, None)


def test_figures_of_some_queries() -> None:
    """Means over the chosen ones; of none and of one there is no interval."""
    values = values_of([ranked(["a", "b"], {"b": 1}), ranked(["a"], {"a": 1}), ranked(["a"], {"b": 1})], depth=100)
    found = figures(values, np.array([True, True, False]))
    assert (found["n"], found["mrr_at_10"], found["recall_at_10"]) == (2, 0.75, 1.0)
    one, none = figures(values, np.array([True, False, False])), figures(values, np.zeros(3, dtype=bool))
    assert (one["mrr_at_10"], one["ci95"]["mrr_at_10"]) == (0.5, None)
    assert (none["n"], none["mrr_at_10"], none["ci95"]["mrr_at_10"]) == (0, None, None)


def test_shares_have_wilsons_interval() -> None:
    """Newcombe (1998), table I: 81 of 263 are 0.2553 to 0.3662, 15 of 148 are 0.0624 to 0.1605, 0 of 20 are 0 to 0.1611."""
    for hits, n, expected in ((81, 263, (0.2553, 0.3662)), (15, 148, (0.0624, 0.1605)), (0, 20, (0.0, 0.1611))):
        assert interval(np.array([1.0] * hits + [0.0] * (n - hits))) == pytest.approx(expected, abs=5e-5)


def test_graded_means_are_studentised() -> None:
    """As scipy computes it, kept within 0..1; without any spread nothing can be said."""
    values = np.array([0.2, 0.5, 0.4, 0.9, 0.31, 0.77])
    theirs = ttest_1samp(values, 0).confidence_interval(0.95)
    assert interval(values) == pytest.approx([theirs.low, theirs.high])
    assert interval(np.array([1.0, 0.5])) == [0.0, 1.0]
    assert interval(np.array([0.5, 0.5, 0.5])) is None
    assert interval(np.array([0.5])) is None
    gains = np.array([-0.2, 0.1, 0.0])
    half = t.ppf(0.975, 2) * gains.std(ddof=1) / 3**0.5
    assert studentised(gains) == pytest.approx([gains.mean() - half, gains.mean() + half])
