"""What a row is judged by, and how far it moved."""

import pytest

from agent.report.pages.measure import LABELS, Figure, Move, chosen, figure, move
from agent.report.tables import Row


def row(**known: object) -> Row:
    """A row of the table, without any measure but those given."""
    bare: Row = {"events": 1000, "labelled": 0, "recall_at_k": None, "hit_rate": None, "similarity_mean": None, "hit_source": None}
    return {**bare, "ci95": {}, **known}


@pytest.mark.parametrize(
    ("known", "name"),
    [
        ({"labelled": LABELS, "recall_at_k": 0.9, "hit_rate": 0.8, "similarity_mean": 0.6}, "recall_at_k"),
        ({"labelled": LABELS - 1, "recall_at_k": 0.9, "hit_rate": 0.8}, "hit_rate"),
        ({"labelled": 3, "recall_at_k": 0.9, "similarity_mean": 0.6}, "similarity_mean"),
        ({"labelled": 3, "recall_at_k": 0.9}, "recall_at_k"),
        ({}, None),
    ],
)
def test_labels_come_first_where_there_are_enough(known: dict[str, object], name: str | None) -> None:
    """Then scores against a threshold, then bare scores, then a few labels."""
    assert chosen(row(**known)) == name


def test_a_figure_says_what_it_rests_on() -> None:
    """Labels with their number; scores with how well they tell hits from misses."""
    labelled = figure(row(labelled=1204, recall_at_k=0.9), "recall_at_k")
    scored = figure(row(hit_rate=0.8, hit_source="weak", ci95={"hit_rate": (0.7, 0.9)}), "hit_rate")
    assert labelled is not None
    assert (labelled.n, labelled.rests_on) == (1204, "1,204 labelled queries")
    assert scored == Figure("hit_rate", 0.8, (0.7, 0.9), 1000, "scores that hardly tell hits from misses")


def test_a_move_has_the_interval_of_newcombe() -> None:
    """56 of 70 against 48 of 80: .2 with .0524 to .3339 (Newcombe 1998, table II, method 10)."""
    now = Figure("recall_at_k", 56 / 70, (0.6917, 0.8772), 70, "")
    before = Figure("recall_at_k", 48 / 80, (0.4904, 0.7003), 80, "")
    found = move(now, before)
    assert found is not None
    assert found.ci95 is not None
    assert (found.by, *found.ci95) == pytest.approx((0.2, 0.0524, 0.3339), abs=2e-4)
    assert found.word == "better"


@pytest.mark.parametrize(
    ("ci95", "word"),
    [((-0.1, -0.01), "worse"), ((0.01, 0.1), "better"), ((-0.1, 0.1), "no clear change"), (None, "no clear change")],
)
def test_only_an_interval_without_nought_has_a_word(ci95: tuple[float, float] | None, word: str) -> None:
    """Whatever the difference is."""
    assert Move(-0.05, ci95).word == word


def test_nothing_before_is_no_move() -> None:
    """Nor is another measure: recall minus a hit rate is nothing."""
    now = Figure("recall_at_k", 0.9, None, 10, "")
    assert move(now, None) is None
    assert move(now, now._replace(name="hit_rate")) is None
    assert move(now, now) == Move(0.0, None)
