"""How small a fall of a language the agent can see, by how much traffic it has: what nobody can see is to be known, too. Pure."""

from math import sqrt
from typing import Final, Literal, NamedTuple

from agent.alerting.rule import DropRule
from agent.alerting.statistics import PHI, TAU
from agent.alerting.usual import BASELINE_DAYS

WatchedBy = Literal["traffic", "group", "probe", "nothing"]

WINDOWS: Final = (1, 3)  # days: the first with enough queries
RULE: Final = DropRule(name="drop")  # as it is unless somebody configures it


class Rate(NamedTuple):
    """The mean of a measure in 0..1, and how many values it has a day."""

    mean: float
    per_day: float


def detectable(rate: Rate) -> float | None:
    """The smallest fall, in 0..1, that a day of queries shows (three days where one has under 50); None: no fall, or all too few.

    The root of drop = z se of the trailing rule, with the window's variance at the rate it fell to, against 14 days at the
    usual rate: drop^2 = z^2 (phi (v(p - drop) / n + v(p) / n_b) + tau^2), v(p) = p (1 - p).
    """
    for days in WINDOWS:
        n = rate.per_day * days
        if n >= RULE.min_events:
            drop = max(_root(rate.mean, n, rate.per_day * BASELINE_DAYS, TAU / sqrt(days)), RULE.threshold)
            return drop if drop <= rate.mean else None
    return None


def _root(p: float, n: float, n_baseline: float, tau: float) -> float:
    """Of (1 + a) drop^2 - a (2 p - 1) drop - (a v + c) = 0 with a = z^2 phi / n and c = z^2 (phi v / n_b + tau^2)."""
    v = p * (1 - p)
    z = RULE.asked.trailing
    a, c = z**2 * PHI / n, z**2 * (PHI * v / n_baseline + tau**2)
    b = a * (2 * p - 1)
    return (b + sqrt(b**2 + 4 * (1 + a) * (a * v + c))) / (2 * (1 + a))


def watched_by(smallest: float | None, *, grouped: bool, probed: bool = False) -> WatchedBy:
    """What would notice that a language broke.

    Its own traffic, that of all rare languages together, where they are `grouped`, or active checks, where it is `probed`.
    """
    if smallest is not None:
        return "traffic"
    return "group" if grouped else "probe" if probed else "nothing"
