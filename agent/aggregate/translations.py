"""Translation qualities by engine: how many lie in each step of .01, and their exact sum.

Which ones are low is not counted: it is read from the steps at the limit of whoever reads, as hits are from those of scores.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

from agent.aggregate.histogram import at_or_above, first_bin_at, score_bin

SCALE = "cosine"  # steps of .01, cut in millionths
PLACE = "/"  # between an engine and a step; an engine may have some in its name, a step has none


class Qualities(NamedTuple):
    """Translations of one engine: how many, the sum of their qualities in millionths, and how many lie in each step of .01."""

    n: int
    total: int
    histogram: Mapping[int, int]

    def below(self, limit: float) -> int:
        """How many have a quality below a limit, which is a multiple of .01."""
        return self.n - at_or_above(self.histogram, first_bin_at(limit, SCALE))


def step_of(engine: str, quality: float) -> str:
    """The key under which a quality in 0..1 is counted."""
    return f"{engine}{PLACE}{score_bin(quality, SCALE)}"


def by_engine(steps: Mapping[str, int], sums: Mapping[str, int]) -> dict[str, Qualities]:
    """The translations of each engine, from the counts of its steps and its sums in millionths; a sum of 0 may be left out."""
    histograms: defaultdict[str, dict[int, int]] = defaultdict(dict)
    for key, count in steps.items():
        engine, _, step = key.rpartition(PLACE)
        histograms[engine][int(step)] = count
    return {engine: Qualities(sum(found.values()), sums.get(engine, 0), found) for engine, found in histograms.items()}
