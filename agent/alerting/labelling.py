"""Whether labels of two times can be compared: who labels another part of the queries labels other queries. Pure."""

from math import log, sqrt
from typing import Final, NamedTuple

from agent.alerting.statistics import Z95

LESS: Final = log(0.7)  # the share of labelled queries fell by more than 30 % ...
MORE: Final = log(1.3)  # ... or rose by as much


class Labelling(NamedTuple):
    """So many of so many queries have a label."""

    labelled: float
    queries: float

    @property
    def share(self) -> float:
        """In 0..1."""
        return self.labelled / self.queries


def moved(now: Labelling, before: Labelling) -> str:
    """Why labels are not compared: their share surely (95 %) changed by more than 30 %; empty where it did not.

    By the logarithm of the ratio of the shares, whose variance is 1/n + 1/n_b.
    """
    if min(*now, *before) <= 0:
        return ""
    change, unsure = log(now.share / before.share), Z95 * sqrt(1 / now.labelled + 1 / before.labelled)
    if change + unsure >= LESS and change - unsure <= MORE:
        return ""
    return f"the share of labelled queries went from {before.share:.1%} to {now.share:.1%}".replace("%", " %")
