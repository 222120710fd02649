"""Rows by language and pair, what is kept for comparisons, and two searches beside each other."""

from collections.abc import Sequence

import numpy as np
import pytest

from agent.probing.golden.dataset import Query
from agent.probing.golden.figures import Ranked, values_of
from agent.probing.golden.result import Failure, Outcome, differences, entries, languages, pairs, warnings
from agent.probing.scores import Group, query_key, scores_of
from agent.store.memory import MemoryJournal
from tests.probing.golden.builders import NOW, query

AT = NOW.replace(microsecond=123_000)
FOUND, MISSED = ["hit"], ["other"]


def asked(name: str, language: str, documents: str, found: Sequence[str]) -> Ranked:
    """A query that found its document, or did not."""
    return Ranked(query(name, language, {"hit": 1}, documents), found)


def outcome(*ranked: Ranked, failed: Sequence[tuple[Query, str]] = (), depth: int = 100) -> Outcome:
    """A run with these answers."""
    return Outcome(ranked, values_of(ranked, depth), [Failure(*each) for each in failed], depth)


ALL = outcome(
    asked("a", "en", "ko", FOUND),
    asked("b", "en", "ko", FOUND),
    asked("c", "ko", "en", MISSED),
    asked("d", "ko", "ko", FOUND),
    asked("e", "ko", "", FOUND),
)


def test_languages_have_same_and_cross_language_beside_the_whole() -> None:
    """Documents of several languages are in neither; a column without queries is null."""
    english, korean = languages(ALL)
    assert (english["language"], english["n"], english["failed"], english["recall_at_10"]) == ("en", 2, 0, 1.0)
    assert (english["same_language"], english["cross_language"]["n"]) == (None, 2)
    assert (korean["n"], korean["recall_at_10"]) == (3, pytest.approx(2 / 3))
    sides = [(korean[name]["n"], korean[name]["recall_at_10"]) for name in ("same_language", "cross_language")]
    assert sides == [(1, 1.0), (1, 0.0)]
    assert korean["ci95"]["recall_at_10"] == pytest.approx([0.2077, 0.9385], abs=1e-4)


def test_both_directions_of_a_pair_are_apart() -> None:
    """Korean documents for English queries, and English ones for Korean queries, have nothing in common."""
    found = [(row["query_language"], row["document_language"], row["n"], row["recall_at_10"]) for row in pairs(ALL)]
    assert found == [("en", "ko", 2, 1.0), ("ko", "en", 1, 0.0), ("ko", "ko", 1, 1.0)]


@pytest.mark.parametrize(("failed", "told"), [(1, True), (2, False)])
def test_a_language_that_fails_too_often_has_no_figures(failed: int, told: bool) -> None:  # noqa: FBT001 - a table's column
    """One of twenty is five percent, which is borne; two of twenty-one are not: null, never zero, and in no pair or comparison."""
    ranked = [asked(f"q{n}", "de", "en", FOUND) for n in range(19)]
    lost = [(query(f"f{n}", "de"), "no answer") for n in range(failed)]
    found = outcome(*ranked, asked("x", "en", "en", FOUND), failed=lost)
    german = languages(found)[0]
    assert (german["n"], german["failed"], german["recall_at_10"]) == (19, failed, 1.0 if told else None)
    assert german["reason"] == (None if told else "2 of 21 queries failed, more than 5%")
    assert (german["cross_language"] is not None) == told
    journal = MemoryJournal()
    journal.write(entries(found, "r1", AT))
    groups = {"de"} if told else set()
    assert {row["query_language"] for row in pairs(found)} == {"en"} | groups
    assert {group.language for group in scores_of(journal, "r1", AT)} == {"en"} | groups
    assert {row["language"] for row in differences(found, found)} == {"en"} | groups


def test_a_language_without_any_answer_is_there() -> None:
    """It is not forgotten."""
    [row] = languages(outcome(failed=[(query("q1", "lo"), "no answer")]))
    assert (row["language"], row["n"], row["failed"], row["ndcg_at_10"]) == ("lo", 0, 1, None)
    assert row["reason"] == "1 of 1 queries failed, more than 5%"


def test_scores_are_kept_query_by_query() -> None:
    """In the groups of language and document language, under the keys that pair two runs, to a millionth."""
    journal = MemoryJournal()
    journal.write(entries(ALL, "r1", AT))
    found = scores_of(journal, "r1", AT)
    assert sorted(found) == [Group("en", "ko"), Group("ko", ""), Group("ko", "en"), Group("ko", "ko")]
    english = found[Group("en", "ko")]
    assert english.queries.tolist() == [query_key("en", f"text of {name}", ["hit"]) for name in "ab"]
    assert {name: values.tolist() for name, values in english.measures.items()} == {
        name: [1.0, 1.0] for name in ("ndcg@10", "mrr@10", "recall@10", "recall@100")
    }
    assert found[Group("ko", "en")].measures["mrr@10"] == np.array([0.0])
    assert scores_of(journal, "r2", AT) == {}


def test_what_weakens_the_figures_is_said() -> None:
    """Failures by their reason with their ids, measures that look too deep, a search that gives fewer than they look at."""
    failed = [(query("f1"), "no answer"), (query("f2"), "answers 500"), (query("f3"), "no answer")]
    assert list(warnings(outcome(asked("a", "en", "en", FOUND), failed=failed, depth=50))) == [
        "failed, and count neither as found nor as missed, since answers 500 (1): f2",
        "failed, and count neither as found nor as missed, since no answer (2): f1, f3",
        "not measured, since only 50 results were asked for: recall@100",
        "no search gave more than 1 results, so that recall@10 is that of 1",
    ]
    deep = asked("a", "en", "en", [f"d{n}" for n in range(100)])
    assert list(warnings(outcome(deep))) == []


def test_two_searches_side_by_side() -> None:
    """By the queries that both answered; what the second gains is positive."""
    first = outcome(*(asked(f"q{n}", "en", "en", MISSED) for n in range(4)), asked("k", "ko", "ko", FOUND))
    second = outcome(*(asked(f"q{n}", "en", "en", FOUND if n else MISSED) for n in (3, 0, 1)), asked("k", "ko", "ko", FOUND))
    english, korean = differences(first, second)
    assert (english["language"], english["n"], english["recall_at_10"]) == ("en", 3, pytest.approx(2 / 3))
    assert english["ci95"]["recall_at_10"] == pytest.approx([-0.7676, 2.1009], abs=1e-4)  # 2/3 ± 4.3027 x .57735 / sqrt(3)
    assert (korean["recall_at_10"], korean["ci95"]["recall_at_10"]) == (0.0, None)
    assert differences(first, outcome()) == []
