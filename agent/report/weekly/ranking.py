"""What to work on next: the loss against the reference languages, shrunken, times the queries. Pure.

A small language's loss is mostly chance, so each mean is drawn towards what languages of the service usually have (empirical Bayes):
theta = B mu + (1 - B) x with B = s^2 / (s^2 + A), s^2 = 1.5 v / n the chance of a mean, A the variance between languages by the
method of moments (DerSimonian and Laird 1986) and mu the mean of all, weighted by 1 / (s^2 + A). The reference is that of the
`gap` rule: the median of the languages that are named, or of the three best among the large ones.
"""

from collections.abc import Iterator, Mapping
from math import fsum
from typing import Final, NamedTuple

from agent.alerting.gap import SESSIONS, Labelled, Usual, best_of, gap, usual
from agent.alerting.runs import nearly_largest
from agent.alerting.statistics import Sums
from agent.report.weekly.readings import ENOUGH, Key

FEWEST: Final = 3
"""Languages: the spread between two says nothing."""
LEAST: Final = 0.01
"""A point: what lies nearer to the reference is no loss to work on."""
FAILS: Final = ("recall_at_k", "hit_rate")
"""Measures of which a loss is a number of queries that failed."""


class Loss(NamedTuple):
    """How far a language lies below the reference, as measured with its 95 % interval, and shrunken; in 0..1."""

    language: str
    key: Key
    mean: float
    reference: float
    of: tuple[str, ...]
    raw: float
    ci95: tuple[float, float]
    shrunken: float

    def lost(self, queries: float) -> int:
        """How many of so many queries fail that would not in the reference languages."""
        return round(self.shrunken * queries)


def losses(read: Mapping[str, tuple[Key, Sums]], named: tuple[str, ...]) -> list[Loss]:
    """Of each language that lies a point and more below the reference of its measure; `named` are configured reference languages."""
    found: list[Loss] = []
    for key in sorted({key for key, _ in read.values()}):
        group = {tag: Labelled(sums.n, sums.total) for tag, (each, sums) in read.items() if each == key and sums.n >= ENOUGH}
        reference = _reference(group, named) if key.measure in FAILS else None
        found += [] if reference is None else _losses(key, group, reference)
    return found


def _reference(group: Mapping[str, Labelled], named: tuple[str, ...]) -> Usual | None:
    large = {tag: group[tag] for tag in nearly_largest({tag: one.n for tag, one in group.items()})} if group else {}
    return usual(group, named or best_of(large), ENOUGH)


def _losses(key: Key, group: Mapping[str, Labelled], reference: Usual) -> Iterator[Loss]:
    top = reference.labelled.mean
    for tag, mean in shrunken(group).items():
        if top - mean >= LEAST and reference.languages != (tag,):
            figures = gap(group[tag], reference.labelled, 0)
            yield Loss(tag, key, group[tag].mean, top, reference.languages, figures.drop, figures.ci95, top - mean)


def shrunken(group: Mapping[str, Labelled]) -> dict[str, float]:
    """The mean of each language, drawn towards that of all as far as chance may have moved it."""
    means = {tag: one.mean for tag, one in sorted(group.items())}
    chance = {tag: SESSIONS * group[tag].variance / group[tag].n for tag in means}
    if len(means) < FEWEST:
        return means
    between = _between(means, chance)
    weights = {tag: 1 / (chance[tag] + between) for tag in means}
    middle = fsum(weights[tag] * means[tag] for tag in means) / fsum(weights.values())
    return {tag: middle + (mean - middle) * between / (chance[tag] + between) for tag, mean in means.items()}


def _between(means: Mapping[str, float], chance: Mapping[str, float]) -> float:
    """The variance between languages beyond chance."""
    weights = {tag: 1 / each for tag, each in chance.items()}
    total = fsum(weights.values())
    middle = fsum(weights[tag] * means[tag] for tag in means) / total
    spread = fsum(weights[tag] * (means[tag] - middle) ** 2 for tag in means)
    return max(0.0, (spread - (len(means) - 1)) / (total - fsum(each**2 for each in weights.values()) / total))
