"""Where set and traffic differ, and how a budget is shared out."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.probing.golden.coverage import coverage, filled, rounded
from agent.probing.golden.dataset import Dataset
from tests.aggregate.builders import patient
from tests.probing.golden.builders import dataset, query


def traffic(*rows: tuple[str, str, int]) -> list[dict[str, Any]]:
    """Rows of the table of pairs."""
    return [{"language": language, "document_language": documents, "queries": n} for language, documents, n in rows]


def labelled(*pairs: tuple[str, str, int]) -> Dataset:
    """A set with so many queries of each pair."""
    named = (
        query(f"{language}-{documents}-{n}", language, None, documents) for language, documents, many in pairs for n in range(many)
    )
    return dataset(*named)


def test_shares_of_traffic_and_set_stand_beside_each_other() -> None:
    """Both directions apart; pairs with traffic and under a hundred queries are named, and those without traffic are not."""
    asked = traffic(("en", "en", 600), ("ko", "en", 300), ("en", "ko", 100), ("und", "en", 500), ("mul", "en", 5))
    told = coverage(asked, labelled(("en", "en", 150), ("ko", "en", 40), ("de", "de", 10)), budget=200)
    found = [
        (row["query_language"], row["document_language"], row["traffic_share"], row["judged"], row["set_share"], row["enough"])
        for row in told["pairs"]
    ]
    assert found == [
        ("en", "en", 0.6, 150, 0.75, True),
        ("ko", "en", 0.3, 40, 0.2, False),
        ("en", "ko", 0.1, 0, 0.0, False),
        ("de", "de", 0.0, 10, 0.05, True),
    ]


def test_the_budget_goes_where_most_is_missing() -> None:
    """In proportion to the square root of the traffic, what is labelled counted in: 24.5, 17.3, 10 parts of 390 queries."""
    asked = traffic(("en", "en", 600), ("ko", "en", 300), ("en", "ko", 100))
    told = coverage(asked, labelled(("en", "en", 150), ("ko", "en", 40)), budget=200)
    assert told["label_next"] == [
        {"query_language": "ko", "document_language": "en", "queries": 91},
        {"query_language": "en", "document_language": "ko", "queries": 75},
        {"query_language": "en", "document_language": "en", "queries": 34},
    ]


def test_documents_whose_language_the_log_does_not_tell_are_any() -> None:
    """Then the queries of a language count whatever their documents are in; those of unknown documents count there, too."""
    told = coverage(traffic(("ko", "und", 50), ("en", "", 50)), labelled(("ko", "en", 120), ("en", "", 30)), budget=10)
    found = {(row["query_language"], row["document_language"]): (row["judged"], row["enough"]) for row in told["pairs"]}
    assert found == {("ko", "und"): (120, True), ("en", "und"): (30, False), ("ko", "en"): (120, True)}
    assert told["label_next"] == [{"query_language": "en", "document_language": "und", "queries": 10}]


def test_without_traffic_there_is_nothing_to_label() -> None:
    """The set is shown all the same."""
    told = coverage([], labelled(("ko", "en", 3)), budget=10)
    assert told["label_next"] == []
    assert [(row["judged"], row["traffic_share"], row["enough"]) for row in told["pairs"]] == [(3, None, True)]


PAIRS = st.lists(st.tuples(st.integers(1, 10**6), st.integers(0, 500)), min_size=1, max_size=12)


@patient
@given(PAIRS, st.integers(1, 5000))
def test_water_filling(pairs: Sequence[tuple[int, int]], budget: int) -> None:
    """All of the budget is shared out; who gets something stands at one level, who gets nothing stands above it."""
    weights, there = [weight**0.5 for weight, _ in pairs], [n for _, n in pairs]
    parts = filled(weights, there, budget)
    assert sum(parts) == pytest.approx(budget)
    levels = [(n + part) / weight for weight, n, part in zip(weights, there, parts, strict=True)]
    lowest = min(levels)
    assert all(level == pytest.approx(lowest) or part == 0 for level, part in zip(levels, parts, strict=True))
    whole = rounded(parts)
    assert sum(whole) == budget
    assert all(abs(n - part) < 1 for n, part in zip(whole, parts, strict=True))
