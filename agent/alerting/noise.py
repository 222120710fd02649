"""How far a language wobbles without anything being wrong: measured each day on its own past, for every track at once.

A track is what one verdict is about: one measure on one score scale of one language of a service, over all its collections.
"""

from typing import Any, Final, NamedTuple

import numpy as np

from agent.alerting.grid import QUARTER, QUARTERS, Floats
from agent.alerting.minutes import DAY
from agent.alerting.statistics import HOURS
from agent.alerting.usual import Past, ratio

LARGEST_PHI: Final = 10.0
PHI_PRIOR: Final = (150.0, 100.0)  # quarters that say 1.5, what sessions alone would give
INFORMATIVE: Final = 1e-4  # the chance error of a wobble's variance, at most
UNKNOWN: Final = 0.01**2  # the variance of the wobble where no language is informative
SETTLED_DAYS: Final = 7  # of history: fewer do not tell how far days lie apart


class Wobble(NamedTuple):
    """The variance that no number of queries removes: each track's own, NaN where its traffic is too thin to tell."""

    own: Floats
    single: Floats  # the variance of a single query


def phi(seen: Past) -> Floats:
    """The design effect: how much more quarters of an hour vary around their very hour than independent queries would."""
    rows, days, _ = seen.n.shape
    n, total = (cells.reshape(rows, days * HOURS, -1) for cells in (seen.n, seen.total))
    hourly = ratio(total.sum(2), n.sum(2))[:, :, None]
    off = np.where(n > 0, (total - n * np.nan_to_num(hourly)) ** 2 / np.maximum(n, 1), 0.0).sum((1, 2))
    free = np.maximum((n > 0).sum(2) - 1, 0).sum(1)
    spread, weight = PHI_PRIOR
    found = (np.nan_to_num(off / seen.variance) + spread) / (free + weight)
    clipped: Floats = np.clip(found, 1.0, LARGEST_PHI)
    return clipped


def wobble(seen: Past, phis: Floats, window: int, *, by_clock: bool = True) -> Wobble:
    """The variance between blocks of min(window, a day) at the same time of the day, or of all blocks, beyond chance."""
    rows = len(seen.n)
    width = block(window)
    shape = (rows, -1, QUARTERS // width, width)
    n, total = (cells.reshape(shape).sum(3) for cells in (seen.n, seen.total))
    if not by_clock:
        n, total = n.reshape(rows, -1, 1), total.reshape(rows, -1, 1)
    between = _between(n, total)
    free = np.maximum((n > 0).sum(1) - 1, 0).sum(1)
    weight = (n.sum(1) - np.nan_to_num(ratio((n**2).sum(1), n.sum(1)))).sum(1)
    chance = phis * seen.variance
    own = np.maximum(ratio(between - free * chance, weight), 0.0) / max(1.0, window / DAY)
    informative = ratio(chance * np.sqrt(2 * free), weight) < INFORMATIVE
    return Wobble(np.where(informative, own, np.nan), seen.variance)


def block(window: int) -> int:
    """The quarters of an hour in a block: the longest part of the day, no longer than the window, that divides it."""
    return max(width for width in (1, 2, 4, 8, 16, 32, 96) if width == 1 or width * QUARTER <= window)


def _between(n: Floats, total: Floats) -> Floats:
    """The sum of squares between the blocks of each clock slot: sum x^2 / n - (sum x)^2 / sum n."""
    each = np.nan_to_num(ratio(total**2, n)).sum(1)
    together = np.nan_to_num(ratio(total.sum(1) ** 2, n.sum(1)))
    between: Floats = (each - together).sum(1)
    return between


def pooled(found: Wobble, groups: Any) -> Floats:
    """Each track's own variance, or that of the median informative track of its group (same service, measure and scale)."""
    return np.fmax(found.own, _medians(found.own, groups, UNKNOWN))


def pooled_relative(found: Wobble, groups: Any) -> Floats:
    """The same for rates near 0 or 1: the median is taken in units of a single query's variance."""
    medians = _medians(found.own / found.single, groups, np.nan)
    return np.fmax(found.own, np.where(np.isnan(medians), UNKNOWN, medians * found.single))


def _medians(values: Floats, groups: Any, unknown: float) -> Floats:
    medians = np.full(len(values), unknown)
    for group in set(groups.tolist()):
        mine = groups == group
        known = values[mine & ~np.isnan(values)]
        if known.size:
            medians[mine] = np.median(known)
    return medians
