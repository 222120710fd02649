"""From sums to rows: rates and intervals, and null wherever nothing is known."""

import json
from math import sqrt
from typing import Any

import pytest
from msgspec.structs import replace

from agent.aggregate.histogram import MICRO, latency_bin
from agent.aggregate.measures import Measures
from agent.alerting.measures import Quality, Thresholds
from agent.records import WindowKey
from agent.report import tables
from agent.store.base import Total
from tests.notify.examples import KOREAN

MEASURES = ("hit_rate", "zero_result_rate", "error_rate", "similarity_mean", "recall_at_k", "mrr_at_k", "ndcg_at_k")
KEY = WindowKey("", "", "kb", "ko", "", "mini", "", "cosine")
AT_35 = Quality(hit_threshold=Thresholds(default=0.35))


def total(key: WindowKey = KEY, /, **sums: Any) -> Total:
    """The sums of one key."""
    return Total(key, Measures(**sums))


def scored(*hundredths: int, key: WindowKey = KEY, **more: Any) -> Total:
    """Events with these best scores."""
    histogram = {score: hundredths.count(score) for score in hundredths}
    sums = {
        "events": len(hundredths),
        "queries": MICRO * len(hundredths),
        "scored": len(hundredths),
        "score_sum": sum(hundredths) * MICRO // 100,
        "score_sq": sum(score**2 for score in hundredths) * MICRO // 10_000,
        "score_hist": histogram,
    }
    return total(key, **(sums | more))


def row_of(*totals: Total, quality: Quality = AT_35, shown: tuple[str, ...] = ("language",)) -> dict[str, Any]:
    """The one row of these sums."""
    (row,) = tables.rows(totals, shown, quality)
    return row


def test_a_row_has_every_field_of_the_contract() -> None:
    """Scripts rely on them, also where a part is not built yet and they are null."""
    assert list(row_of(scored(40))) == [
        *("language", "queries", "events", "hit_rate", "hit_threshold", "hit_source", "zero_result_rate", "error_rate"),
        *("similarity_mean", "labelled", "k", "recall_at_k", "mrr_at_k", "ndcg_at_k"),
        *("translation", "translation_low", "ci95", "latency_p50_ms", "latency_p95_ms", "state", "detectable", "watched_by"),
    ]


def test_nothing_is_null_and_never_zero() -> None:
    """A language of which only synthetic traffic is known has no rates at all."""
    row = row_of(total(synthetic=5))
    assert {name: row[name] for name in MEASURES} == dict.fromkeys(MEASURES)
    assert (row["latency_p50_ms"], row["latency_p95_ms"], row["translation"], row["ci95"]) == (None, None, None, {})
    assert (row["events"], row["queries"], row["labelled"]) == (0, 0, 0)


def test_zero_is_a_value() -> None:
    """All answered, none hit, no error: 0 and not null, with an interval."""
    row = row_of(scored(10, 20, 30, labelled=3))
    zeros = ("hit_rate", "zero_result_rate", "error_rate", "recall_at_k", "mrr_at_k", "ndcg_at_k")
    assert {name: row[name] for name in zeros} == dict.fromkeys(zeros, 0.0)
    assert all(row["ci95"][name][0] == 0 < row["ci95"][name][1] < 1 for name in zeros)


def test_only_errors_leave_the_error_rate() -> None:
    """What failed was not answered: it is no miss and no zero result."""
    row = row_of(total(events=4, errors=4))
    assert row["error_rate"] == 1
    assert (row["hit_rate"], row["zero_result_rate"], row["similarity_mean"]) == (None, None, None)


def test_zero_results_are_misses() -> None:
    """Hits are a share of all that was answered, scores a mean of what was scored."""
    row = row_of(scored(35, 36, 34, events=6, errors=1, zero_results=2))
    assert row["hit_rate"] == pytest.approx(2 / 5)
    assert row["zero_result_rate"] == pytest.approx(2 / 5)
    assert row["error_rate"] == pytest.approx(1 / 6)
    assert row["similarity_mean"] == pytest.approx(0.35)


def test_volumes_are_estimated_and_rates_are_not() -> None:
    """A sampled log stands for more queries than it shows."""
    row = row_of(total(events=10, queries=95_600_000, errors=1))
    assert (row["queries"], row["events"], row["error_rate"]) == (96, 10, 0.1)


