"""What is said of native logs: what is missing, what declares wrongly, what has other names."""

import json
from pathlib import Path
from typing import Any

import pytest

from agent import parts
from agent.config.configuration import load
from agent.config.settings import Settings
from agent.doctor.examined import Sampled, examine
from agent.doctor.measures import measures
from agent.doctor.naming import propose
from agent.doctor.rows import ROWS
from agent.doctor.rules import Known, judged
from agent.records import Partition, RawMessage
from tests.doctor.builders import NOW_MS, lines, reading, sampled, seen, settings, told

WHOLE = Known(floor=True, topic=True)
SCORELESS = [{"doc_id": "doc-1", "language": "en"}]


def test_a_whole_log_needs_nothing() -> None:
    """Everything that is read is there."""
    assert told(lines(40), WHOLE) == {}


@pytest.mark.parametrize(
    ("changes", "reason", "says"),
    [
        ({"query": None, "query_language": None}, "query_absent", "log `query`, or `query_language`"),
        ({"query": "__REDACTED__", "query_language": None}, "redacted", "`query_language`"),
        ({"results": None}, "results_absent", "log `results`, best first"),
        ({"results": []}, "results_absent", "log `results`, best first"),
        ({"results": SCORELESS}, "scores_missing", "log `results[].score`"),
        ({"score_kind": "distance"}, "score_is_distance", "1 − distance"),
        ({"score_kind": None}, "score_kind_unknown", "source: {mapping: {score_kind: \"'cosine'\"}}"),
        ({"embedding_model": None, "index_version": None}, "no_versions", "log `index_version`"),
        ({"index_version": None}, "no_index_version", "log `index_version`"),
        ({"embedding_model": None}, "no_embedding_model", "log `embedding_model`"),
        ({"relevant": None}, "no_labels", "babelwatch golden run"),
        ({"top_k": 3}, "labels_too_shallow", "`quality.k`"),
        ({"collection": None}, "no_collection", "log `collection`"),
        ({"service": None}, "no_service", "log `service`"),
        ({"results": [{"doc_id": "doc-1", "score": 0.5}]}, "no_document_language", "source.document_language"),
        ({"error": True}, "only_errors", "are errors"),
    ],
)
def test_what_is_missing_is_told_with_what_to_log(changes: dict[str, Any], reason: str, says: str) -> None:
    """One field less, one advice; with the field it is gone (the test above)."""
    assert says in told(lines(5, **changes), WHOLE)[reason]


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({}, set()),
        ({"relevant": None}, {"recall_at_k", "mrr_at_k", "ndcg_at_k"}),
        ({"results": SCORELESS}, {"hit_rate", "similarity_mean"}),
        ({"score_kind": "distance"}, {"hit_rate", "similarity_mean"}),
        ({"score_kind": "rrf"}, {"similarity_mean"}),
        ({"latency_ms": None}, {"latency"}),
        ({"embedding_model": None, "index_version": None}, {"deployments"}),
        ({"results": [{"doc_id": "doc-1", "score": 0.5}] * 10}, {"pairs"}),
    ],
)
def test_measures_follow_the_fields(changes: dict[str, Any], missing: set[str]) -> None:
    """Beside what no event of this log ever has, exactly what the missing field gives is missing."""
    never = {"routes", "translation", "response_language", "sessions"}
    away = {name for name, verdict in measures(seen(lines(5, **changes))).items() if not verdict.computable}
    assert away == never | missing


def test_scores_are_called_a_proxy() -> None:
    """Hit rate and mean similarity are no quality: with labels they are checked by them, without they stay unconfirmed."""
    with_labels, without = (measures(seen(lines(5, **changes))) for changes in ({}, {"relevant": None}))
    assert with_labels["hit_rate"].proxy
    assert "checked by the labels" in with_labels["hit_rate"].reason
    assert "unconfirmed" in without["similarity_mean"].reason
    assert not without["zero_result_rate"].proxy


