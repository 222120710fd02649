"""The figures of two sides: against plain counting, and where there is nothing to tell apart."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.probing.separation.embedded import unit
from agent.probing.separation.statistics import Side, area, best_of, cut_off, figures, first_places, interval, unrelated_mean

N = 12


def sides(noise: float, wordings: int = 2, n: int = N, seed: int = 0) -> tuple[Side, Side]:
    """Queries and documents of `n` concepts, each that far from what it means."""
    draw = np.random.default_rng(seed)
    meanings = np.repeat(draw.standard_normal((n, 16)), wordings, axis=0)
    concepts, numbers = np.repeat(np.arange(n), wordings), np.arange(n * wordings)
    made = [unit((meanings + noise * draw.standard_normal(meanings.shape)).astype(np.float32)) for _ in range(2)]
    return Side(concepts, numbers, made[0]), Side(concepts, numbers + 1000, made[1])


def alone(noise: float) -> Side:
    """One language: the same texts are asked and found."""
    return sides(noise)[0]


def counted(queries: Side, documents: Side) -> tuple[list[float], list[float]]:
    """The cosines of synonym pairs and of unrelated ones, pair by pair."""
    synonyms, unrelated = list[float](), list[float]()
    cosines = (queries.vectors @ documents.vectors.T).astype(float).round(5)
    for i, j in product(range(len(queries.concepts)), range(len(documents.concepts))):
        cosine = float(cosines[i, j])
        if queries.concepts[i] != documents.concepts[j]:
            unrelated.append(cosine)
        elif queries.texts[i] != documents.texts[j]:
            synonyms.append(cosine)
    return synonyms, unrelated


def without(side: Side, concept: int) -> Side:
    """The side that never had this concept."""
    kept = side.concepts != concept
    return Side(side.concepts[kept], side.texts[kept], side.vectors[kept])


@pytest.mark.parametrize("pair", [sides(1.0), sides(1.0, wordings=1), (alone(1.0), alone(1.0))], ids=["two", "one", "alone"])
def test_figures_equal_plain_counting(pair: tuple[Side, Side]) -> None:
    """Means and area are those of all pairs, each looked at; a text and itself are no pair."""
    synonyms, unrelated = counted(*pair)
    found = figures(*pair)
    assert found.n == N
    assert found.synonym_mean == pytest.approx(np.mean(synonyms), abs=1e-9)
    assert found.unrelated_mean == pytest.approx(np.mean(unrelated), abs=1e-9)
    assert found.unrelated_mean == unrelated_mean(*pair)
    wins = sum((one > other) + (one == other) / 2 for one, other in product(synonyms, unrelated))
    assert found.auc == pytest.approx(wins / len(synonyms) / len(unrelated), abs=1e-9)


@pytest.mark.parametrize("pair", [sides(1.0), (alone(1.0), alone(1.0))], ids=["two", "alone"])
def test_the_interval_is_that_of_sides_without_each_concept(pair: tuple[Side, Side]) -> None:
    """The quick way to leave a concept out gives what computing everything again without it gives."""
    left_out = [figures(*(without(side, concept) for side in pair)).auc for concept in range(N)]
    found = figures(*pair)
    assert found.auc is not None
    assert found.ci95 == pytest.approx(interval(found.auc, [each for each in left_out if each is not None]), abs=1e-9)


def test_the_first_place_is_counted() -> None:
    """P@1 is the share of queries whose nearest document, looked for one by one, means the same."""
    queries, documents = sides(1.5)
    cosines = queries.vectors @ documents.vectors.T
    expected = np.mean(documents.concepts[cosines.argmax(axis=1)] == queries.concepts)
    assert 0.2 < expected < 0.9
    assert figures(queries, documents).p_at_1 == pytest.approx(expected) == first_places(queries, documents)


def test_texts_that_are_all_the_same_to_a_model_are_chance() -> None:
    """A model that knows no token gives one vector for everything: the area is a half, the first place luck, whatever the order."""
    side = Side(np.repeat(np.arange(N), 2), np.arange(2 * N), np.tile(unit(np.ones((1, 8), dtype=np.float32)), (2 * N, 1)))
    other = side._replace(texts=side.texts + 1000)
    found = figures(side, other)
    assert found.auc == 0.5
    assert found.p_at_1 == pytest.approx(1 / N)
    assert figures(side, side).p_at_1 == pytest.approx(1 / (2 * N - 1))


def test_last_bits_decide_nothing() -> None:
    """Vectors that differ by what the padding of a batch changes are the same."""
    _, documents = sides(0.5)
    same = np.tile(documents.vectors[:1], (2 * N, 1)) + np.random.default_rng(2).normal(scale=1e-7, size=(2 * N, 16))
    queries = Side(documents.concepts, documents.texts - 1000, same.astype(np.float32))
    flat = documents._replace(vectors=same.astype(np.float32))
    assert figures(queries, flat).auc == 0.5


def test_a_sample_without_a_mistake_is_no_model_without_one() -> None:
    """Where every synonym is nearer the area is 1, and the interval still says how few concepts that are."""
    few, many = (figures(*sides(0.1, n=n)) for n in (8, 48))
    assert few.auc == many.auc == 1.0
    assert few.ci95 is not None
    assert many.ci95 is not None
    assert 0.5 < few.ci95[0] < 0.85 < many.ci95[0] < 0.95
    assert few.ci95[1] == many.ci95[1] == 1.0


def test_the_interval_is_the_same_from_both_ends() -> None:
    """Synonyms that are farther than everything else are as sure as those that are nearer."""
    left_out = [0.9, 0.95, 0.85, 0.99, 0.7]
    low, high = interval(0.88, left_out)
    assert interval(0.12, [1 - each for each in left_out]) == pytest.approx((1 - high, 1 - low))
    assert 0 < low < 0.88 < high < 1


def test_no_pairs_no_figures() -> None:
    """One wording a concept within a language makes no synonym pair: there is nothing, not zero."""
    side = sides(1.0, wordings=1)[0]
    found = figures(side, side)
    assert (found.n, found.synonym_mean, found.auc, found.ci95, found.p_at_1) == (0, None, None, None, None)
    assert found.unrelated_mean is not None
    assert area(np.array([0.1]), np.array([])) is None
    assert cut_off(np.array([])) is None


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=200))
def test_five_percent_reach_the_cut_off(best: list[float]) -> None:
    """At most 5 % of the best scores reach it, and .01 lower more would: it is the lowest such multiple of .01."""
    cut = cut_off(np.round(best, 5))
    assert cut is not None
    assert round(cut * 100) / 100 == cut
    reach = [sum(round(each, 5) >= limit - 1e-9 for each in best) for limit in (cut, cut - 0.01)]
    assert reach[0] <= 0.05 * len(best) < reach[1]


def test_queries_that_find_nothing_have_no_cut_off() -> None:
    """-inf stands for an empty answer: with a few of them the cut-off stands, with nothing else there is none."""
    assert cut_off(np.array([-np.inf] * 10)) is None
    assert cut_off(np.array([-np.inf] * 5 + [0.2] * 5)) == 0.21


def test_the_best_of_documents() -> None:
    """Each query's nearest, whatever its concept."""
    queries, documents = sides(1.0)
    assert best_of(queries.vectors, documents.vectors) == pytest.approx(
        (queries.vectors @ documents.vectors.T).max(axis=1), abs=1e-5
    )


def test_a_vector_of_zeros_is_near_to_nothing() -> None:
    """It is left as it is: no division by its length, a cosine of 0."""
    made = unit(np.array([[0, 0], [3, 4]], dtype=np.float32))
    assert made.tolist() == [[0, 0], pytest.approx([0.6, 0.8])]