@pytest.mark.parametrize(("limit", "hits"), [(0.29, 3), (0.3, 2), (0.31, 1), (0.32, 0)])
def test_a_hit_reaches_the_threshold(limit: float, hits: int) -> None:
    """The score on the threshold is a hit, also where binary fractions round the other way."""
    row = row_of(scored(29, 30, 31), quality=Quality(hit_threshold=Thresholds(default=limit)))
    assert row["hit_rate"] == pytest.approx(hits / 3)
    assert (row["hit_threshold"], row["hit_source"]) == (limit, "unknown")


def test_without_a_threshold_nothing_is_said_of_hits() -> None:
    """Null for rate, threshold, source and interval; the mean is there all the same."""
    row = row_of(scored(40, 50), quality=Quality())
    assert (row["hit_rate"], row["hit_threshold"], row["hit_source"]) == (None, None, None)
    assert sorted(row["ci95"]) == ["error_rate", "similarity_mean", "zero_result_rate"]


def test_a_distance_has_no_hits() -> None:
    """A smaller one is better, so that reaching a threshold says nothing."""
    assert row_of(scored(40, key=KEY._replace(score_kind="distance")))["hit_rate"] is None


def test_each_part_is_read_at_its_own_threshold() -> None:
    """Two models with a threshold each have one rate, and no one threshold to show."""
    quality = Quality(hit_threshold=Thresholds(models={"mini": 0.3, "large": 0.6}))
    row = row_of(scored(20, 40), scored(50, 70, key=KEY._replace(embedding_model="large")), quality=quality)
    assert (row["hit_rate"], row["hit_threshold"], row["hit_source"]) == (0.5, None, "unknown")


def test_a_part_without_a_threshold_takes_the_rate_away() -> None:
    """Half a hit rate would be wrong."""
    quality = Quality(hit_threshold=Thresholds(models={"mini": 0.3}))
    row = row_of(scored(40), scored(50, key=KEY._replace(embedding_model="large")), quality=quality)
    assert (row["hit_rate"], row["hit_source"]) == (None, None)


def test_what_found_nothing_needs_no_threshold_to_be_a_miss() -> None:
    """A search without results may have no score kind, of which nothing is learned."""
    learned = Quality(hit_threshold=Thresholds("auto")).with_learned({(KEY.embedding_model, "cosine"): 0.3})
    nothing = total(KEY._replace(score_kind="unknown"), events=2, zero_results=2)
    row = row_of(scored(40, 20), nothing, quality=learned)
    assert (row["hit_rate"], row["hit_threshold"], row["hit_source"]) == (0.25, 0.3, "unknown")


@pytest.mark.parametrize("other", [{"embedding_model": "large"}, {"score_kind": "rerank"}])
def test_scores_of_two_scales_have_no_mean(other: dict[str, str]) -> None:
    """Neither the value nor its interval."""
    row = row_of(scored(40, 50), scored(50, 60, key=KEY._replace(**other)))
    assert row["similarity_mean"] is None
    assert "similarity_mean" not in row["ci95"]
    assert row["events"] == 4


def test_a_second_model_without_scores_disturbs_no_mean() -> None:
    """Its events found nothing, so there is only one scale."""
    row = row_of(scored(40, 60), total(KEY._replace(embedding_model="large"), events=3, zero_results=3))
    assert row["similarity_mean"] == pytest.approx(0.5)


def test_collections_on_one_model_share_their_mean() -> None:
    """Dimensions that are not shown are summed."""
    row = row_of(scored(40), scored(60, key=KEY._replace(collection="wiki")))
    assert (row["events"], row["similarity_mean"]) == (2, pytest.approx(0.5))


def test_shares_have_wilson_s_interval() -> None:
    """Known figures: 8 of 10 are .49 to .94 at 95 %."""
    row = row_of(scored(*[40] * 8, *[10] * 2))
    assert row["hit_rate"] == 0.8
    assert row["ci95"]["hit_rate"] == pytest.approx((0.4902, 0.9433), abs=1e-4)


def test_means_have_a_normal_interval() -> None:
    """Known figures: the spread of .2 and .6 over the root of two, times 1.96."""
    row = row_of(scored(20, 60))
    half = 1.96 * sqrt(0.08) / sqrt(2)
    assert row["ci95"]["similarity_mean"] == pytest.approx((0.4 - half, 0.4 + half), abs=1e-3)


def test_one_score_has_no_interval() -> None:
    """A single value has no spread: the interval is left out and not zero wide."""
    row = row_of(scored(40))
    assert row["similarity_mean"] == pytest.approx(0.4)
    assert "similarity_mean" not in row["ci95"]


