"""How well a score tells a hit from a miss, by labelled queries."""

from collections.abc import Mapping
from typing import Final, Literal

from agent.alerting.measures import HIGHER_IS_BETTER

Calibration = Literal["calibrated", "weak", "unknown"]
TELLS: Final = 0.75  # the area under the curve from which on a score tells
LABELS: Final = 50
Histogram = Mapping[int, int]


def calibration(labelled: Histogram, hits: Histogram, kind: str) -> Calibration:
    """From the scores of labelled queries and of those that hit; unknown under 50 labels, or where all hit or none."""
    area = auc(labelled, hits)
    if area is None or sum(labelled.values()) < LABELS:
        return "unknown"
    return "calibrated" if (area if kind in HIGHER_IS_BETTER else 1 - area) >= TELLS else "weak"


def auc(labelled: Histogram, hits: Histogram) -> float | None:
    """The chance that a hit has a higher score than a miss, ties counted half (Mann and Whitney 1947); None without both."""
    below = pairs = 0.0
    for bin_ in sorted(labelled):
        found = hits.get(bin_, 0)
        missed = labelled[bin_] - found
        pairs += found * (below + missed / 2)
        below += missed
    total = sum(hits.values())
    return pairs / (below * total) if below and total else None
