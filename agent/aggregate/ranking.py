"""Labelled measures of one ranking at one depth k; they equal ir-measures' R@k, RR@k and nDCG@k.

recall@k: share of the relevant documents among the first k. MRR@k: 1 / rank of the first relevant one, 0 beyond k.
nDCG@k (Järvelin and Kekäläinen 2002, as trec_eval has it): gain = grade, discount = log2(rank + 1).
"""

from collections.abc import Mapping, Sequence
from math import log2
from typing import NamedTuple

from agent.records import Event

DISCOUNTS = tuple(1 / log2(rank + 1) for rank in range(1, 1001))


class Ranking(NamedTuple):
    """Three measures of one query, each in 0..1."""

    recall: float
    mrr: float
    ndcg: float


def grades(relevant: Sequence[str] | Mapping[str, float] | None) -> dict[str, float]:
    """Relevant documents and their grades; a list means grade 1, a grade of 0 or less is not relevant."""
    if not relevant:
        return {}
    if isinstance(relevant, Mapping):
        return {doc: grade for doc, grade in relevant.items() if grade > 0}
    return dict.fromkeys(relevant, 1.0)


def deep_enough(event: Event, k: int) -> bool:
    """Whether the search is known to have gone down to k, so that a document missing above k is a miss and not unseen."""
    return event.results is not None and (len(event.results) if event.top_k is None else event.top_k) >= k


def measure(ranked: Sequence[str], relevant: Mapping[str, float], k: int) -> Ranking:
    """The measures of the first k of a ranking; a document that is listed again gains nothing more.

    `k` is in 1..1000; `relevant` is not empty and its grades are positive.
    """
    seen: set[str] = set()
    gain = first = 0.0
    for rank, doc in enumerate(ranked[:k]):
        grade = relevant.get(doc)
        if grade is not None and doc not in seen:
            seen.add(doc)
            gain += grade * DISCOUNTS[rank]
            first = first or 1 / (rank + 1)
    return Ranking(len(seen) / len(relevant), first, gain / _ideal(relevant, k) if gain else 0.0)


def _ideal(relevant: Mapping[str, float], k: int) -> float:
    best = sorted(relevant.values(), reverse=True)[:k]
    return sum(grade * discount for grade, discount in zip(best, DISCOUNTS, strict=False))