def labelled(n: int, **sums: float) -> Total:
    """Labelled events with these sums."""
    return total(events=n, labelled=n, **{name: round(value * MICRO) for name, value in sums.items()})


def test_labelled_measures_that_are_0_or_1_are_shares() -> None:
    """All ten found everything: the interval is below 1, and not a point."""
    row = row_of(labelled(10, recall_sum=10, recall_sq=10))
    assert row["recall_at_k"] == 1
    assert row["ci95"]["recall_at_k"] == pytest.approx((0.7225, 1.0), abs=1e-4)


def test_labelled_measures_between_are_means_within_their_bounds() -> None:
    """An interval does not promise more than everything or less than nothing."""
    high = row_of(labelled(3, ndcg_sum=2.9, ndcg_sq=2.81))["ci95"]["ndcg_at_k"]
    low = row_of(labelled(3, mrr_sum=0.1, mrr_sq=0.01))["ci95"]["mrr_at_k"]
    assert 0 < high[0] < 2.9 / 3
    assert high[1] == 1.0
    assert low[0] == 0.0
    assert 0.1 / 3 < low[1] < 1


def test_the_depth_is_that_of_the_configuration() -> None:
    """`recall_at_k` says at which k."""
    assert row_of(labelled(1, recall_sum=1), quality=Quality(k=5))["k"] == 5


def test_latencies_are_read_from_the_histogram() -> None:
    """Within the tenth that a bin is wide."""
    row = row_of(total(events=100, latency_hist={latency_bin(50): 60, latency_bin(900): 40}))
    assert row["latency_p50_ms"] == pytest.approx(50, rel=0.06)
    assert row["latency_p95_ms"] == pytest.approx(900, rel=0.06)


def test_translations_are_summed_over_what_is_not_shown() -> None:
    """Two collections are one row an engine, split by collection they are apart; the limit stands beside."""
    hist, sums = {"nmt/60": 1, "nmt/90": 1}, {"nmt": 1_500_000}
    parts = [
        total(KEY._replace(collection=name), translated=2, translation_sum=1_500_000, translation_hist=hist, translation_sums=sums)
        for name in ("kb", "wiki")
    ]
    row = row_of(*parts)
    assert row["translation"] == [{"engine": "nmt", "n": 4, "mean": 0.75, "low_share": 0.5}]
    assert row["translation_low"] == 0.7
    assert row_of(parts[0], quality=Quality(translation_low=0.95))["translation"][0]["low_share"] == 1.0
    apart = tables.rows(parts, ("language", "collection"), AT_35)
    assert [[each["n"] for each in row["translation"]] for row in apart] == [[2], [2]]


def test_the_most_asked_language_comes_first() -> None:
    """And among equals the alphabet decides, so that two calls give the same."""
    totals = [total(KEY._replace(language=name), events=n) for name, n in (("de", 2), ("ar", 2), ("ko", 9))]
    assert [row["language"] for row in tables.rows(totals, ("language",), AT_35)] == ["ko", "ar", "de"]


def test_states_belong_to_languages() -> None:
    """One with an incident has its state, the others are well."""
    totals = [total(KEY._replace(language=name), events=1) for name in ("de", "ko")]
    rows = tables.rows(totals, ("language",), AT_35, [KOREAN])
    assert {row["language"]: row["state"] for row in rows} == {"de": "ok", "ko": "firing"}


def test_what_is_low_whatever_is_deployed_has_not_broken() -> None:
    """A level is low; a language that fell besides is firing; one that a person has closed is well."""
    low = replace(KOREAN, class_="level", severity="info")
    cases = ([low], [low, KOREAN], [replace(KOREAN, verdict="expected")], [replace(low, state="pending")])
    found = [tables.rows([total(KEY, events=1)], ("language",), AT_35, incidents)[0]["state"] for incidents in cases]
    assert found == ["low", "firing", "ok", "pending"]


def test_states_belong_to_the_version_that_fell() -> None:
    """Split by version, the one before it is well."""
    totals = [total(KEY._replace(language="ko", index_version=version), events=1) for version in ("v41", "v42")]
    rows = tables.rows(totals, ("language", "index_version"), AT_35, [KOREAN])
    assert {row["index_version"]: row["state"] for row in rows} == {"v41": "ok", "v42": "firing"}


