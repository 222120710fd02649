"""Three answers, and no pass without knowing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.probing.comparing.statistics import Estimate, detectable, estimate
from agent.probing.comparing.verdict import Verdict, judge, overall, refuses

FAIL, INCONCLUSIVE, INSUFFICIENT, PASS = Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.INSUFFICIENT, Verdict.PASS


def found(drop: float, low: float, high: float) -> Estimate:
    """An estimate of a fall with its interval."""
    return Estimate(100, 0.8, 0.8 - drop, drop, (low, high), 0.01, 0.3, "score")


@pytest.mark.parametrize(
    ("fall", "p_adjusted", "detectable", "verdict"),
    [
        (found(0.05, 0.03, 0.07), 0.001, 0.03, FAIL),
        (found(0.05, 0.03, 0.07), 0.001, 0.50, FAIL),  # what was found was not too small to find
        (found(0.05, -0.01, 0.11), 0.060, 0.04, INCONCLUSIVE),  # not beyond chance
        (found(0.02, 0.01, 0.04), 0.001, 0.04, INCONCLUSIVE),  # a fall, but is it one of three points?
        (found(0.00, -0.02, 0.02), 1.000, 0.04, PASS),
        (found(0.02, 0.01, 0.029), 0.001, 0.02, PASS),  # a fall, surely below three points
        (found(0.00, -0.03, 0.03), 1.000, 0.04, INCONCLUSIVE),  # the bound has to lie below
        (found(0.00, -0.20, 0.20), 1.000, 0.061, INSUFFICIENT),
        (found(0.12, -0.01, 0.25), 0.080, 0.20, INSUFFICIENT),
        (found(-0.30, -0.50, -0.10), 1.000, 0.20, PASS),  # few queries, and better beyond doubt
    ],
)
def test_the_table_of_verdicts(fall: Estimate, p_adjusted: float, detectable: float, verdict: Verdict) -> None:
    """Three points are allowed."""
    assert judge(fall, p_adjusted, detectable, 0.03) is verdict


values = st.sampled_from([0.0, 0.5, 1.0])


@given(st.lists(st.tuples(values, values), min_size=1, max_size=80), st.floats(0.001, 1), st.integers(1, 40))
def test_never_a_pass_while_the_bound_is_not_below(pairs: list[tuple[float, float]], max_drop: float, compared: int) -> None:
    """And a fail only of an estimate beyond what is allowed, whatever the data."""
    base, candidate = np.array(pairs).T
    estimated = estimate(base, candidate)
    p_adjusted = min(estimated.p_value * compared, 1.0)
    verdict = judge(estimated, p_adjusted, detectable(estimated.sd, estimated.n, compared), max_drop)
    assert (verdict is PASS) == (estimated.ci95[1] < max_drop)
    assert (verdict is FAIL) == (estimated.drop > max_drop and p_adjusted < 0.05)


@pytest.mark.parametrize(
    ("verdicts", "verdict"),
    [
        ([PASS, PASS], PASS),
        ([PASS, INSUFFICIENT], INCONCLUSIVE),
        ([INCONCLUSIVE], INCONCLUSIVE),
        ([PASS, INCONCLUSIVE, FAIL, INSUFFICIENT], FAIL),
    ],
)
def test_one_word_for_all(verdicts: list[Verdict], verdict: Verdict) -> None:
    """One that fails is enough, and one that nobody knows keeps it from a pass."""
    assert overall(verdicts) is verdict


@pytest.mark.parametrize(("verdict", "refused_by"), [(PASS, []), (INCONCLUSIVE, ["strict"]), (FAIL, ["lenient", "strict"])])
def test_when_the_gate_stays_closed(verdict: Verdict, refused_by: list[str]) -> None:
    """For what fails; a strict one also for what nobody knows."""
    assert [name for name in ("lenient", "strict") if refuses(verdict, strict=name == "strict")] == refused_by
