"""What is compared: the scored queries of one side, wherever they come from, and of a golden run in particular."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from agent.alerting.weighing import GOLDEN
from agent.errors import Misconfigured, Mistake
from agent.probing.comparing.metric import Metric
from agent.probing.kept import GoldenRun, named
from agent.probing.scores import Group, Scores, scores_of
from agent.store.base import Journal

CLICKS: Final = "clicks"


class Marks(NamedTuple):
    """The queries of a group, each once: keys (n,) made by `query_key`, and values (n,) in 0..1."""

    queries: NDArray[np.uint64]
    values: NDArray[np.float64]


class Side(NamedTuple):
    """One side of a comparison.

    `left_out`: events of a log that say nothing, by the reason. `rejected`: lines that could not be read, by the reason.
    `clicks`: its labels are what users clicked. `at`: when it was made, in UTC; None for a log, which is of no one time.
    """

    name: str
    marks: Mapping[Group, Marks]
    left_out: Mapping[str, int] = {}
    rejected: Mapping[str, int] = {}
    clicks: bool = False
    at: datetime | None = None

    @property
    def queries(self) -> int:
        """How many scored queries it has."""
        return sum(len(marks.queries) for marks in self.marks.values())


class Pairs(NamedTuple):
    """The values of the queries that both sides have, in one order, and how many only one of them has."""

    base: NDArray[np.float64]
    candidate: NDArray[np.float64]
    only_base: int
    only_candidate: int


def averaged(queries: NDArray[np.uint64], values: NDArray[np.float64]) -> Marks:
    """Each query once: one that was asked again has the mean of its values."""
    keys, place = np.unique(queries, return_inverse=True)
    if len(keys) == len(queries):
        return Marks(queries, values)
    return Marks(keys, np.bincount(place, weights=values) / np.bincount(place))


def by_language(marks: Mapping[Group, Marks]) -> dict[Group, Marks]:
    """The same, whatever language the documents are in."""
    together: dict[Group, list[Marks]] = {}
    for group, some in marks.items():
        together.setdefault(Group(group.language), []).append(some)
    return {group: joined(some) for group, some in together.items()}


def joined(some: Sequence[Marks]) -> Marks:
    """The queries of several groups as one group's."""
    if len(some) == 1:
        return some[0]
    several = [NONE, *some]
    return averaged(np.concatenate([each.queries for each in several]), np.concatenate([each.values for each in several]))


NONE: Final = Marks(np.empty(0, np.uint64), np.empty(0))


def paired(base: Marks, candidate: Marks) -> Pairs:
    """Bring the same queries together."""
    common, of_base, of_candidate = np.intersect1d(base.queries, candidate.queries, assume_unique=True, return_indices=True)
    rest = len(base.queries) - len(common), len(candidate.queries) - len(common)
    return Pairs(base.values[of_base], candidate.values[of_candidate], *rest)


def golden_side(journal: Journal, name: str, metric: Metric) -> Side:
    """What a golden run has kept of this measure; `name` as in `golden:NAME`. Raises NotFound, Misconfigured."""
    return side_of(journal, named(journal, name), name, metric)


def side_of(journal: Journal, run: GoldenRun, name: str, metric: Metric) -> Side:
    """What this run has kept of the measure, under this name; raises Misconfigured."""
    measure = str(metric)
    kept = scores_of(journal, run.id, run.at, measure)
    if not kept or not all(scores.measures for scores in kept.values()):
        raise Misconfigured([_not_kept(name, measure, scores_of(journal, run.id, run.at))])
    marks = {group: averaged(scores.queries, scores.measures[measure]) for group, scores in kept.items()}
    return Side(f"{GOLDEN}{name}", marks, clicks=run.result.get("labels") == CLICKS, at=run.at)


def _not_kept(name: str, measure: str, kept: Mapping[Group, Scores]) -> Mistake:
    """What to ask for instead."""
    if not kept:
        return Mistake(f"{GOLDEN}{name}", "", "expected the scores of its queries, found none: run it again")
    there = sorted(set.intersection(*(set(scores.measures) for scores in kept.values())))
    return Mistake("--metric", "", f"expected one that {GOLDEN}{name} has ({', '.join(there)}), found {measure!r}")
