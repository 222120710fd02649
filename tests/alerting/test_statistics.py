"""The formulas, against hand-worked numbers and an independent computation."""

import csv
import gzip
import json
from math import ceil, sqrt
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, norm

from agent.alerting.minutes import DAY, minutes_by_hour
from agent.alerting.statistics import (
    MICRO,
    Expected,
    Figures,
    Noise,
    Sums,
    baseline_of,
    baseline_weight,
    compare,
    expected_mean,
    mean_interval,
    median_ranks,
    rank_position,
    wilson,
)

FLAT = [Sums(1000, 900 * MICRO, 900 * MICRO)] * 24


def shares(n: int, hits: int) -> Sums:
    """So many queries, so many of them hits."""
    return Sums(n, hits * MICRO, hits * MICRO)


def test_a_rate_is_pulled_towards_the_mean_by_a_thousand_queries() -> None:
    """Hour 0 with 1,000 queries at 50 % and a mean of 80 % counts as 65 %."""
    base = baseline_of([shares(1000, 500), shares(3000, 2700), *[Sums()] * 22], days=14)
    assert base is not None
    assert base.mean == pytest.approx(0.8)
    assert base.rates[0] == pytest.approx((500 + 800) / 2000)
    assert base.rates[1] == pytest.approx((2700 + 800) / 4000)
    assert base.rates[5] == pytest.approx(0.8)
    assert base.counts[:3] == (1000, 3000, 0)


def test_without_queries_there_is_no_baseline() -> None:
    """Nothing is no rate of zero."""
    assert baseline_of([Sums()] * 24, days=0) is None


def test_the_expected_mean_weighs_each_hour_by_the_queries_of_the_window() -> None:
    """Three quarters of the window in an hour at 65 %, one in an hour at 87.5 %."""
    base = baseline_of([shares(1000, 500), shares(3000, 2700), *[Sums()] * 22], days=14)
    assert base is not None
    assert expected_mean([30, 10, *[0] * 22], base) == pytest.approx(0.75 * 0.65 + 0.25 * 0.875)


@pytest.mark.parametrize(
    ("first", "last", "weight"),
    [
        (0, 59, 1000.0),  # a whole hour
        (0, 14, 1000.0),  # a window under an hour is compared with whole hours
        (30, 89, 1000.0),  # half of each
        (0, DAY - 1, 24_000.0),
        (0, 3 * DAY - 1, 24_000.0),  # the same queries, met three times
    ],
)
def test_the_weight_of_a_baseline_is_the_queries_at_the_hours_of_the_window(first: int, last: int, weight: float) -> None:
    """With 1,000 queries at each hour of the day."""
    base = baseline_of(FLAT, days=14)
    assert base is not None
    assert baseline_weight(base, first, last) == pytest.approx(weight)


