"""The steps of a decision, from its workings: what was computed on the way from the sums to the verdict. Pure."""

from math import isclose

from msgspec import Struct

from agent.alerting.incident import Workings
from agent.alerting.statistics import Z95


class Steps(Struct, frozen=True):
    """The sum of the window's values, the parts of the squared standard error, the interval, and what holds of what is asked.

    `of_hits`: whether the variances are those of hits and misses, share (1 - share); the window's `share` is then pulled
    towards one half by one hit and one miss.
    """

    total: float
    share: float
    of_hits: bool
    window: float
    usual: float
    wobble: float
    square: float
    ci95: tuple[float, float]
    enough: bool
    large: bool
    sure: bool
    breach: bool


def steps(w: Workings) -> Steps:
    """Every step, with the figures put in."""
    share = (w.mean * w.n + 1) / (w.n + 2)
    window, usual, wobble = w.phi * w.variance / w.n, w.phi * w.variance_baseline / w.n_baseline, w.tau**2
    asked = (
        min(w.n, w.n_baseline) >= w.min_events,
        w.drop >= w.threshold * (w.expected if w.relative else 1),
        w.z >= w.z_needed,
    )
    return Steps(
        total=w.mean * w.n,
        share=share,
        of_hits=_is_of_share(w.variance, share) and _is_of_share(w.variance_baseline, w.expected),
        window=window,
        usual=usual,
        wobble=wobble,
        square=window + usual + wobble,
        ci95=(w.drop - Z95 * w.se, w.drop + Z95 * w.se),
        enough=asked[0],
        large=asked[1],
        sure=asked[2],
        breach=all(asked),
    )


def _is_of_share(variance: float, share: float) -> bool:
    return isclose(variance, share * (1 - share), rel_tol=1e-9)
