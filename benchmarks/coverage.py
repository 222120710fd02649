"""Whether the intervals of `compare` cover, and how often its gate closes on what did not change.

Values of 0 and 1: summed over all tables, so these figures are exact. Graded values: drawn, from rankings whose first relevant
document stands at a geometric rank, of which a share is drawn anew (`changed`) and another is lost (`lost`).
"""

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

import numpy as np
from scipy.special import gammaln, xlogy

from agent.alerting.holm import holm
from agent.probing.comparing.statistics import ALPHA, Values, mcnemar, studentised, tango

SIZES = (50, 100, 500)
LEVELS = (0.05, 0.5, 0.97)
CHANGED = (0.01, 0.05, 0.2, 1.0)
LOST = (0.0, 0.01, 0.03, 0.05, 0.1)
GAINS = {"nDCG": 1 / np.log2(np.arange(1, 11) + 1), "MRR": 1 / np.arange(1, 11)}
DRAWN = 4_000
COMPARISONS = 300
AGAIN = 20
LANGUAGES = 30
ALLOWED = 0.03
NEGLIGIBLE = 1e-12


class World(NamedTuple):
    """How a candidate differs from its base: mean value of the base, and the shares of queries drawn anew and lost."""

    level: float
    changed: float
    lost: float


def worlds() -> Iterator[World]:
    """Every combination."""
    return (World(*each) for each in product(LEVELS, CHANGED, LOST))


def binary_coverage(n: int, world: World) -> float:
    """How often Tango's interval holds the truth: exact."""
    level, changed, lost = world
    anew = changed * level * (1 - level)
    only_base, only_candidate = anew + (level - anew) * lost, anew * (1 - lost)
    tables = np.arange(n + 1.0)
    b, c = (each.ravel() for each in np.meshgrid(tables, tables))
    b, c = b[b + c <= n], c[b + c <= n]
    ways = gammaln(n + 1) - gammaln(b + 1) - gammaln(c + 1) - gammaln(n - b - c + 1)
    chance = np.exp(ways + xlogy(b, only_base) + xlogy(c, only_candidate) + xlogy(n - b - c, 1 - only_base - only_candidate))
    kept = chance > NEGLIGIBLE
    found, truth = tango(b[kept], c[kept], n), only_base - only_candidate
    return float(chance[kept][(found.low <= truth + 1e-12) & (truth - 1e-12 <= found.high)].sum())


def ranks(gains: Values, level: float) -> tuple[Values, Values]:
    """Values with their chances, of the given mean: geometric ranks, the steeper the higher the mean, and misses."""
    for ratio in (0.7, 0.3, 0.02):
        shares = ratio ** np.arange(10)
        shares /= shares.sum()
        found = level / float(shares @ gains)
        if found <= 0.99:
            break
    return np.append(gains, 0.0), np.append(shares * found, 1 - found)


def graded(random: np.random.Generator, gains: Values, world: World, shape: tuple[int, ...]) -> tuple[Values, Values]:
    """Values of base and candidate."""
    values, chances = ranks(gains, world.level)
    base, anew = (values[np.minimum(np.searchsorted(np.cumsum(chances), random.random(shape)), 10)] for _ in range(2))
    candidate = np.where(random.random(shape) < world.changed, anew, base)
    return base, np.where(random.random(shape) < world.lost, 0.0, candidate)


def graded_coverage(random: np.random.Generator, gains: Values, n: int, world: World) -> float:
    """How often the studentised interval holds the truth: drawn."""
    base, candidate = graded(random, gains, world, (DRAWN, n))
    found, truth = studentised(base - candidate).interval, world.lost * world.level
    return float(((found.low <= truth) & (truth <= found.high)).mean())


def coverage() -> None:
    """A line a kind of value and size: the worst of all worlds, the mean, and how many stay below 93 %."""
    random = np.random.default_rng(8)
    print("| values | n | worst | mean | below 93 % | the worst is at |\n| --- | --- | --- | --- | --- | --- |")
    for kind, n in product(("binary", *GAINS), SIZES):
        found = {
            world: binary_coverage(n, world) if kind == "binary" else graded_coverage(random, GAINS[kind], n, world)
            for world in worlds()
        }
        worst = min(found, key=found.__getitem__)
        low = sum(share < 0.93 for share in found.values())
        where = f"p {worst.level}, changed {worst.changed}, lost {worst.lost}"
        mean = np.mean(list(found.values()))
        print(f"| {kind} | {n} | {100 * found[worst]:.1f} % | {100 * mean:.1f} % | {low} of {len(found)} | {where} |", flush=True)


def unchanged() -> None:
    """A line a kind of value and size: in what share of comparisons any of 30 unchanged languages fails, in the worst world.

    The worst of twelve is partly the unluckiest, so that it is drawn again, from another seed and twenty times as often.
    """
    random, anew = np.random.default_rng(9), np.random.default_rng(10)
    print(
        f"\n| values | n | one of {LANGUAGES} unchanged languages fails, mean | worst | the worst drawn again (95 %) | it is at |"
    )
    print("| --- | --- | --- | --- | --- | --- |")
    for kind, n in product(("binary", *GAINS), SIZES):
        found = {world: _closed(random, kind, n, world) for world in worlds() if not world.lost}
        worst = max(found, key=found.__getitem__)
        share = float(np.mean([_closed(anew, kind, n, worst) for _ in range(AGAIN)]))
        half = 1.96 * np.sqrt(share * (1 - share) / (AGAIN * COMPARISONS))
        again = f"{100 * share:.2f} % (± {100 * half:.2f})"
        where = f"p {worst.level}, changed {worst.changed}"
        mean = np.mean(list(found.values()))
        print(f"| {kind} | {n} | {100 * mean:.2f} % | {100 * found[worst]:.1f} % | {again} | {where} |", flush=True)


def _closed(random: np.random.Generator, kind: str, n: int, world: World) -> float:
    shape = (COMPARISONS, LANGUAGES, n)
    if kind == "binary":
        had, anew = (random.random(shape) < world.level for _ in range(2))
        has = np.where(random.random(shape) < world.changed, anew, had)
        lost, won = (had & ~has).sum(axis=-1), (has & ~had).sum(axis=-1)
        drops, p_values = (lost - won) / n, mcnemar(lost, won)
    else:
        base, candidate = graded(random, GAINS[kind], world, shape)
        drops, p_values = (base - candidate).mean(axis=-1), studentised(base - candidate).p_value
    significant = np.array([holm(each) < ALPHA for each in p_values])
    return float((significant & (drops > ALLOWED)).any(axis=-1).mean())
