"""All languages together, or not: one test for each reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.alerting.triage.fleet import Look, Pooled, Reason, pooled, verdict

QUIET = 0.0001


def looks(*drops: float, n: int = 100, firing: int = 0, se2: float = QUIET) -> list[Look]:
    """Languages with these falls, the first few firing."""
    return [Look(f"l{one}", n, drop, se2, one < firing) for one, drop in enumerate(drops)]


def test_those_that_do_not_fire_fell_too() -> None:
    """Most are down, and the quiet ones as one are 3 points and 3 standard errors down: already within 15 minutes."""
    found = verdict({15: looks(*[0.1] * 5, firing=1), 60: looks(*[0.0] * 5)})
    assert (found.reason, found.window, found.counted, found.fell, found.firing) == (Reason.OTHERS_FELL_TOO, 15, 5, 5, 1)
    assert found.others is not None
    assert found.others.drop == pytest.approx(0.1)
    assert found.others.languages == 4


def test_most_languages_fire() -> None:
    """Then nobody quiet is left to ask; looked at in the hour."""
    found = verdict({15: looks(*[0.1] * 4, firing=3), 60: looks(*[0.1] * 4, firing=3)})
    assert (found.reason, found.window) == (Reason.MOST_FIRE, 60)


def test_two_languages_are_no_fleet() -> None:
    """Also when both fire."""
    assert verdict({60: looks(0.2, 0.2, firing=2)}).reason is Reason.TOO_FEW_LANGUAGES
    assert verdict({}).reason is Reason.TOO_FEW_LANGUAGES


def test_languages_with_few_queries_are_not_counted() -> None:
    """19 queries are too few, 20 are enough."""
    assert verdict({60: looks(*[0.2] * 9, n=19, firing=9)}).reason is Reason.TOO_FEW_LANGUAGES
    assert verdict({60: looks(*[0.2] * 9, n=20, firing=9)}).reason is Reason.MOST_FIRE


def test_a_group_of_languages_is_not_all() -> None:
    """Six of ten down: the others hold."""
    assert verdict({60: looks(*[0.1] * 6, *[0.0] * 4, firing=2)}).reason is Reason.MOST_HOLD


def test_a_small_fall_of_the_others_is_not_enough() -> None:
    """2.9 points are below the threshold, 3 uncertain points are within chance."""
    assert verdict({60: looks(0.2, *[0.029] * 5, firing=1)}).reason is Reason.OTHERS_HOLD
    assert verdict({60: looks(0.2, *[0.031] * 5, firing=1, se2=0.001)}).reason is Reason.OTHERS_HOLD
    assert verdict({60: looks(0.2, *[0.031] * 5, firing=1)}).reason is Reason.OTHERS_FELL_TOO


def test_one_large_language_does_not_decide_for_the_others() -> None:
    """English with 99 % of the queries weighs a fifth before weights are made to sum to one."""
    many = [Look("en", 99_000, 0.2, QUIET, firing=False), *looks(*[0.0] * 10)]
    found = pooled(many, 10)
    assert found is not None
    capped = 0.2 * 100_000
    assert found.drop == pytest.approx(0.2 * capped / (capped + 1000))


@given(st.lists(st.tuples(st.integers(10, 100_000), st.floats(-1, 1)), min_size=3, max_size=40), st.randoms())
def test_a_pooled_fall_is_a_mean_in_any_order(given_: list[tuple[int, float]], chance: st.DataObject) -> None:
    """It lies between the smallest and the largest, is never surer than the shared wobble, and knows no order."""
    many = [Look("xx", n, drop, QUIET, firing=False) for n, drop in given_]
    one = pooled(many, 10)
    assert isinstance(one, Pooled)
    drops = [look.drop for look in many]
    assert min(drops) - 1e-9 <= one.drop <= max(drops) + 1e-9
    assert one.se >= 0.003
    other = pooled(sorted(many), 10)
    assert other is not None
    assert other.drop == pytest.approx(one.drop)