@given(st.integers(0, 5000), st.integers(0, 6000))
def test_minutes_by_hour_counts_every_minute(first: int, length: int) -> None:
    """The same as counting them one by one."""
    counts = np.bincount([minute // 60 % 24 for minute in range(first, first + length + 1)], minlength=24)
    assert list(minutes_by_hour(first, first + length)) == counts.tolist()


def test_a_drop_of_hits_by_hand() -> None:
    """80 of 100 against 90 % of 2,000, with phi 1.5 and tau .01."""
    base = baseline_of(FLAT, days=14)
    assert base is not None
    figures = compare(shares(100, 80), Expected(0.9, 2000.0), base, 12)
    shrunk = 81 / 102
    se = sqrt(1.5 * (shrunk * (1 - shrunk) / 100 + 0.09 / 2000) + 0.0001)
    assert figures.drop == pytest.approx(0.1)
    assert figures.se == pytest.approx(se)
    assert figures.z == pytest.approx(0.1 / se)
    assert figures.ci95 == pytest.approx((0.1 - 1.96 * se, 0.1 + 1.96 * se))
    assert figures.upper95 == pytest.approx(0.1 + 1.645 * se)
    assert (figures.n, figures.n_baseline, figures.current, figures.baseline, figures.scale_minutes) == (100, 2000, 0.8, 0.9, 12)


def test_a_drop_of_graded_values_uses_their_own_variance() -> None:
    """Values of one half and of one: the window's variance is pulled towards the baseline's by ten queries."""
    graded = Sums(1000, 750 * MICRO, 625 * MICRO)  # half of them .5, half 1: mean .75, variance .0625
    base = baseline_of([graded] * 24, days=14)
    assert base is not None
    assert base.variance == pytest.approx(0.0625)
    figures = compare(Sums(90, 45 * MICRO, 22_500_000), Expected(0.75, 24_000.0), base, 60)  # all of them .5: variance 0
    assert figures.se == pytest.approx(sqrt(1.5 * ((10 * 0.0625 / 100) / 90 + 0.0625 / 24_000) + 0.0001))


def test_whole_values_in_a_graded_baseline_are_not_taken_for_shares() -> None:
    """A window whose recalls happen to be 0 or 1 is judged like its baseline."""
    graded = Sums(1000, 750 * MICRO, 625 * MICRO)
    base = baseline_of([graded] * 24, days=14)
    assert base is not None
    figures = compare(shares(90, 60), Expected(0.75, 24_000.0), base, 60)
    own = (90 * (60 / 90 * 30 / 90) + 10 * 0.0625) / 100
    assert figures.se == pytest.approx(sqrt(1.5 * (own / 90 + 0.0625 / 24_000) + 0.0001))


@given(st.integers(50, 5000), st.data())
def test_fewer_hits_are_a_larger_drop_and_z_grows_with_it(n: int, data: st.DataObject) -> None:
    """As long as the rate is above one half, every miss more makes z larger or leaves it."""
    base = baseline_of(FLAT, days=14)
    assert base is not None
    more = data.draw(st.integers(n // 2 + 1, int(n * 0.9)))
    fewer = data.draw(st.integers(n // 2, more - 1))
    high, low = (compare(shares(n, hits), Expected(0.9, 20_000.0), base, 60) for hits in (more, fewer))
    assert low.drop > high.drop
    assert low.z > high.z or high.z < 1.0


@given(st.integers(1, 10_000), st.data())
def test_wilson_is_the_score_interval(n: int, data: st.DataObject) -> None:
    """The same as scipy's, at two-sided 95 %."""
    hits = data.draw(st.integers(0, n))
    theirs = binomtest(hits, n).proportion_ci(2 * norm.cdf(1.96) - 1, method="wilson")
    assert wilson(hits, n) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


def test_wilson_by_hand() -> None:
    """20 of 30 are more than half of all, one-sided at 95 %; 19 are not."""
    assert wilson(20, 30, 1.645) == pytest.approx((0.51658, 0.78917), abs=1e-5)
    assert wilson(19, 30, 1.645) == pytest.approx((0.48325, 0.76135), abs=1e-5)
    assert wilson(0, 0) is None


@given(st.lists(st.floats(0, 1), min_size=2, max_size=200))
def test_a_mean_interval_is_the_normal_one(values: list[float]) -> None:
    """Against numpy's sample standard deviation."""
    found = mean_interval(sum(values), sum(value * value for value in values), len(values))
    half = 1.96 * np.std(values, ddof=1) / sqrt(len(values))
    assert found == pytest.approx((np.mean(values) - half, np.mean(values) + half), abs=1e-6)
    assert mean_interval(0.5, 0.25, 1) is None


@given(st.lists(st.integers(0, 99), min_size=1, max_size=300))
def test_the_median_of_a_histogram_lies_in_the_bin_of_the_median(bins: list[int]) -> None:
    """Within the bins of the two middle values."""
    histogram = {bin_: bins.count(bin_) for bin_ in set(bins)}
    low, high = (float(np.quantile(bins, 0.5, method=method)) for method in ("lower", "higher"))
    assert low <= rank_position(histogram, 0.5) <= high + 1


def test_values_spread_evenly_within_a_bin() -> None:
    """The median of four values, one in bin 10 and three in bin 20, is a third into bin 20."""
    assert rank_position({20: 3, 10: 1}, 0.5) == pytest.approx(20 + 1 / 3)
    assert rank_position({10: 4}, 0.0) == pytest.approx(10)
    assert rank_position({10: 4, 30: 1}, 1.0) == pytest.approx(31)
    with pytest.raises(ValueError, match="without values"):
        rank_position({}, 0.5)


def test_the_ranks_around_a_median_hold_it_in_95_of_100_samples() -> None:
    """Counted in 4,000 samples of 45 queries."""
    low, high = median_ranks(45)
    draws = np.sort(np.random.default_rng(1).random((4000, 45)), axis=1)
    covered = (draws[:, ceil(low * 45) - 1] <= 0.5) & (draws[:, ceil(high * 45) - 1] >= 0.5)
    assert covered.mean() == pytest.approx(0.95, abs=0.02)


def test_the_golden_vectors(shared: Path) -> None:
    """The figures of the procedure's reference, to a millionth, from the same minutes."""
    folder = shared / "data" / "detection"
    cases = json.loads((folder / "golden.json").read_text(encoding="utf-8"))
    counts = _counts(folder / "golden_minutes.csv.gz", {case["lang"] for case in cases})
    assert len(cases) == 65
    for case in cases:
        figures = _trailing(counts[case["lang"]], case)
        assert figures is not None, case
        assert figures.n == case["n"]
        for name in ("current", "baseline", "drop", "se", "z", "ci95"):
            assert getattr(figures, name) == pytest.approx(case[name], abs=1e-6), (case["lang"], case["t"], case["W"], name)
        assert (figures.n >= 50 and case["n_base"] >= 50 and figures.drop >= 0.03 and figures.z >= 4) == case["breach"]


Counts = npt.NDArray[np.int64]  # queries and hits of each minute


def _counts(file: Path, languages: set[str]) -> dict[str, Counts]:
    counts = {language: np.zeros((21 * DAY, 2), dtype=np.int64) for language in languages}
    with gzip.open(file, "rt") as lines:
        for language, minute, n, hits in csv.reader(lines):
            if language in languages:
                counts[language][int(minute)] = int(n), int(hits)
    return counts


def _trailing(counts: Counts, case: dict[str, float]) -> Figures | None:
    """A trailing window: each of its days has the baseline of the 14 days that end `lag` days earlier."""
    last, width = int(case["t"]), int(case["W"])
    lag = max(1, ceil(width / DAY))
    n = hits = 0
    expected = weight = 0.0
    for day in range((last - width + 1) // DAY, last // DAY + 1):
        first, end = max(last - width + 1, day * DAY), min(last, (day + 1) * DAY - 1)
        base = baseline_of(_by_hour(counts, (day - lag - 13) * DAY, (day - lag + 1) * DAY), 14)
        assert base is not None
        here = _by_hour(counts, first, end + 1)
        seen = sum(hour.n for hour in here)
        n, hits = n + seen, hits + sum(hour.total for hour in here) // MICRO
        expected += expected_mean([hour.n for hour in here], base) * seen if seen else 0.0
        weight += sum(count * part for count, part in zip(base.counts, minutes_by_hour(first, end), strict=True)) / 60
    base = baseline_of(FLAT, 14)
    assert base is not None
    weight *= max(1.0, 60 / width)
    assert weight == pytest.approx(case["n_base"])
    return compare(shares(n, hits), Expected(expected / n, weight), base, width, Noise(case["phi"], case["tau"])) if n else None


def _by_hour(counts: Counts, first: int, end: int) -> list[Sums]:
    first = max(first, 0)
    hours = np.arange(first, end) // 60 % 24
    n, hits = (np.bincount(hours, weights=counts[first:end, column], minlength=24) for column in (0, 1))
    return [shares(int(one), int(other)) for one, other in zip(n, hits, strict=True)]
