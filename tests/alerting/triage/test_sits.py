"""Where a fall sits: shares that add up, and a sentence only where a part stands out."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from agent.alerting.incident import Part
from agent.alerting.statistics import Sums
from agent.alerting.triage.sits import bearer, compared, sentence, shares, worth_telling

MICRO = 1_000_000


def hits(n: int, share: float) -> Sums:
    """So many queries, so large a share of them hits."""
    return Sums(n, round(n * share) * MICRO, round(n * share) * MICRO)


def test_one_collection_bears_the_fall() -> None:
    """A fifth of the queries fell 20 points, the rest one: 4 of 4.8 points are theirs."""
    now = {"kb-ko": hits(200, 0.7), "kb-en": hits(800, 0.89)}
    before = {"kb-ko": hits(2000, 0.9), "kb-en": hits(8000, 0.9)}
    found = shares("collection", now, before)
    assert [(part.value, round(part.share, 4), part.of_queries) for part in found] == [
        ("kb-ko", 0.8333, 0.2),
        ("kb-en", 0.1667, 0.8),
    ]
    assert sentence(found) == "Collection kb-ko bears 83 % of the fall with 20 % of the queries."


def test_traffic_that_moves_to_a_harder_collection_is_no_fall() -> None:
    """Each part is compared with itself: the mean falls by 20 points, no part does."""
    now = {"easy": hits(200, 0.9), "hard": hits(800, 0.6)}
    before = {"easy": hits(800, 0.9), "hard": hits(200, 0.6)}
    assert sum(part.fell for part in compared(now, before)) == pytest.approx(0)
    assert shares("collection", now, before) == ()


def test_a_part_that_improved_is_negative() -> None:
    """Then another one bears more than all of it, and the sentence says so."""
    now = {"v42": hits(500, 0.7), "v41": hits(500, 0.95)}
    before = {"v41": hits(1000, 0.9)}
    found = shares("version", now, before)
    assert [(part.value, round(part.share, 3)) for part in found] == [("v42", 1.333), ("v41", -0.333)]
    assert sentence(found) == "Version v42 bears all of the fall with 50 % of the queries; the rest improved."


def test_a_part_that_falls_like_its_queries_is_not_named() -> None:
    """All collections fell alike: where it sits is nowhere."""
    now, before = {"a": hits(800, 0.8), "b": hits(200, 0.8)}, {"a": hits(800, 0.9), "b": hits(200, 0.9)}
    assert sentence(shares("collection", now, before)) == ""


def test_without_two_parts_or_without_a_before_there_are_no_shares() -> None:
    """One part bears all of it, which says nothing; what was never seen before is compared with nothing."""
    assert shares("version", {"v42": hits(100, 0.5)}, {"v41": hits(100, 0.9)}) == ()
    assert shares("version", {"a": hits(9, 0.5), "b": hits(9, 0.5)}, {}) == ()
    assert shares("version", {}, {"v41": hits(100, 0.9)}) == ()
    assert sentence(()) == ""


def test_a_document_language_has_its_name_and_a_name_from_the_log_is_one_line() -> None:
    """Values come from a log that anyone may write into."""
    assert sentence([Part("document_language", "en", 0.9, 0.3)]).startswith("Documents in English bears 90 %")
    assert "\n" not in sentence([Part("collection", "kb\nko", 0.9, 0.3)])


def test_few_rows_are_told() -> None:
    """At most three, none that bears next to nothing."""
    many = [Part("collection", f"c{n}", share, 0.2) for n, share in enumerate([0.5, 0.3, 0.2, 0.1, -0.1])]
    assert [part.share for part in worth_telling(many)] == [0.5, 0.3, 0.2]
    assert [part.share for part in worth_telling([Part("version", "a", 0.95, 0.5), Part("version", "b", 0.05, 0.5)])] == [0.95]


parts = st.dictionaries(
    st.sampled_from("abcdef"), st.tuples(st.integers(1, 5000), st.floats(0, 1)).map(lambda one: hits(*one)), min_size=2
)


@given(parts, parts)
def test_shares_sum_to_one(now: dict[str, Sums], before: dict[str, Sums]) -> None:
    """Whatever moved where, the parts are the whole."""
    found = shares("collection", now, before)
    assume(found and sum(part.fell for part in compared(now, before)) > 1e-6)
    assert sum(part.share for part in found) == pytest.approx(1)
    assert sum(part.of_queries for part in found) == pytest.approx(1)


def test_the_bearer_is_the_part_that_stands_out_or_the_only_one() -> None:
    """A part that got worse or came new and bad; of one part it is all; others may have improved meanwhile."""
    good, poor = hits(500, 0.9), hits(500, 0.6)
    cases = [({"a": poor, "b": good}, {"a": good, "b": good}), ({"a": poor}, {"a": good}), ({"a": poor, "b": good}, {"b": good})]
    found = [bearer(*case) for case in cases]
    assert [name for name, _ in found] == ["a", "a", "a"]
    assert [share for _, share in found] == pytest.approx([1, 1, 1])
    _, share = bearer({"a": poor, "b": good}, {"a": good, "b": hits(500, 0.8)})
    assert share == pytest.approx(1.5)


def test_nobody_bears_what_all_share_or_what_moved() -> None:
    """All fell alike, nothing fell, nothing is known, or the traffic moved to a part that was worse all along."""
    good, poor = hits(500, 0.9), hits(500, 0.6)
    nobody = ("", 0.0)
    assert bearer({"a": poor, "b": poor}, {"a": good, "b": good}) == nobody
    assert bearer({"a": good}, {"a": poor}) == nobody
    assert bearer({"a": hits(100, 0.9), "b": hits(900, 0.59)}, {"a": hits(900, 0.9), "b": hits(100, 0.6)}) == nobody
    assert bearer({"a": poor}, {}) == bearer({}, {"a": good}) == nobody
