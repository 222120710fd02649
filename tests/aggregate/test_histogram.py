"""Bins are fixed, so that thresholds can be read from them afterwards."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.aggregate.histogram import (
    LATENCY_ZERO_BIN,
    at_or_above,
    first_bin_at,
    latency_at,
    latency_bin,
    micro,
    quantile_bin,
    score_at,
    score_bin,
)

OTHER_KINDS = ["dot", "distance", "rerank", "rrf", "bm25", "unknown"]
HISTOGRAMS = st.dictionaries(st.integers(-50, 50), st.integers(1, 9), max_size=8)


def test_every_hundredth_lies_in_its_own_bin() -> None:
    """Binary rounding moves no cosine score or threshold of two digits, and the bin gives it back."""
    for bin_ in range(-100, 101):
        score = float(f"{bin_ / 100:.2f}")
        assert (score_bin(score, "cosine"), first_bin_at(score, "cosine"), score_at(bin_, "cosine")) == (bin_, bin_, score)


def test_a_cosine_bin_ends_below_the_next_hundredth() -> None:
    """A score belongs to the hundredth below it, also below zero."""
    assert [score_bin(score, "cosine") for score in (0.299999, 0.3, 0.309999, -0.000001, -0.01, -0.010001)] == [
        29,
        30,
        30,
        -1,
        -1,
        -2,
    ]


@given(st.integers(-1_000_000, 1_000_000), st.integers(-100, 100))
def test_a_cosine_hit_is_read_from_the_bins(millionths: int, edge: int) -> None:
    """A score >= t exactly where bin >= first_bin_at(t), for every threshold of two digits."""
    score, threshold = millionths / 1_000_000, edge / 100
    assert (score_bin(score, "cosine") >= first_bin_at(threshold, "cosine")) == (score >= threshold)


@pytest.mark.parametrize("kind", OTHER_KINDS)
@given(edge=st.integers(-725, 725), score=st.floats(-1e6, 1e6))
def test_any_other_hit_is_read_from_the_bins(kind: str, edge: int, score: float) -> None:
    """The same on the asinh scale for thresholds on the edges of bins, but for scores a billionth of a bin from them."""
    threshold = score_at(edge, kind)
    assert score_bin(threshold, kind) == first_bin_at(threshold, kind) == edge
    if abs(score - threshold) > 1e-8 * max(1.0, abs(threshold)):
        assert (score_bin(score, kind) >= first_bin_at(threshold, kind)) == (score >= threshold)


@given(st.floats(-1.0, 1.0), st.sampled_from(["cosine", *OTHER_KINDS]))
def test_no_score_below_the_threshold_is_a_hit(threshold: float, kind: str) -> None:
    """Between the edges of bins the threshold is rounded up: every bin from it on holds only scores at or above it."""
    assert score_at(first_bin_at(threshold, kind), kind) >= threshold - 1e-6
    assert score_at(first_bin_at(threshold, kind) - 1, kind) < threshold + 1e-6


@given(st.lists(st.floats(-1e6, 1e6), min_size=2), st.sampled_from(["cosine", *OTHER_KINDS]))
def test_bins_keep_the_order_of_scores(scores: list[float], kind: str) -> None:
    """A better score is in no lower bin, out to the largest scores that are accepted."""
    bins = [score_bin(score, kind) for score in sorted(scores)]
    assert bins == sorted(bins)
    assert all(-32_000 <= bin_ <= 32_000 for bin_ in bins)


@given(st.floats(0, 1e9))
def test_a_latency_is_within_ten_percent_of_its_bin(milliseconds: float) -> None:
    """The middle of the bin stands for every latency in it; what is next to nothing is 0."""
    bin_ = latency_bin(milliseconds)
    if bin_ == LATENCY_ZERO_BIN:
        assert milliseconds < 0.08
        assert latency_at(bin_) == 0.0
    else:
        assert latency_at(bin_) == pytest.approx(milliseconds, rel=0.05)


def test_millionths_are_rounded() -> None:
    """Half a millionth goes to the even neighbour, so that sums are not pushed to one side."""
    assert [micro(value) for value in (0.1, 2.5e-6, 3.5e-6, -0.3)] == [100_000, 2, 4, -300_000]


@given(HISTOGRAMS, st.integers(-51, 51))
def test_at_or_above_counts_bins(histogram: dict[int, int], bin_: int) -> None:
    """The bin itself counts, and everything above it."""
    values = [position for position, count in histogram.items() for _ in range(count)]
    assert at_or_above(histogram, bin_) == sum(value >= bin_ for value in values)


@given(HISTOGRAMS.filter(bool), st.integers(1, 64))
def test_a_quantile_is_where_its_share_is_reached(histogram: dict[int, int], parts: int) -> None:
    """It is the lowest bin with at least this share of all values at or below it."""
    values = sorted(position for position, count in histogram.items() for _ in range(count))
    rank = -(-Fraction(parts, 64) * len(values) // 1)
    assert quantile_bin(histogram, parts / 64) == values[int(rank) - 1]


def test_no_values_have_no_quantile() -> None:
    """An empty histogram is None, not 0."""
    assert quantile_bin({}, 0.5) is None
