"""How far what means the same lies from what does not: pure figures of the similarities between two sides.

A side is texts as unit vectors, each of one concept. Pairs of one concept are synonyms (between languages: translations), pairs of
different concepts are unrelated. Pairs share their concepts, so they are not independent: what varies is the concept, and intervals
are those of a jackknife over concepts.
"""

from collections.abc import Iterator, Sequence
from math import floor
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from agent.probing.base import Vectors

Floats = NDArray[np.float64]
Whole = NDArray[np.intp]

PASSING: Final = 0.05
FEWEST_VARYING: Final = 3
"""Without one of these there are still unrelated pairs."""
_DIGITS: Final = 5  # a batch that is padded otherwise moves a vector's last bits: what is equal stays equal
_BIN: Final = 0.01


class Side(NamedTuple):
    """Texts that are asked or found: (n,) numbers of their concepts, (n,) numbers of the texts themselves, (n, d) unit vectors."""

    concepts: Whole
    texts: Whole
    vectors: Vectors


class Figures(NamedTuple):
    """How one side finds the other. None: there is nothing to tell it from.

    `n`: concepts with a synonym pair. Means are those of cosines. `auc`: probability that a synonym pair is nearer than an
    unrelated one, ties half; `ci95` its interval. `cutoff`: what at most 5 % of queries reach with their best document of
    another concept, a multiple of .01. `p_at_1`: share of queries whose best document is of their concept.
    """

    n: int
    synonym_mean: float | None
    unrelated_mean: float | None
    auc: float | None
    ci95: tuple[float, float] | None
    cutoff: float | None
    p_at_1: float | None


class _Pairs(NamedTuple):
    """Cosines (queries, documents), which of them are of one concept, and which of two; a text and itself are neither."""

    cosines: Floats
    synonyms: NDArray[np.bool_]
    unrelated: NDArray[np.bool_]


def figures(queries: Side, documents: Side) -> Figures:
    """What the cosines between two sides tell."""
    pairs = _pairs(queries, documents)
    synonyms, unrelated = pairs.cosines[pairs.synonyms], pairs.cosines[pairs.unrelated]
    n = len(np.unique(queries.concepts[pairs.synonyms.any(axis=1)]))
    auc = area(synonyms, unrelated)
    return Figures(
        n,
        _mean(synonyms),
        _mean(unrelated),
        auc,
        None if auc is None or n < FEWEST_VARYING else interval(auc, _left_out(queries, documents, pairs)),
        cut_off(_best(pairs.cosines, pairs.unrelated)),
        _first(pairs),
    )


def first_places(queries: Side, documents: Side) -> float | None:
    """The share of queries whose best document is of their concept."""
    return _first(_pairs(queries, documents))


def unrelated_mean(queries: Side, documents: Side) -> float | None:
    """The mean cosine of texts of different concepts."""
    pairs = _pairs(queries, documents)
    return _mean(pairs.cosines[pairs.unrelated])


def area(synonyms: Floats, unrelated: Floats) -> float | None:
    """The probability that a value of the first is above one of the second, ties half (Mann and Whitney 1947)."""
    if not len(synonyms) or not len(unrelated):
        return None
    return float(_below(synonyms, np.sort(unrelated)).sum() / len(synonyms) / len(unrelated))


def interval(auc: float, left_out: Sequence[float]) -> tuple[float, float]:
    """The 95 % interval of an area whose value without each of the concepts is known.

    That of the jackknife's variance (Efron and Stein 1981), and the same with one concept more that is a coin toss: all that lies in
    either. The second keeps a sample without a mistake from being taken for a model without one, the first what lies beyond it.
    """
    n, variance = len(left_out), (len(left_out) - 1) * float(np.var(left_out))
    tossed = (variance * n * (n - 1) + n / (n + 1) * (auc - 0.5) ** 2) / (n * (n + 1))
    both = _on_logits(auc, variance, n), _on_logits((n * auc + 0.5) / (n + 1), tossed, n)
    return min(low for low, _ in both), max(high for _, high in both)


