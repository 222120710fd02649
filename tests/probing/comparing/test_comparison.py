"""Two sides as a whole: pairing, what is counted, the order, and the document."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.alerting.holm import holm
from agent.errors import Misconfigured
from agent.probing.comparing.comparison import Asked, Row, compare
from agent.probing.comparing.metric import Metric, metric_of
from agent.probing.comparing.sides import Marks, averaged, by_language, paired
from agent.probing.comparing.verdict import Verdict
from agent.probing.scores import Group
from tests.probing.comparing.examples import BAD, EVERY_VERDICT, GOOD, RECALL, WOBBLY, compared, marks, side

CONTRACT = {
    *("language", "n", "baseline", "candidate", "drop", "ci95", "p_value", "p_adjusted", "verdict", "needed", "detectable"),
}


def test_each_verdict_stands_where_it_belongs() -> None:
    """The worst first, and one word for all."""
    found = compared(*EVERY_VERDICT)
    assert [(row.group.language, row.verdict.value) for row in found.rows] == [
        ("es", "fail"),
        ("zh", "inconclusive"),
        ("lo", "insufficient"),
        ("en", "pass"),
    ]
    assert found.verdict is Verdict.FAIL


def test_the_document_is_that_of_the_contract() -> None:
    """Plain JSON with every promised key, rates and falls in 0..1."""
    document = json.loads(json.dumps(compared(*EVERY_VERDICT).document("said")))
    assert (document["verdict"], document["metric"], document["max_drop"], document["summary"]) == (
        "fail",
        "recall@10",
        0.03,
        "said",
    )
    for row in document["languages"]:
        assert row.keys() >= CONTRACT
    spanish = document["languages"][0]
    assert (spanish["n"], spanish["baseline"], spanish["candidate"]) == pytest.approx((600, 1 / 2, 1 / 3))
    assert spanish["drop"] == pytest.approx(1 / 6)
    assert spanish["ci95"][0] < 1 / 6 < spanish["ci95"][1]


def test_p_values_are_adjusted_over_all_languages() -> None:
    """By Holm, and in the order of the languages whatever the order of the rows."""
    rows = {row.group.language: row.judged for row in compared(*EVERY_VERDICT).rows}
    found = [judged for judged in rows.values() if judged]
    assert [each.p_adjusted for each in found] == pytest.approx(holm([each.estimate.p_value for each in found]))
    assert len(found) == 4


def test_a_language_that_one_side_lacks_is_never_a_pass() -> None:
    """Its figures are unknown, which is not 0, and it takes no part in the adjustment of the others."""
    found = compared({"en": GOOD, "ko": GOOD}, {"en": GOOD})
    korean = next(row for row in found.rows if row.group.language == "ko")
    assert korean == Row(Group("ko"), Verdict.INSUFFICIENT, None, 600, 0)
    assert found.verdict is Verdict.INCONCLUSIVE
    row = next(row for row in found.document("")["languages"] if row["language"] == "ko")
    assert (row["n"], row["drop"], row["ci95"], row["unpaired"]) == (0, None, None, {"base": 600, "candidate": 0})


def test_nothing_in_common_is_a_mistake() -> None:
    """It says how much each side has."""
    with pytest.raises(Misconfigured, match=r"600 in base.jsonl and 30 in candidate.jsonl"):
        compared({"en": GOOD}, {"ko": [1.0] * 30})


def test_only_queries_of_both_sides_are_compared() -> None:
    """The others are counted, by side."""
    base, candidate = side("a", {}), side("b", {})
    base = base._replace(marks={Group("en"): marks([1.0] * 10)})
    candidate = candidate._replace(marks={Group("en"): marks([0.0] * 10, first=4)})
    [row] = compare(base, candidate, Asked(RECALL, 0.03)).rows
    assert (row.n, row.only_base, row.only_candidate) == (6, 4, 4)


def test_pairs_are_pairs_of_languages() -> None:
    """A fall in one of them shows beside one that is well; by language both are one row."""
    base = {("ko", "en"): GOOD, ("ko", "ko"): GOOD}
    candidate = {("ko", "en"): BAD, ("ko", "ko"): GOOD}
    found = compared(base, candidate, by="pair")
    rows = [(row["language"], row["document_language"], row["verdict"]) for row in found.document("")["languages"]]
    assert rows == [("ko", "en", "fail"), ("ko", "ko", "pass")]
    assert len(by_language(side("", base).marks)) == 1


def test_biased_sides_are_marked() -> None:
    """One is enough."""
    assert compared({"en": GOOD}, {"en": WOBBLY}, clicks=True).document("")["biased"]
    assert not compared({"en": GOOD}, {"en": WOBBLY}).document("")["biased"]


def test_repeated_queries_average_to_one() -> None:
    """However often a text was asked, it is one query."""
    found = averaged(np.array([7, 3, 7, 7], np.uint64), np.array([1.0, 0.5, 0.0, 0.5]))
    assert dict(zip(found.queries.tolist(), found.values.tolist(), strict=True)) == {3: 0.5, 7: 0.5}


keyed = st.dictionaries(st.integers(0, 2**64 - 1) | st.integers(0, 20), st.floats(0, 1), max_size=40)


@given(keyed, keyed)
def test_pairing_brings_the_same_queries_together(base: dict[int, float], candidate: dict[int, float]) -> None:
    """As a dictionary would do it."""
    found = paired(*(Marks(np.array(list(each), np.uint64), np.array(list(each.values()), float)) for each in (base, candidate)))
    common = sorted(base.keys() & candidate.keys())
    assert found.base.tolist() == [base[key] for key in common]
    assert found.candidate.tolist() == [candidate[key] for key in common]
    assert (found.only_base, found.only_candidate) == (len(base) - len(common), len(candidate) - len(common))


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_hundred_queries_with_twelve_points_less_never_pass(seed: int) -> None:
    """Lao falls by 12 points of 100 queries, twelve languages do not: the gate does not open for Lao."""
    random = np.random.default_rng(seed)
    base: dict[str, list[float]] = {f"l{number}": [*(random.random(100) < 0.7).astype(float)] for number in range(12)}
    lao = [0.0] * 12 + [1.0] * 68 + [0.0] * 20
    found = compared({**base, "lo": [1.0] * 80 + [0.0] * 20}, {**base, "lo": lao})
    assert next(row for row in found.rows if row.group.language == "lo").verdict is not Verdict.PASS
    assert found.verdict is not Verdict.PASS


@pytest.mark.parametrize(
    ("text", "metric"), [("ndcg@10", Metric("ndcg", 10)), ("mrr@1", Metric("mrr", 1)), ("recall@1000", Metric("recall", 1000))]
)
def test_metrics_are_read(text: str, metric: Metric) -> None:
    """And say their name again."""
    assert metric_of(text) == metric
    assert str(metric) == text


@pytest.mark.parametrize("text", ["ndcg", "map@10", "recall@0", "recall@1001", "recall@", "recall@1.5", "ndcg@10 "])
def test_what_is_no_metric_is_a_mistake(text: str) -> None:
    """It says which there are."""
    with pytest.raises(Misconfigured, match=r"--metric: expected ndcg@K, mrr@K or recall@K"):
        metric_of(text)


@pytest.mark.parametrize(("metric", "value"), [("recall@1", 0.0), ("recall@2", 0.5), ("mrr@10", 0.5)])
def test_a_metric_has_its_depth(metric: str, value: float) -> None:
    """Of two relevant documents one is found, at the second rank."""
    assert metric_of(metric).of(["a", "b", "c"], {"b": 1.0, "z": 1.0}) == value
