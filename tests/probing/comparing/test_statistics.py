"""The figures against the literature, against independent computations, and against what must hold for any data."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from agent.alerting.holm import holm
from agent.probing.comparing.statistics import (
    Estimate,
    Interval,
    Values,
    detectable,
    estimate,
    mcnemar,
    needed,
    studentised,
    tango,
)

FIRST_DIGIT = 0.5e-3
Z90 = 1.6448536

shares = st.sampled_from([0.0, 0.1, 0.25, 1 / 3, 0.5, 0.63, 1.0])
binary = st.sampled_from([0.0, 1.0])
graded_pairs = st.lists(st.tuples(shares, shares), min_size=1, max_size=60)
any_pairs = graded_pairs | st.lists(st.tuples(binary, binary), min_size=1, max_size=60)
counts = st.integers(0, 40).flatmap(
    lambda lost: st.integers(0, 40).flatmap(
        lambda won: st.tuples(st.just(lost), st.just(won), st.integers(max(lost + won, 1), 200))
    )
)


def of(pairs: list[tuple[float, float]]) -> Estimate:
    """The estimate of (base, candidate) pairs."""
    base, candidate = np.array(pairs).T
    return estimate(base, candidate)


@pytest.mark.parametrize(
    ("lost", "won", "n", "expected"),
    [
        (1, 7, 21, (-0.517, -0.026)),  # airway hyper-responsiveness, Fagerland, Lydersen and Laake 2014
        (6, 16, 161, (-0.124, -0.005)),  # complete response, the same
        (12, 2, 50, (0.061, 0.345)),  # Newcombe 1998
    ],
)
def test_the_score_interval_is_that_of_published_examples(lost: int, won: int, n: int, expected: tuple[float, float]) -> None:
    """To the digits that the literature prints."""
    found = tango(lost, won, n)
    assert (float(found.low), float(found.high)) == pytest.approx(expected, abs=FIRST_DIGIT)


def test_the_score_interval_is_that_of_its_inventor() -> None:
    """Tango 1998, section 6.1: of 44 lenses one is disinfected by the old system alone; 90 % limit -.096."""
    assert float(tango(0, 1, 44, Z90).low) == pytest.approx(-0.096, abs=FIRST_DIGIT)


def test_no_discordance_is_no_certainty() -> None:
    """The bounds of a set in which nothing changed have a closed form: z² / (n + z²)."""
    found, z2 = tango(0, 0, 100), stats.norm.ppf(0.975) ** 2
    assert (-float(found.low), float(found.high)) == pytest.approx([z2 / (100 + z2)] * 2)


@given(counts)
def test_the_bounds_solve_the_score_equation(table: tuple[int, int, int]) -> None:
    """With the likeliest table found by brute force instead of a formula, the score at each bound inside is ±1.96."""
    lost, won, n = table
    found = tango(*table)
    for bound, wanted in ((float(found.low), 1.96), (float(found.high), -1.96)):
        if abs(bound) > 0.999 or (lost == won == 0):
            continue
        share = likeliest(lost, won, n, bound)
        error = np.sqrt(n * (2 * share + bound - bound**2))
        assert (lost - won - n * bound) / error == pytest.approx(wanted, abs=0.02)


def likeliest(lost: int, won: int, n: int, difference: float) -> float:
    """The share of `won` that makes the table likeliest where `lost` has that share plus the difference."""
    low, high = max(0.0, -difference), (1 - difference) / 2
    tried = np.linspace(low, high, 200_001)[1:-1]
    return float(
        tried[
            np.argmax(
                lost * np.log(tried + difference) + won * np.log(tried) + (n - lost - won) * np.log1p(-2 * tried - difference)
            )
        ]
    )


@given(counts)
def test_mcnemars_test_is_scipys_binomial_test(table: tuple[int, int, int]) -> None:
    """One-sided and exact; without a discordant query nothing is against no fall."""
    lost, won, _ = table
    expected = stats.binomtest(lost, lost + won, 0.5, alternative="greater").pvalue if lost + won else 1.0
    assert float(mcnemar(lost, won)) == pytest.approx(expected)


@given(graded_pairs)
def test_the_studentised_interval_is_students_t_with_two_more_queries(pairs: list[tuple[float, float]]) -> None:
    """It is the t-test of scipy on the same differences, and of one query wholly lost and one wholly won."""
    differences = np.array([base - candidate for base, candidate in pairs])
    test = stats.ttest_1samp([*differences, 1.0, -1.0], 0.0, alternative="greater")
    both = stats.ttest_1samp([*differences, 1.0, -1.0], 0.0).confidence_interval(0.95)
    found = studentised(differences)
    assert float(found.p_value) == pytest.approx(test.pvalue)
    assert (float(found.interval.low), float(found.interval.high)) == pytest.approx((max(both.low, -1), min(both.high, 1)))


def test_many_samples_are_estimated_at_once() -> None:
    """A row of samples has the figures of each."""
    samples = np.array([[0.1, 0.2, 0.3], [0.0, 0.0, 0.0]])
    together = studentised(samples)
    alone = [studentised(sample) for sample in samples]
    assert list(together.p_value) == pytest.approx([float(each.p_value) for each in alone])
    assert list(together.interval.high) == pytest.approx([float(each.interval.high) for each in alone])


@pytest.mark.parametrize("n", [2, 50, 1_000])
@pytest.mark.parametrize("difference", [-0.5, 0.0, 0.2])
def test_equal_differences_are_no_certainty(difference: float, n: int) -> None:
    """An interval of no width would pass or fail anything."""
    base = np.full(n, 0.5)
    found = estimate(base, base - difference)
    assert found.ci95[1] - found.ci95[0] > 2 / n / 1.5
    assert found.sd > 0


@given(any_pairs)
def test_swapping_the_sides_mirrors_everything(pairs: list[tuple[float, float]]) -> None:
    """What was a fall is a rise of the same size, as sure as it was."""
    there, back = of(pairs), of([(candidate, base) for base, candidate in pairs])
    assert back.drop == pytest.approx(-there.drop)
    assert back.ci95 == pytest.approx((-there.ci95[1], -there.ci95[0]), abs=1e-9)
    assert back.sd == pytest.approx(there.sd)


@given(any_pairs)
def test_the_interval_holds_the_estimate(pairs: list[tuple[float, float]]) -> None:
    """And stays within what a difference can be."""
    found = of(pairs)
    assert -1 <= found.ci95[0] <= found.drop + 1e-9
    assert found.drop - 1e-9 <= found.ci95[1] <= 1


@settings(deadline=None)
@given(any_pairs, st.integers(2, 5))
def test_more_of_the_same_never_widens(pairs: list[tuple[float, float]], times: int) -> None:
    """The same queries again, several times over, only narrow the interval."""
    once, often = of(pairs), of(pairs * times)
    assert often.ci95[1] - often.ci95[0] <= once.ci95[1] - once.ci95[0] + 1e-9


@given(any_pairs)
def test_the_method_follows_the_values(pairs: list[tuple[float, float]]) -> None:
    """Only values of 0 and 1 on both sides are counted."""
    assert of(pairs).method == ("score" if {value for pair in pairs for value in pair} <= {0.0, 1.0} else "studentised")


def test_a_binary_fall_is_counted() -> None:
    """Six of ten were found and two of them are lost: the figures are those of the table."""
    found = of([(1.0, 1.0)] * 4 + [(1.0, 0.0)] * 2 + [(0.0, 0.0)] * 4)
    assert (found.n, found.baseline, found.candidate, found.drop) == pytest.approx((10, 0.6, 0.4, 0.2))
    assert found.p_value == pytest.approx(0.25)
    expected: Interval = tango(2, 0, 10)
    assert found.ci95 == pytest.approx((float(expected.low), float(expected.high)))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_is_the_sequential_procedure(p_values: list[float]) -> None:
    """An adjusted value is below a level just where stepping down from the smallest rejects."""
    adjusted = holm(p_values)
    for level in (0.01, 0.05, 0.3):
        rejected: set[int] = set()
        for step, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
            if p_values[index] * (len(p_values) - step) >= level:
                break
            rejected.add(index)
        assert {index for index, value in enumerate(adjusted) if value < level} == rejected


@pytest.mark.parametrize(("sd", "expected"), [(0.18, 510), (0.33, 1_700), (0.43, 2_900)])
def test_needed_queries_are_those_of_the_design(sd: float, expected: int) -> None:
    """3 points with 80 % power among 30 languages, within the rounding of the reference's figures."""
    assert needed(sd, 0.03, 30) == pytest.approx(expected, rel=0.02)


