"""The measures once more, from their definitions with NumPy and nothing else: what a run is held against."""

from collections.abc import Mapping, Sequence

import numpy as np


def ndcg(ranked: Sequence[str], grades: Mapping[str, int], k: int) -> float:
    """Gain = grade, discount = log2(rank + 1), divided by that of the best ranking there could be."""
    best = np.sort(np.array([grade for grade in grades.values() if grade > 0], dtype=float))[::-1][:k]
    gains = np.array([max(grades.get(document, 0), 0) for document in ranked[:k]], dtype=float)
    discounted = [float((each / np.log2(np.arange(len(each)) + 2)).sum()) for each in (gains, best)]
    return discounted[0] / discounted[1]


def mrr(ranked: Sequence[str], grades: Mapping[str, int], k: int) -> float:
    """1 / rank of the first relevant document among k."""
    places = np.flatnonzero([grades.get(document, 0) > 0 for document in ranked[:k]])
    return 1 / float(places[0] + 1) if len(places) else 0.0


def recall(ranked: Sequence[str], grades: Mapping[str, int], k: int) -> float:
    """Share of the relevant documents among the first k."""
    relevant = {document for document, grade in grades.items() if grade > 0}
    return len(relevant & set(ranked[:k])) / len(relevant)


def of(ranked: Sequence[str], grades: Mapping[str, int]) -> dict[str, float]:
    """All measures of one query, by the names they are kept under."""
    return {
        "ndcg@10": ndcg(ranked, grades, 10),
        "mrr@10": mrr(ranked, grades, 10),
        "recall@10": recall(ranked, grades, 10),
        "recall@100": recall(ranked, grades, 100),
    }