def test_a_language_is_watched_by_its_traffic_or_by_that_of_all_rare_ones() -> None:
    """A thousand queries in two days; ten; ten where similarities have a floor; and queries whose language nobody knows."""
    some, few = scored(*[40] * 900, *[20] * 100), scored(*[40] * 9, 20)
    cases = [(some, AT_35), (few, AT_35), (few, replace(AT_35, floor=0.2)), (few, Quality()), (some, Quality())]
    rows = [tables.rows([one], ("language",), quality, seen=tables.Seen(2))[0] for one, quality in cases]
    assert [row["watched_by"] for row in rows] == ["traffic", "nothing", "group", "nothing", "nothing"]
    assert [row["detectable"] for row in rows] == [pytest.approx(0.097, rel=0.03), None, None, None, None]
    (unknown,) = tables.rows(
        [total(KEY._replace(language="und"), events=1_000, labelled=900)], ("language",), AT_35, seen=tables.Seen(2)
    )
    assert (unknown["detectable"], unknown["watched_by"]) == (None, "nothing")


def test_labels_may_show_less_than_scores() -> None:
    """A hundred labels among ten thousand queries: the score shows the smaller fall."""
    row = tables.rows(
        [scored(*[40] * 9_000, *[20] * 1_000, labelled=100, recall_sum=90 * MICRO)], ("language",), AT_35, seen=tables.Seen(1)
    )[0]
    assert row["detectable"] < 0.05


def test_where_every_query_is_labelled_labels_still_count() -> None:
    """Without a threshold they alone say what can be seen; with one the smaller of both falls is told."""
    every = scored(*[40] * 900, *[20] * 100, labelled=1_000, recall_sum=990 * MICRO)
    without, with_hits = (tables.rows([every], ("language",), quality, seen=tables.Seen(2))[0] for quality in (Quality(), AT_35))
    assert without["watched_by"] == "traffic"
    assert without["detectable"] == with_hits["detectable"] < 0.08


def test_nobody_watches_pairs() -> None:
    """Rules are about languages."""
    row = row_of(scored(40, key=KEY._replace(document_language="en")), shown=("language", "document_language"))
    assert (row["detectable"], row["watched_by"]) == (None, None)


def test_rows_are_split_by_what_is_shown() -> None:
    """Only those columns are in a row, before its figures."""
    totals = [scored(40), scored(60, key=KEY._replace(index_version="v2"))]
    rows = tables.rows(totals, ("language", "embedding_model", "index_version"), AT_35)
    assert [list(row)[:4] for row in rows] == [["language", "embedding_model", "index_version", "queries"]] * 2
    assert [row["index_version"] for row in rows] == ["", "v2"]


@pytest.mark.parametrize(
    ("pairs", "by", "columns"),
    [
        (False, (), ("language", "collection", "embedding_model", "score_kind")),
        (True, (), ("language", "document_language", "collection", "embedding_model", "score_kind")),
        (False, ("embedding_model", "index_version"), ("language", "embedding_model", "index_version", "collection", "score_kind")),
    ],
)
def test_the_store_groups_by_what_thresholds_need(pairs: bool, by: tuple[str, ...], columns: tuple[str, ...]) -> None:  # noqa: FBT001
    """Each column once, those that are shown first."""
    assert tables.columns(pairs=pairs, by=by) == columns


def test_a_row_is_json() -> None:
    """No infinity and no value that other languages cannot read."""
    rows = [row_of(scored(40)), row_of(total(synthetic=1)), row_of(labelled(2, recall_sum=1, recall_sq=1))]
    rows.append(row_of(total(events=1, translated=1, translation_sum=0, translation_hist={"nmt/0": 1})))
    assert json.loads(json.dumps(rows, allow_nan=False)) == json.loads(json.dumps(rows))


def test_a_language_that_checks_ask_is_watched_by_them() -> None:
    """Where its traffic shows nothing, and no group is; traffic and group come first."""
    few, many = total(KEY, events=3), total(KEY, events=9_000, labelled=9_000, recall_sum=8_000 * MICRO)
    seen = tables.Seen(2, {"ko"})
    found = [tables.rows([one], ("language",), AT_35, (), seen)[0]["watched_by"] for one in (few, many)]
    assert found == ["probe", "traffic"]
    assert tables.rows([few], ("language",), AT_35, (), tables.Seen(2, {"es"}))[0]["watched_by"] == "nothing"
    grouped = total(KEY, events=3, scored=3, score_hist={40: 3})
    floor = Quality(hit_threshold=Thresholds(0.35), floors={KEY.embedding_model: 0.2})
    assert tables.rows([grouped], ("language",), floor, (), seen)[0]["watched_by"] == "group"