def test_what_is_needed_is_found() -> None:
    """So many queries do find the fall with 80 % power: by simulation of the test among 30 languages."""
    sd, fall, compared = 0.33, 0.03, 30
    n = needed(sd, fall, compared)
    assert detectable(sd, n, compared) == pytest.approx(fall, rel=1e-3)
    samples = np.random.default_rng(8).normal(fall, sd, (2_000, n))
    assert float((studentised(samples).p_value < 0.05 / compared).mean()) == pytest.approx(0.8, abs=0.03)


def exact_coverage(n: int, lost: float, won: float) -> float:
    """How often the score interval holds the truth: summed over all tables, not drawn."""
    b, c = (each.astype(float) for each in np.meshgrid(np.arange(n + 1), np.arange(n + 1)))
    likely: Values = stats.multinomial.pmf(np.stack([b, c, np.maximum(n - b - c, 0)], -1), n, [lost, won, 1 - lost - won])
    likely[b + c > n] = 0
    found = tango(b[likely > 1e-9], c[likely > 1e-9], n)
    within = (found.low <= lost - won + 1e-9) & (lost - won - 1e-9 <= found.high)
    return float(likely[likely > 1e-9][within].sum())


@pytest.mark.parametrize(("lost", "won"), [(0.05, 0.0), (0.0475, 0.0475), (0.25, 0.25), (0.03, 0.001), (0.12, 0.01)])
def test_the_score_interval_covers(lost: float, won: float) -> None:
    """At n = 50, where a percentile bootstrap cannot; more in the benchmark."""
    assert exact_coverage(50, lost, won) >= 0.93


@pytest.mark.parametrize("lost", [0.01, 0.03, 0.1])
def test_the_studentised_interval_covers_rare_losses(lost: float) -> None:
    """nDCG-like values near 1, of which few are lost: without the two more queries fewer than half would cover."""
    random = np.random.default_rng(5)
    base = random.choice([1.0, 0.63, 0.5], p=[0.9, 0.06, 0.04], size=(4_000, 50))
    differences = np.where(random.random(base.shape) < lost, base, 0.0)
    truth = lost * (0.9 + 0.06 * 0.63 + 0.04 * 0.5)
    found = studentised(differences).interval
    assert float(((found.low <= truth) & (truth <= found.high)).mean()) >= 0.93