def cut_off(best: Floats) -> float | None:
    """The lowest multiple of .01 that at most 5 % of these best scores reach."""
    if not len(best):
        return None
    highest_left = np.sort(best)[::-1][floor(PASSING * len(best))]
    return round((floor(round(float(highest_left) / _BIN, 6)) + 1) * _BIN, 2) if np.isfinite(highest_left) else None


def best_of(queries: Vectors, documents: Vectors) -> Floats:
    """(n,) the best cosine of each query's unit vector (n, d) with one of the documents' (m, d)."""
    found: Floats = _cosines(queries, documents).max(axis=1)
    return found


def _on_logits(share: float, variance: float, n: int) -> tuple[float, float]:
    """Student's t with n - 1 degrees of freedom on the logit scale, which keeps the interval in 0..1."""
    from scipy.special import expit, logit, stdtrit  # noqa: PLC0415 - half a second that other commands need not pay

    if share in {0.0, 1.0}:
        return share, share
    reach = stdtrit(n - 1, 0.975) * variance**0.5 / (share * (1 - share))
    return float(expit(logit(share) - reach)), float(expit(logit(share) + reach))


def _pairs(queries: Side, documents: Side) -> _Pairs:
    of_one = queries.concepts[:, None] == documents.concepts
    itself = queries.texts[:, None] == documents.texts
    return _Pairs(_cosines(queries.vectors, documents.vectors), of_one & ~itself, ~of_one)


def _cosines(queries: Vectors, documents: Vectors) -> Floats:
    cosines: Floats = (queries @ documents.T).astype(np.float64)
    return cosines.round(_DIGITS)


def _mean(values: Floats) -> float | None:
    return float(values.mean()) if len(values) else None


def _below(values: Floats, ordered: Floats) -> Floats:
    """For each value how many of the others lie below it, ties half."""
    return (np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")) / 2


def _left_out(queries: Side, documents: Side, pairs: _Pairs) -> list[float]:
    """The area without each of the concepts that have a synonym pair."""
    rows, columns = np.nonzero(pairs.synonyms)
    of, synonyms = queries.concepts[rows], pairs.cosines[rows, columns]
    unrelated = np.sort(pairs.cosines[pairs.unrelated])
    below = _below(synonyms, unrelated)
    return [
        float((below - _below(synonyms, without))[of != one].sum() / (of != one).sum() / (len(unrelated) - len(without)))
        for one, without in _unrelated_of(queries, documents, pairs, np.unique(of))
    ]


def _unrelated_of(queries: Side, documents: Side, pairs: _Pairs, concepts: Whole) -> Iterator[tuple[int, Floats]]:
    """Each concept with the cosines of its unrelated pairs, in order."""
    for one in concepts:
        asked, found = queries.concepts == one, documents.concepts == one
        touched = [pairs.cosines[asked][:, ~found].ravel(), pairs.cosines[~asked][:, found].ravel()]
        yield int(one), np.sort(np.concatenate(touched))


def _best(cosines: Floats, among: NDArray[np.bool_]) -> Floats:
    """The best of each row, where the row has any."""
    found: Floats = np.where(among, cosines, -np.inf).max(axis=1, initial=-np.inf)
    return found[among.any(axis=1)]


def _first(pairs: _Pairs) -> float | None:
    """Of several documents that are equally near, each is the first one with the same probability."""
    asked = pairs.synonyms.any(axis=1)
    cosines = np.where(pairs.synonyms | pairs.unrelated, pairs.cosines, -np.inf)[asked]
    if not len(cosines):
        return None
    first = cosines == cosines.max(axis=1, keepdims=True)
    return float(((first & pairs.synonyms[asked]).sum(axis=1) / first.sum(axis=1)).mean())