@pytest.mark.parametrize(
    ("changes", "known", "working"),
    [
        ({}, WHOLE, {"drop", "gap", "low", "lag"}),
        ({}, Known(floor=False, topic=False), {"drop", "gap"}),
        ({"relevant": None}, WHOLE, {"drop", "low", "lag"}),
        ({"relevant": None, "results": SCORELESS}, WHOLE, {"lag"}),
        ({"relevant": None, "score_kind": "rerank"}, WHOLE, {"drop", "lag"}),
    ],
)
def test_which_of_the_default_rules_will_judge(changes: dict[str, Any], known: Known, working: set[str]) -> None:
    """A rule that lacks what it needs is told, since its silence is not health."""
    found = seen(lines(5, **changes))
    rules = judged(parts.rules(Settings()), measures(found), found, known)
    assert {name for name, verdict in rules.items() if verdict.computable} == working


def test_every_bundled_rule_is_judged() -> None:
    """Also those that are off by default; shares by the field that each needs."""
    given = Settings.model_validate({"rules": ["default", "vanished", "share"]})
    found = seen(lines(5, route="fallback"))
    rules = judged(parts.rules(given), measures(found), found, WHOLE)
    assert rules["vanished"].computable
    assert {verdict.computable for name, verdict in rules.items() if "fallback" in name} == {True}
    assert {verdict.computable for name, verdict in rules.items() if "translation" in name} == {False}


def test_a_drop_rule_by_proxies_says_so() -> None:
    """And that there is no version to compare with."""
    found = seen(lines(5, relevant=None, embedding_model=None, index_version=None))
    drop = judged(parts.rules(Settings()), measures(found), found, WHOLE)["drop"]
    assert drop.proxy
    assert "proxies only" in drop.reason
    assert "not against the version before" in drop.reason


def test_a_declared_language_that_is_a_locale_is_told() -> None:
    """English texts that are declared Korean: below 90 % it is the user interface's language, not the query's."""
    texts = [f"how do I reset the password of my {word} account" for word in ("mail", "bank", "shop", "work", "home") * 8]
    wrong = [line for number, text in enumerate(texts) for line in lines(1, event_id=f"e{number}", query=text, query_language="ko")]
    assert "Send it as `locale`" in told(wrong, WHOLE)["declared_disagrees"]
    right = [line for number, text in enumerate(texts) for line in lines(1, event_id=f"e{number}", query=text, query_language="en")]
    assert told(right, WHOLE) == {}


def test_queries_that_tell_no_language_are_told() -> None:
    """Part numbers, in a log that does not declare languages."""
    codes = [line for number in range(40) for line in lines(1, event_id=f"e{number}", query=f"E-{number}", query_language=None)]
    assert "language.allowed" in told(codes, WHOLE)["undetermined"]


def theirs(**record: Any) -> list[bytes]:
    """Three messages of a log with names of its own."""
    return [json.dumps(record).encode()] * 3


@pytest.mark.parametrize(
    ("record", "line"),
    [
        (
            {
                "request": {"id": "r-1", "at": 1794214800000, "q": "wo", "lang": "de"},
                "hits": {"hits": [{"_id": "a", "_score": 0.4}]},
            },
            '{event_id: request.id, timestamp: request.at, query: request.q, query_language: request.lang, results: "hits.hits[].{doc_id: _id, score: _score}"}',
        ),
        (
            {"uuid": "x", "@timestamp": "2026-11-09T09:00:00Z", "question": "wo", "docs": ["a", "b"], "durationMs": 3},
            '{event_id: uuid, timestamp: "\\"@timestamp\\"", query: question, results: "docs[].{doc_id: @}", latency_ms: durationMs}',
        ),
        (
            {"id": 7, "ts": 1794214800000, "text": "wo", "matches": [{"id": 4, "similarity": 0.2, "meta": {"lang": "de"}}]},
            '{event_id: "to_string(id)", timestamp: ts, query: text, results: "matches[].{doc_id: to_string(id), score: similarity, language: meta.lang}"}',
        ),
    ],
)
def test_a_mapping_is_proposed_by_names_alone(tmp_path: Path, record: dict[str, Any], line: str) -> None:
    """It is tried before it is told, and can be pasted: with it every message can be read."""
    proposal = propose(theirs(**record), {}, NOW_MS)
    assert proposal is not None
    assert proposal.line() == line
    assert (proposal.read, proposal.of) == (3, 3)
    pasted = tmp_path / "babelwatch.yaml"
    pasted.write_text(f"source:\n  mapping: {proposal.line()}\n")
    found = seen(theirs(**record), mapping=dict(load(pasted, {}).source.mapping))
    assert found.whole.share("query") == found.whole.share("results.doc_id") == 1


