"""The floor: from best scores, from a search, and the files it is measured with."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from agent.errors import Misconfigured
from agent.probing.base import Hit
from agent.probing.separation.floor import Floor, best_scores, corpus_of, floor_of, lines_of


def test_the_floor_is_the_median() -> None:
    """And the cut-off what 5 % reach: of forty queries the two best may."""
    best = np.array([0.2, 0.21, 0.22] * 13 + [0.5])
    assert floor_of(best, "index") == Floor(pytest.approx(0.21), 0.23, "index", 40)  # type: ignore[arg-type]  # approx stands for a number


def test_a_search_that_answers_some_queries_with_nothing_has_a_floor() -> None:
    """Nothing lies below every score; where most queries find nothing there is no floor to tell."""
    assert floor_of(np.array([-np.inf] * 4 + [0.3] * 5), "index").value == 0.3
    assert floor_of(np.array([-np.inf] * 5 + [0.3] * 4), "index") == Floor(None, None, "index", 9)
    assert floor_of(np.array([]), "lists") == Floor(None, None, "lists", 0)


def test_the_best_score_counts_wherever_it_stands() -> None:
    """A service that ranks again does not always put it first."""
    answers = {"a": [Hit("1", 0.2), Hit("2", 0.4)], "b": [Hit("1"), Hit("2", 0.1)], "c": []}
    assert best_scores(lambda query: answers[query], ["a", "b", "c"]).tolist() == [0.4, 0.1, -np.inf]


@pytest.mark.parametrize(
    ("hits", "expected"),
    [([Hit("1")], "expected results with a score"), ([Hit("1", 14.2)], "expected cosine similarities.*found a score of 14.2")],
)
def test_scores_that_are_no_cosines_are_refused(hits: Sequence[Hit], expected: str) -> None:
    """A floor of BM25 scores, or of none, would be a wrong figure."""
    with pytest.raises(Misconfigured, match=expected):
        best_scores(lambda _: hits, ["a"])


def test_a_corpus_is_lines_or_beir(tmp_path: Path) -> None:
    """A title stands before its text, as BEIR's own reader has it; empty lines are nothing."""
    lines, beir = tmp_path / "c.txt", tmp_path / "corpus.jsonl"
    lines.write_text("one\n\n two \n", encoding="utf-8")
    beir.write_text('{"_id": "1", "title": "T", "text": "one"}\n\n{"_id": "2", "text": "two"}\n', encoding="utf-8")
    assert corpus_of(lines) == ("one", "two")
    assert corpus_of(beir) == ("T one", "two")


def test_mistakes_in_a_corpus_have_lines(tmp_path: Path) -> None:
    """Each line that is no document is told."""
    beir = tmp_path / "corpus.jsonl"
    beir.write_text('{"text": "one"}\n{"title": "x"}\nnonsense\n', encoding="utf-8")
    with pytest.raises(Misconfigured) as told:
        corpus_of(beir)
    assert [str(each) for each in told.value.mistakes] == [f"{beir}:{n}: expected a JSON object with a text" for n in (2, 3)]
    empty = tmp_path / "empty.txt"
    empty.write_text("\n\n", encoding="utf-8")
    with pytest.raises(Misconfigured, match="expected texts, found none"):
        lines_of(empty)
