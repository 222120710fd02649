"""Histograms with fixed bins: integers to counts, so that any two of them merge by adding."""

from collections.abc import Mapping
from math import asinh, floor, log, sinh

MICRO = 1_000_000
COSINE_BIN = 10_000  # .01 in micro-units
ASINH_STEPS = 50
LATENCY_STEP = log(1.1)  # each bin is 10 % wider than the one before
LATENCY_ZERO_BIN = -100
LATENCY_ZERO = 1.1**-99  # .08 ms
BIN_LIMIT = 32_000

Histogram = Mapping[int, int]


def micro(value: float) -> int:
    """The value in millionths, rounded half to even."""
    return round(value * MICRO)


def score_bin(score: float, kind: str) -> int:
    """The bin of a score: steps of .01 for cosine, else steps of 1/50 on an asinh scale.

    Cosine bins are cut in millionths, so that .29 lies in bin 29 and not, by binary rounding, in bin 28.
    """
    if kind == "cosine":
        bin_ = round(score * MICRO) // COSINE_BIN
        return bin_ if -BIN_LIMIT < bin_ < BIN_LIMIT else max(-BIN_LIMIT, min(BIN_LIMIT, bin_))
    return floor(asinh(score) * ASINH_STEPS + 1e-9)


def first_bin_at(threshold: float, kind: str) -> int:
    """The lowest bin whose scores are all at or above the threshold."""
    if kind == "cosine":
        return -(-micro(threshold) // COSINE_BIN)
    edge = asinh(threshold) * ASINH_STEPS
    return round(edge) if abs(edge - round(edge)) < 1e-6 else floor(edge) + 1  # noqa: PLR2004 - rounding noise


def score_at(bin_: int, kind: str) -> float:
    """The lower edge of a bin."""
    return bin_ / 100 if kind == "cosine" else sinh(bin_ / ASINH_STEPS)


def latency_bin(milliseconds: float) -> int:
    """The bin of a latency on a log scale in steps of 10 %."""
    return floor(log(milliseconds) / LATENCY_STEP) if milliseconds > LATENCY_ZERO else LATENCY_ZERO_BIN


def latency_at(bin_: int) -> float:
    """The middle of a latency bin in milliseconds; 0 for the lowest."""
    return float(1.1 ** (bin_ + 0.5)) if bin_ > LATENCY_ZERO_BIN else 0.0


def at_or_above(histogram: Histogram, bin_: int) -> int:
    """How many lie in this bin or a higher one."""
    return sum([count for position, count in histogram.items() if position >= bin_])


def quantile_bin(histogram: Histogram, share: float) -> int | None:
    """The bin in which this share (0..1) of all values is reached; None when there are none."""
    left = share * sum(histogram.values())
    for position in sorted(histogram):
        left -= histogram[position]
        if left <= 0:
            return position
    return None
