"""The words for changes, beside numbers worked by hand."""

from math import erfc, sqrt

import pytest

from agent.alerting.statistics import MICRO, Noise, Sums
from agent.report.weekly.changes import Found, comparable, difference, labels_moved, overall, word, worded
from agent.report.weekly.model import Word
from agent.report.weekly.readings import Key

RECALL = Key("recall_at_k", ("", ""))
HITS = Key("hit_rate", ("mini", "cosine"))
QUIET = Noise(1.5, 0.0)
NINE: list[Word] = ["better"] * 9


def hits(n: int, rate: float) -> Sums:
    """So many queries, of which this share hit."""
    return Sums(n, round(n * rate) * MICRO, round(n * rate) * MICRO)


def test_the_error_has_design_effect_and_wobble() -> None:
    """By hand: 80 of 100 before, 600 of 1,000 now. The window's own share is 601 / 1,002 = .5998, v = .24004; before v_b = .16.

    se^2 = 1.5 (.24004 / 1000 + .16 / 100) + .02^2 = .00036006 + .0024 + .0004 = .00316006; se = .056214; z = -.2 / .056214 = -3.5578.
    """
    found, _ = difference(hits(1000, 0.6), hits(100, 0.8), Noise(1.5, 0.02))
    assert (found.before, found.n_before) == (0.8, 100)
    assert found.change == pytest.approx(-0.2)
    assert found.se == pytest.approx(0.056214, abs=1e-6)
    assert found.p_value == pytest.approx(erfc(3.55783 / sqrt(2)), rel=1e-3)


def test_words_are_corrected_for_all_comparisons() -> None:
    """P = .01 is a word alone; beside four others it is .05 by Holm, and none. The sure one keeps its word."""
    sure, likely, others = found(-0.2, 5.0), found(-0.05, 2.5758), [found(0.0, 0.0)] * 3
    assert [one.word for one in worded([likely])] == ["worse"]
    told = worded([sure, likely, *others, found(0.0, 0.0)])
    assert [one.word for one in told] == ["worse", *["no clear change"] * 5]
    assert told[1].p_adjusted == pytest.approx(0.05, rel=1e-3)


def found(change: float, z: float) -> Found:
    """A change that is so many standard errors long."""
    return Found(0.5, 100, change, abs(change) / z if z else 0.1, QUIET)


def test_less_than_half_a_point_is_no_clear_change() -> None:
    """However sure it is: with millions of queries everything differs."""
    assert (word(-0.0049, 1e-9), word(-0.0051, 1e-9), word(0.0051, 1e-9)) == ("no clear change", "worse", "better")


def test_worse_anywhere_is_worse() -> None:
    """Nine languages that rose do not outweigh one that fell."""
    assert overall([*NINE, "worse"]) == "worse"
    assert (overall(["better", "no clear change"]), overall(["no clear change"]), overall([])) == (
        "better",
        "no clear change",
        None,
    )


def test_scores_of_another_model_are_not_compared() -> None:
    """Labels have no model."""
    other = {Key("hit_rate", ("large", "cosine")): hits(100, 0.5), RECALL: hits(100, 0.5)}
    assert "another embedding model" in comparable(HITS, hits(100, 0.5), other)
    assert comparable(RECALL, hits(100, 0.5), other) == ""


def test_few_queries_are_compared_with_nothing() -> None:
    """On either side; so is what was not there."""
    assert comparable(RECALL, hits(49, 0.5), {RECALL: hits(100, 0.5)}) == "49 queries, 50 are needed in both"
    assert comparable(RECALL, hits(100, 0.5), {RECALL: hits(10, 0.5)}) == "10 queries, 50 are needed in both"
    assert comparable(RECALL, hits(100, 0.5), {}) == "not there before"


def test_labels_of_other_queries_are_not_compared() -> None:
    """From every query to one in two: other queries have labels now."""
    sides = hits(500, 0.5), hits(1000, 0.5)
    assert labels_moved(RECALL, sides, (1000, 1000)) == "the share of labelled queries went from 100.0 % to 50.0 %"
    assert labels_moved(HITS, sides, (1000, 1000)) == labels_moved(RECALL, sides, (500, 1000)) == ""
