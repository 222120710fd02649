"""Rows of made-up traffic: exact, and without chance."""

from collections.abc import Sequence
from typing import Any

import pytest

from agent.alerting.measures import Quality, Thresholds, first_hit_bin, readings
from agent.alerting.sums import Minute
from agent.rule_tests.suite import SERIES
from agent.rule_tests.traffic import Stream, read_by, rows
from tests.alerting.traffic import MICRO, key

QUALITY = Quality(hit_threshold=Thresholds(0.35))


def stream(kind: str = "cosine", **said: Any) -> Stream:
    """German, as a test file says it."""
    return Stream(key(kind=kind), **{name: SERIES[name](value) for name, value in said.items()})


def made(*streams: Stream) -> Sequence[list[Minute]]:
    """The rows of each minute from 100 on."""
    return list(rows(streams, 100, read_by(streams, QUALITY)))


def total(measure: str, *streams: Stream) -> tuple[int, float, float]:
    """Values, sum and sum of squares of a measure over all minutes, as the rules read them."""
    found = [
        one.sums
        for minute in made(*streams)
        for row in minute
        for one in readings(row, first_hit_bin(row.key, read_by(streams, QUALITY)))
        if one.measure == measure
    ]
    return sum(one.n for one in found), sum(one.total for one in found) / MICRO, sum(one.squares for one in found) / MICRO


@pytest.mark.parametrize("rate", [0.0, 0.07, 0.5, 0.9, 0.999, 1.0])
@pytest.mark.parametrize("queries", ["3x1000", "20x1000", ".25x4000"])
def test_a_rate_is_exact_over_time(rate: float, queries: str) -> None:
    """What does not divide is carried, so that a thousand queries at .9 have 900 hits."""
    n, hits, _ = total("hit_rate", stream(queries=queries, hit_rate=rate))
    assert n == {"3x1000": 3000, "20x1000": 20_000, ".25x4000": 1000}[queries]
    assert hits == pytest.approx(n * rate, abs=1e-6)


def test_no_minute_has_more_hits_than_queries() -> None:
    """Nor less than none, however rates and volumes change."""
    for minute in made(stream(queries="3x50 0x5 1x50 .1x100 7x50", hit_rate=".95x55 1x100 0x20 .333", recall=".5", labelled=".4")):
        for row in minute:
            assert min(row.score_hist.values()) >= 0
            assert sum(row.score_hist.values()) == row.scored == row.events
            assert 0 <= row.recall_sum // MICRO <= row.labelled <= row.events


def test_hits_are_spread() -> None:
    """Twenty queries at .9 have eighteen hits every minute; at .88 seventeen or eighteen."""
    hits = [row.score_hist[50] for (row,) in made(stream(queries="20x10", hit_rate=".9x5 .88x5"))]
    assert hits == [18] * 5 + [17, 18, 17, 18, 18]


def test_a_minute_without_queries_has_no_row() -> None:
    """A silent language is not there, while others are."""
    german, quiet = stream(queries="2x3"), stream(queries="1x1 0x3 1x1")._replace(key=key("ko"))
    assert [[row.key.language for row in minute] for minute in made(german, quiet)] == [["de", "ko"], ["de"], ["de"], [], ["ko"]]


def test_without_labels_and_scores_there_is_only_volume() -> None:
    """What a log does not say is not made up."""
    quiet = stream(queries="20x1")
    ((row,),) = made(quiet)
    assert [one.measure for one in readings(row, first_hit_bin(row.key, read_by([quiet], QUALITY)))] == ["has_results"]
    assert (row.minute, row.events, row.scored, row.labelled) == (100, 20, 0, 0)


def test_a_mean_score_without_a_hit_rate_is_that_of_every_query() -> None:
    """So it lies in one bin, without variance."""
    ((row,),) = made(stream(queries="20x1", similarity=0.2))
    assert (row.score_hist, row.score_sum, row.score_sq) == ({20: 20}, 4 * MICRO, 800_000)


def test_hits_and_a_mean_score_stand_side_by_side() -> None:
    """Hits lie .15 above the threshold and misses as far below; the mean is the one that is asked for."""
    n, hits, _ = total("hit_rate", stream(queries="100x10", hit_rate=0.8, similarity=0.6))
    assert (n, hits) == (1000, 800)
    n, score, squares = total("similarity_mean", stream(queries="100x10", hit_rate=0.8, similarity=0.6))
    assert score / n == pytest.approx(0.6)
    assert squares / n - 0.6**2 == pytest.approx(0.3**2 * 0.8 * 0.2)
    assert total("similarity_mean", stream(queries="100x10", hit_rate=0.8))[1] == pytest.approx(800 * 0.5 + 200 * 0.2)


def test_scores_of_another_kind_have_hits_too() -> None:
    """BM25 has no cosine bins."""
    assert total("hit_rate", stream("bm25", queries="10x10", hit_rate=0.7))[:2] == (100, 70)


def test_labels_are_a_share_of_the_queries() -> None:
    """All of them where nothing is said, and none where recall is none."""
    assert total("recall_at_k", stream(queries="20x10", recall=0.9, labelled=0.5)) == (100, 90, 90)
    assert total("recall_at_k", stream(queries="20x10", recall="_x5 .9")) == (100, 90, 90)


def test_a_language_of_which_no_hits_are_said_has_no_threshold() -> None:
    """Else its queries would all be misses; one that hits on its old version can miss on the new one."""
    german, korean = stream(queries="20x1", hit_rate=0.9), stream(queries="20x1", similarity=0.2)._replace(key=key("ko"))
    bare = stream(queries="20x1")._replace(key=key(version="v43"))
    found = read_by([german, korean, bare], QUALITY).hit_threshold
    assert (found.of(german.key), found.of(korean.key), found.of(bare.key)) == (0.35, None, 0.35)
