"""The change of an average: what languages did, and what the mix did, beside numbers worked by hand."""

import random

import pytest

from agent.report.weekly.decomposition import Side, decompose


def test_every_language_is_worse_and_the_average_better() -> None:
    """Simpson's case by hand: English .90 -> .88, Korean .50 -> .48, and nine in ten queries move from Korean to English.

    Averages: .1 * .90 + .9 * .50 = .54 and .9 * .88 + .1 * .48 = .84. Own: half of both shares is .5, times -.02: -.01 each.
    Mix: the mean of both averages is .69; English (.89 - .69) * .8 = .16, Korean (.49 - .69) * -.8 = .16. Sum: -.02 + .32 = .30.
    """
    found = decompose({"en": Side(100, 0.90), "ko": Side(900, 0.50)}, {"en": Side(1800, 0.88), "ko": Side(200, 0.48)})
    assert found is not None
    assert (found.before, found.after) == pytest.approx((0.54, 0.84))
    assert {part.language: pytest.approx(part[1:]) for part in found.parts} == {"en": (-0.01, 0.16), "ko": (-0.01, 0.16)}
    assert (found.rates, found.mix) == pytest.approx((-0.02, 0.32))


def test_a_new_language_changes_the_mix_alone() -> None:
    """Lao comes with a tenth of the queries at .2.

    By hand: averages .8 and .74, their mean .77; (.2 - .77) * .1 = -.057; English loses a tenth: (.8 - .77) * -.1 = -.003.
    """
    found = decompose({"en": Side(50, 0.8)}, {"en": Side(90, 0.8), "lo": Side(10, 0.2)})
    assert found is not None
    assert [(part.language, part.rate, round(part.mix, 9)) for part in found.parts] == [("lo", 0.0, -0.057), ("en", 0.0, -0.003)]


def test_the_parts_sum_to_the_change() -> None:
    """To the last digit but rounding, for any two weeks, also with languages that came and went."""
    rng = random.Random(9)
    tags = [f"l{n}" for n in range(40)]
    for _ in range(200):
        weeks = [{tag: Side(rng.randint(1, 10_000), rng.random()) for tag in rng.sample(tags, 30)} for _ in range(2)]
        found = decompose(*weeks)
        assert found is not None
        assert found.rates + found.mix == pytest.approx(found.after - found.before, abs=1e-12)


def test_a_mix_that_stays_moves_nothing() -> None:
    """Twice the traffic of each language is the same mix."""
    found = decompose({"en": Side(10, 0.9), "ko": Side(30, 0.7)}, {"en": Side(20, 0.9), "ko": Side(60, 0.6)})
    assert found is not None
    assert [(part.language, round(part.rate, 9), part.mix) for part in found.parts] == [("ko", -0.075, 0.0), ("en", 0.0, 0.0)]


def test_a_week_without_queries_has_no_change() -> None:
    """Nothing can be compared with nothing."""
    assert decompose({}, {"en": Side(10, 0.9)}) is None
    assert decompose({"en": Side(0, 0.0)}, {"en": Side(10, 0.9)}) is None
