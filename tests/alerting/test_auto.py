"""The threshold that nobody has set: learned from the first best scores of the reference languages, and then never again."""

import random
from collections.abc import Iterable

import pytest

from agent.aggregate.histogram import first_bin_at
from agent.alerting.auto import Learned, Learner
from agent.alerting.measures import Quality, Thresholds
from agent.alerting.minutes import start_of
from agent.alerting.sums import Minute
from tests.alerting.traffic import MONDAY, key, row

AUTO = Thresholds("auto")
GERMAN = Quality(hit_threshold=AUTO, reference=("de",))
TENTHS = {10: 10, 20: 10, 30: 10, 40: 10, 50: 60}  # a fifth of them lies in the bins up to .20


def scored(minute: int, scores: dict[int, int], language: str = "de", model: str = "m1", kind: str = "cosine") -> Minute:
    """A minute of a language with these best scores by bin."""
    return row(MONDAY + minute, key(language, model=model, kind=kind), sum(scores.values()), 0)._replace(score_hist=scores)


def learned(rows: Iterable[Minute], quality: Quality = GERMAN, minutes: int = 100) -> list[Learned]:
    """What these minutes give, each time up to the next find."""
    left, learner = list(rows), Learner(quality, MONDAY)
    while learner.end < MONDAY + minutes:
        learner.take([each for each in left if each.minute >= learner.end], MONDAY + minutes)
    return list(learner.learned.values())


def test_a_fifth_of_the_first_thousand_scores_lies_below() -> None:
    """Whole minutes until there are a thousand, the last one included; what comes later is not asked."""
    rows = [*(scored(at, TENTHS) for at in range(9)), scored(9, {30: 150}), scored(10, {90: 5000})]
    assert learned(rows) == [Learned("m1", "cosine", 0.3, 1050, ("de",), start_of(MONDAY + 10))]


def test_the_threshold_is_the_lower_edge_of_a_bin() -> None:
    """Exactly a fifth lies in the bins up to .20: that is the bin, and it counts as a hit."""
    (one,) = learned(scored(at, TENTHS) for at in range(10))
    assert (one.threshold, one.scores, one.provisional) == (0.2, 1000, True)
    assert first_bin_at(one.threshold, "cosine") == 20


@pytest.mark.parametrize("kind", ["dot", "rerank", "rrf", "bm25", "unknown"])
def test_other_scores_are_cut_at_their_bins(kind: str) -> None:
    """On a scale without end as well: the threshold is where the very bin begins."""
    (one,) = learned(scored(at, {-70: 30, 120: 70}, kind=kind) for at in range(10))
    assert first_bin_at(one.threshold, kind) == -70
    (one,) = learned(scored(at, {-70: 10, 120: 90}, kind=kind) for at in range(10))
    assert first_bin_at(one.threshold, kind) == 120


def test_where_less_is_better_nothing_is_learned() -> None:
    """A distance has no hits."""
    assert learned(scored(at, TENTHS, kind="distance") for at in range(50)) == []


def test_less_than_a_thousand_scores_tell_nothing() -> None:
    """Nine hundred and ninety-nine."""
    assert learned([scored(0, {50: 999})]) == []
    assert len(learned([scored(0, {50: 1000})])) == 1


def test_only_reference_languages_are_read() -> None:
    """However many queries another one has."""
    rows = [each for at in range(10) for each in (scored(at, {50: 100}), scored(at, {10: 900}, "ko"))]
    (one,) = learned(rows)
    assert (one.threshold, one.scores, one.languages, one.at) == (0.5, 1000, ("de",), start_of(MONDAY + 10))


def test_without_reference_languages_the_three_largest_are_read() -> None:
    """Those with most scores so far; `und` is no language, and the fourth is not asked."""
    sizes = {"und": 900, "ko": 400, "de": 300, "fr": 300, "el": 299}
    (one,) = learned([scored(0, {size // 10: size}, tag) for tag, size in sizes.items()], Quality(hit_threshold=AUTO))
    assert (one.languages, one.scores, one.threshold) == (("ko", "de", "fr"), 1000, 0.3)


def test_each_model_and_score_kind_has_its_own() -> None:
    """Scores are compared within one of them only."""
    rows = [
        scored(0, {30: 1000}),
        scored(5, {40: 600}, model="m2"),
        scored(7, {45: 600}, model="m2"),
        scored(9, {9: 2000}, kind="bm25"),
    ]
    found = {one.scale: (one.threshold, one.at) for one in learned(rows)}
    assert found.keys() == {("m1", "cosine"), ("m2", "cosine"), ("m1", "bm25")}
    assert found["m1", "cosine"] == (0.3, start_of(MONDAY + 1))
    assert found["m2", "cosine"] == (0.4, start_of(MONDAY + 8))


@pytest.mark.parametrize(
    ("thresholds", "models"),
    [
        (Thresholds(0.35), []),
        (Thresholds(0.35, models={"m1": "auto"}), ["m1"]),
        (Thresholds("auto", models={"m1": 0.35}), ["m2"]),
        (Thresholds(0.35, languages={"ko": "auto"}), ["m1", "m2"]),
        (Thresholds(0.35, collections={"kb": "auto"}), ["m1", "m2"]),
        (Thresholds("auto", learned={("m1", "cosine"): 0.3}), ["m2"]),
        (Thresholds("auto"), ["m1", "m2"]),
    ],
)
def test_what_is_set_or_known_is_not_learned(thresholds: Thresholds, models: list[str]) -> None:
    """Only a model of which some window may have no threshold else, and each once."""
    rows = [scored(0, {30: 1000}), scored(1, {40: 1000}, model="m2")]
    found = learned(rows, Quality(hit_threshold=thresholds, reference=("de",)))
    assert [one.embedding_model for one in found] == models


@pytest.mark.parametrize("size", [1, 7, 60])
def test_neither_the_order_within_a_minute_nor_the_stretch_matters(size: int) -> None:
    """Shuffled rows, taken a few minutes at a time: the same threshold at the same minute."""
    chance = random.Random(size)
    rows = [scored(at, {bin_: chance.randrange(9)}, tag) for at in range(60) for bin_ in range(20, 60) for tag in ("de", "fr")]
    whole = learned(rows)
    assert len(whole) == 1
    shuffled = sorted(chance.sample(rows, len(rows)), key=lambda each: each.minute)
    learner = Learner(GERMAN, MONDAY)
    for first in range(MONDAY, MONDAY + 60, size):
        while learner.end < min(first + size, MONDAY + 60):
            due = [each for each in shuffled if learner.end <= each.minute < first + size]
            learner.take(due, min(first + size, MONDAY + 60))
    assert list(learner.learned.values()) == whole