def test_the_proposal_is_advised_and_shows_no_value() -> None:
    """Names of keys are shown, what users wrote is not, nor a key that is no name."""
    record = {"trace": "T-1", "ts": 1794214800000, "q": "SECRET", "hits": [{"id": "SECRET"}], "SECRET key\x1b[2J": 1}
    reasons = told(theirs(**record))
    assert next(iter(reasons)) == "other_names"
    assert "source: {mapping: {event_id: trace, timestamp: ts, query: q," in reasons["other_names"]
    assert "with it 3 of 3 messages looked at can be read" in reasons["other_names"]
    assert "SECRET" not in str(reasons)


def test_seconds_are_told_since_no_mapping_helps() -> None:
    """JMESPath does not multiply."""
    assert "send milliseconds" in told(theirs(id="a", ts=1794214800, q="wo"))["other_names"]
    assert "milliseconds since 1970" in told(lines(3, timestamp=1794214800))["rejected_timestamp_before_2000"]


def test_fields_that_are_read_are_not_proposed_anew() -> None:
    """A log in our names with a few keys more keeps them."""
    assert propose(lines(3, text="other", id="other"), {}, NOW_MS) is None


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"no json", "rejected_not_json"),
        (b"", "rejected_empty"),
        (b"[]", "rejected_not_an_object"),
        (b'{"event_id": "a", "timestamp": "yesterday"}', "rejected_bad_timestamp"),
        (b'{"event_id": "a", "timestamp": 99999999999999}', "rejected_timestamp_in_future"),
        (b'{"event_id": "a", "timestamp": 1794214800000, "route": "sideways"}', "rejected_unknown_value"),
    ],
)
def test_each_rejection_says_what_to_do(value: bytes, reason: str) -> None:
    """How many, why, and what to set."""
    assert "1 of 1 messages are rejected" in told([value], format="native")[reason]


def test_an_empty_log_says_so() -> None:
    """And nothing else: there is nothing to look at."""
    assert list(told([])) == ["no_messages"]


def test_an_error_is_no_missing_result() -> None:
    """Shares are of those that could have the field."""
    found = seen([*lines(3), *lines(1, event_id="failed", error="timeout", results=None)])
    assert found.whole.share("results") == found.whole.share("results.score") == 1
    assert found.whole.share("error") == 0.25


def test_duplicates_within_and_across_partitions() -> None:
    """Within a partition a repeat counts once, across partitions twice: only that is told."""
    values, other = lines(3), Partition("log", 1)
    found = examine([*sampled(values + values[:1]), *sampled(values[1:], other)], reading(settings()), NOW_MS)
    assert (found.repeated, found.doubled) == (1, 2)


def test_delays_are_those_of_records_that_say_when_they_were_written() -> None:
    """A file does not say."""
    value = json.dumps({"event_id": "a", "timestamp": NOW_MS - 90_000}).encode()
    records = [Sampled(RawMessage(Partition("log", 0), 0, value), NOW_MS), Sampled(RawMessage(Partition("log", 0), 1, value))]
    assert examine(records, reading(settings()), NOW_MS).times.delays == [90_000]


def test_every_reason_is_explained() -> None:
    """`docs/doctor.md` has each in its table."""
    page = (Path(__file__).parents[2] / "docs" / "doctor.md").read_text(encoding="utf-8")
    assert {row.reason for row in ROWS if f"`{row.reason}`" not in page} == set()
