"""What rankings are worth: nDCG@10, MRR@10, Recall@10 and Recall@100 of each query by ir-measures, and their means.

Formulas: those of trec_eval. nDCG: gain = grade, discount = log2(rank + 1). MRR@10: 1 / rank of the first relevant document
among ten. Recall@k: share of the relevant documents among the first k.
"""

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from agent.alerting.statistics import wilson
from agent.probing.golden.dataset import Query

CUTOFFS: Final = {"ndcg@10": 10, "mrr@10": 10, "recall@10": 10, "recall@100": 100}
AT_ONCE: Final = 2000  # queries: what trec_eval is given takes ten times the memory of the answers
FIELDS: Final = {name: name.replace("@", "_at_") for name in CUTOFFS}
Values = Mapping[str, NDArray[np.float64]]
"""Measure -> (n,) values in 0..1, one a query."""


class Ranked(NamedTuple):
    """A query and the documents it found, the best first, each once."""

    query: Query
    documents: Sequence[str]


def values_of(ranked: Sequence[Ranked], depth: int) -> Values:
    """Each measure of each query, in their order; without those that look deeper than the search was asked (`depth`)."""
    parts = [_values(ranked[at : at + AT_ONCE]) for at in range(0, len(ranked), AT_ONCE)]
    names = [name for name, cutoff in CUTOFFS.items() if cutoff <= depth]
    return {name: np.concatenate([part[name] for part in parts] or [np.zeros(0)]) for name in names}


def _values(ranked: Sequence[Ranked]) -> Values:
    from ir_measures import RR, R, nDCG, pytrec_eval  # noqa: PLC0415 - a tenth of a second that other commands need not pay

    relevant = {str(n): _by_number(each.query.relevant) for n, each in enumerate(ranked)}
    whole = {str(n): _scores(each, each.documents) for n, each in enumerate(ranked)}
    ten = {str(n): _scores(each, each.documents[:10]) for n, each in enumerate(ranked)}
    values = {name: np.zeros(len(ranked)) for name in CUTOFFS}
    names: dict[Any, str] = {nDCG @ 10: "ndcg@10", R @ 10: "recall@10", R @ 100: "recall@100", RR: "mrr@10"}
    for run, measures in ((whole, [nDCG @ 10, R @ 10, R @ 100]), (ten, [RR])):
        for metric in pytrec_eval.iter_calc(measures, relevant, run):
            values[names[metric.measure]][int(metric.query_id)] = metric.value
    return values


def _by_number(relevant: Mapping[str, int]) -> dict[str, int]:
    """Documents by number: trec_eval is written in C, and an id may hold what ends a text there."""
    return {f"relevant {n}": grade for n, grade in enumerate(relevant.values())}


def _scores(ranked: Ranked, documents: Sequence[str]) -> dict[str, float]:
    """Scores that fall with the rank: trec_eval orders by score, and ties by name."""
    names = {document: f"relevant {n}" for n, document in enumerate(ranked.query.relevant)}
    return {names.get(document, f"other {rank}"): float(-rank) for rank, document in enumerate(documents)}


def figures(values: Values, chosen: NDArray[np.bool_]) -> dict[str, Any]:
    """`n`, the mean of each measure over the chosen queries, and `ci95`; null for what was not measured."""
    measured = {name: values[name][chosen] if name in values else np.zeros(0) for name in CUTOFFS}
    means = {FIELDS[name]: float(each.mean()) if len(each) else None for name, each in measured.items()}
    return {"n": int(chosen.sum()), **means, "ci95": {FIELDS[name]: interval(each) for name, each in measured.items()}}


def nothing(n: int) -> dict[str, Any]:
    """Figures that are not given."""
    return {"n": n, **dict.fromkeys(FIELDS.values()), "ci95": dict.fromkeys(FIELDS.values())}


def interval(values: NDArray[np.float64]) -> list[float] | None:
    """The 95 % interval of a mean of (n,) values in 0..1: Wilson's where all are 0 or 1, else studentised within 0..1.

    None below two values.
    """
    if len(values) > 1 and np.isin(values, (0.0, 1.0)).all():
        return [*(wilson(float(values.sum()), len(values)) or ())]
    found = studentised(values)
    return found and [max(0.0, found[0]), min(1.0, found[1])]


def studentised(values: NDArray[np.float64]) -> list[float] | None:
    """The 95 % interval of a mean, mean ± t(.975, n - 1) s / sqrt(n); None where (n,) values show no spread."""
    from scipy.special import stdtrit  # noqa: PLC0415 - half a second that other commands need not pay

    if len(values) < 2 or not np.ptp(values):  # noqa: PLR2004 - one value has no spread
        return None
    half = float(stdtrit(len(values) - 1, 0.975)) * float(values.std(ddof=1)) / sqrt(len(values))
    return [float(values.mean()) - half, float(values.mean()) + half]
