"""The command against a real search service: its figures are NumPy's, its queries are nobody's, an ill service tells nothing false."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from agent import opening
from agent.clock import SystemClock
from agent.config.settings import Settings
from agent.decode.native import NativeDecoder
from agent.errors import RetryLater
from agent.probing import kept
from agent.probing.embedding.sentence_transformers import SentenceTransformersEmbedder
from agent.probing.golden.dataset import load
from agent.probing.golden.marks import Marked
from agent.probing.golden.partial import opened
from agent.probing.golden.run import Means, Plan, run
from agent.probing.golden.sending import Load
from agent.probing.scores import Scores, query_key, scores_of
from agent.records import Accepted, Partition, RawMessage
from agent.store.memory import MemoryJournal
from tests.acceptance.command import babelwatch
from tests.probing.golden import numpy_measures
from tests.probing.golden.service import HelpCenter, Index, Labelled, golden_set, labelled, lines
from tests.probing.golden.stub import Answer, Request, SearchStub

FIELDS = {"ndcg_at_10": "ndcg@10", "mrr_at_10": "mrr@10", "recall_at_10": "recall@10", "recall_at_100": "recall@100"}
DEPTH = 100
Where = Callable[[Labelled], bool]


@pytest.fixture(scope="module")
def index(english: SentenceTransformersEmbedder) -> Index:
    """The help centre's index."""
    return Index(english)


class Ran(NamedTuple):
    """What a run printed, what it left in the journal, and what the service logged."""

    told: dict[str, Any]
    kept: kept.GoldenRun
    scores: list[Scores]
    openings: list[kept.OpenRun]
    log: list[dict[str, Any]]
    folder: Path


@pytest.fixture(scope="module", params=[True, False], ids=["forwarding", "forwarding nothing"])
def ran(request: pytest.FixtureRequest, index: Index, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """`golden run` against the service in each of its variants, with an embedded store that is nobody else's."""
    folder, service = tmp_path_factory.mktemp("golden"), HelpCenter(index, forwards=request.param)
    with SearchStub(service) as stub:
        endpoint = {"url": stub.url, "rate": 500, "depth": DEPTH}
        settings = {"golden": [{"name": "help", "dataset": str(folder / "set"), "endpoint": endpoint}]}
        folder.joinpath("babelwatch.yaml").write_text(json.dumps(settings), encoding="utf-8")
        told = babelwatch("golden", "run", golden_set(folder / "set"), "--name", "v1", "--json", cwd=folder).json()
    with ExitStack() as stack:
        journal = opening.store_in(stack, Settings(), folder / "babelwatch-data").journal
        one = kept.named(journal, "v1")
        scores, openings = [*scores_of(journal, one.id, one.at).values()], kept.open_runs(journal)
    return Ran(told, one, scores, openings, service.log, folder)


def expected(index: Index, where: Where) -> dict[str, float]:
    """The mean of each measure over some questions, by NumPy alone."""
    found = [
        numpy_measures.of([document for document, _ in index.search(one.text, DEPTH)], one.grades)
        for one in labelled()
        if where(one)
    ]
    return {name: float(np.mean([each[measure] for each in found])) for name, measure in FIELDS.items()}


def figures(row: Mapping[str, Any]) -> dict[str, float]:
    """The measures of a row."""
    return {name: row[name] for name in FIELDS}


def asked_in(language: str) -> Where:
    """The questions in a language."""
    return lambda one: one.language == language


def pair(language: str, documents: str) -> Where:
    """Those whose relevant pages are all in this language."""
    return lambda one: one.language == language and {document[:2] for document in one.grades} == {documents}


def same(language: str) -> Where:
    """Those whose relevant pages are all in their own."""
    return pair(language, language)


def cross(language: str) -> Where:
    """Those whose relevant pages are all in one other language."""
    others = {"en", "de", "es", "fr"} - {language}
    return lambda one: any(pair(language, other)(one) for other in others)


def test_the_figures_of_each_language_are_numpys(ran: Ran, index: Index) -> None:
    """To a millionth: the whole, same-language and cross-language; and they differ, since the model speaks English."""
    assert [(row["language"], row["n"], row["failed"]) for row in ran.told["languages"]] == [
        ("de", 15, 0),
        ("en", 15, 0),
        ("es", 15, 0),
        ("fr", 15, 0),
    ]
    for row in ran.told["languages"]:
        assert figures(row) == pytest.approx(expected(index, asked_in(row["language"])), abs=1e-6)
        for name, where in (("same_language", same), ("cross_language", cross)):
            assert figures(row[name]) == pytest.approx(expected(index, where(row["language"])), abs=1e-6)
            assert row[name]["n"] == 5
    found = {row["language"]: row["ndcg_at_10"] for row in ran.told["languages"]}
    assert found["en"] > max(found["de"], found["es"], found["fr"])


def test_the_figures_of_each_pair_are_numpys(ran: Ran, index: Index) -> None:
    """Both directions of English and German apart."""
    assert len(ran.told["pairs"]) == 8
    for row in ran.told["pairs"]:
        found = expected(index, pair(row["query_language"], row["document_language"]))
        assert figures(row) == pytest.approx(found, abs=1e-6)
        assert row["n"] == 5


def test_the_scores_that_are_kept_are_numpys(ran: Ran, index: Index) -> None:
    """Query by query, under keys from which no text can be read; and the run is kept as it was printed."""
    by_key = {query_key(one.language, one.text, one.grades): one for one in labelled()}
    seen = 0
    for scores in ran.scores:
        for n, key in enumerate(scores.queries.tolist()):
            one, seen = by_key[key], seen + 1
            ranked = [document for document, _ in index.search(one.text, DEPTH)]
            assert {name: values[n] for name, values in scores.measures.items()} == pytest.approx(
                numpy_measures.of(ranked, one.grades), abs=1e-6
            )
    assert seen == 60
    assert json.loads(json.dumps(ran.kept.result)) == ran.told
    assert ran.told["name"] == "v1"


def accepted(log: Sequence[Mapping[str, Any]]) -> list[Accepted]:
    """The log as the agent reads it."""
    messages = [RawMessage(Partition("log", 0), n, line) for n, line in enumerate(lines(log))]
    events, rejected = NativeDecoder({}).decode_all(messages, int((datetime.now(UTC) + timedelta(days=2)).timestamp() * 1000))
    assert list(rejected) == []
    return list(events)


def test_no_query_of_the_run_can_count_as_a_users(ran: Ran, index: Index) -> None:
    """Where the service forwards the header they are synthetic; where it forwards nothing each is marked, and a user's is not."""
    found = accepted(ran.log)
    assert len(found) == 60
    marked = Marked(ran.openings)
    assert all(marked.has(one.at, one.event.query) for one in found)
    [synthetic] = {one.event.synthetic for one in found}
    users = HelpCenter(index, forwards=synthetic)
    for text in ("is there a shop in Lisbon", "wo ist mein Paket geblieben"):
        users(len(users.log), Request({}, {"query": text, "top_k": 10}))
    asked = [one.event.query for one in accepted(users.log)]
    assert asked == [" is there a shop in Lisbon", " wo ist mein Paket geblieben"]
    assert not any(one.event.synthetic or marked.has(one.at, one.event.query) for one in accepted(users.log))
    [run] = ran.openings
    later = int((run.until + timedelta(seconds=1)).timestamp() * 1000)
    assert not any(marked.has(later, one.event.query) for one in found)


def counted(folder: Path, log: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The agent's table of this log, read into the store in the folder; that the set watches a language is no count."""
    (folder / "log.jsonl").write_bytes(b"\n".join(lines(log)))
    store = ("--store", folder / "babelwatch-data")
    assert babelwatch("replay", folder / "log.jsonl", *store).status == 0
    rows = babelwatch("languages", *store, "--json").json()
    return [{name: value for name, value in row.items() if name != "watched_by"} for row in rows]


def test_the_table_of_a_monitored_service_does_not_change(ran: Ran, index: Index, tmp_path: Path) -> None:
    """The agent counts users before, between and after the queries of the run as if there had been none."""
    synthetic = any(event.get("synthetic") for event in ran.log)
    users = HelpCenter(index, forwards=synthetic)
    for text in ("is there a shop in Lisbon", "wo ist mein Paket geblieben", "¿cuánto tarda el envío a Canarias?"):
        users(len(users.log), Request({}, {"query": text, "top_k": 10}))
    between = [{**event, "timestamp": ran.log[30]["timestamp"]} for event in users.log]
    alone = counted(tmp_path, between)
    assert {row["language"] for row in alone} >= {"en", "de"}
    assert counted(ran.folder, [*ran.log[:30], *between, *ran.log[30:]]) == alone


Ill = Callable[[int], Answer | None]
"""What the service does instead of its work at the nth request, if anything."""
BETWEEN_TIMES: Mapping[str, Ill] = {
    "fails half the time": lambda number: Answer("busy", 503) if number % 2 else None,
    "is slow half the time": lambda number: Answer('{"results": []}', delay=0.6) if number % 8 == 0 else None,
    "answers no JSON half the time": lambda number: Answer("<html>") if number % 2 else None,
    "answers NaN half the time": lambda number: Answer('{"results": [{"doc_id": "d", "score": NaN}]}') if number % 2 else None,
    "answers no list half the time": lambda number: Answer('{"results": {"en/return": 1}}') if number % 2 else None,
}
ALWAYS: Mapping[str, tuple[Ill, str]] = {
    "fails": (lambda _: Answer("", 500), "the search answers 500"),
    "is slow": (lambda _: Answer("{}", delay=1.0), r"no answer from the search \(ReadTimeout\)"),
    "answers no JSON": (lambda _: Answer("<html>"), "the search answers what is no JSON"),
    "answers scores that are none": (
        lambda _: Answer('{"results": [{"doc_id": "d", "score": NaN}]}'),
        "the search answers a score that is no finite number",
    ),
    "answers another shape": (lambda _: Answer('{"hits": []}'), "the search answers no list where `results` says; its keys: hits"),
}


def run_against(index: Index, ill: Ill, folder: Path, attempts: int, timeout: float = 0.3) -> dict[str, Any]:
    """A run against the service in this state."""
    service, journal = HelpCenter(index, forwards=True), MemoryJournal()
    plan = Plan("r", "n", load(golden_set(folder / "set")), (), Load(DEPTH, 500.0, 2), 0.0)
    with ExitStack() as stack:
        stub = stack.enter_context(SearchStub(lambda number, request: ill(number) or service(number, request)))
        retriever = stack.enter_context(closing(stub.retriever(attempts=attempts, timeout=timeout)))
        partial = stack.enter_context(opened(folder / "part", "x", datetime.now(UTC)))
        return run(plan, Means(retriever, journal.write, SystemClock(), lambda *_: None), partial).result


@pytest.mark.parametrize("ill", BETWEEN_TIMES.values(), ids=BETWEEN_TIMES.keys())
def test_a_service_that_is_ill_between_times_has_the_same_figures(index: Index, tmp_path: Path, ill: Ill) -> None:
    """What it answers wrongly is asked again, and is no part of them."""
    told = run_against(index, ill, tmp_path, attempts=20)
    assert told["failed"] == 0
    for row in told["languages"]:
        assert figures(row) == pytest.approx(expected(index, asked_in(row["language"])), abs=1e-6)


@pytest.mark.parametrize(("ill", "said"), ALWAYS.values(), ids=ALWAYS.keys())
def test_a_service_that_is_ill_is_a_clear_error(index: Index, tmp_path: Path, ill: Ill, said: str) -> None:
    """One sentence, no figure."""
    with pytest.raises(RetryLater, match=f"^{said}"):
        run_against(index, ill, tmp_path, attempts=2, timeout=0.5)


def test_a_query_that_is_never_answered_is_no_miss(index: Index, tmp_path: Path) -> None:
    """One Spanish question fails for good: it is named, Spanish has no figures, since one of fifteen is too many, and the others do."""
    service, journal = HelpCenter(index, forwards=True), MemoryJournal()
    [never] = [one for one in labelled() if one.id == "q-es/refund"]

    def answer(number: int, request: Request) -> Answer:
        return Answer("", 500) if request.body["query"] == never.text else service(number, request)

    plan = Plan("r", "n", load(golden_set(tmp_path / "set")), (), Load(DEPTH, 500.0, 2), 0.0)
    with SearchStub(answer) as stub, closing(stub.retriever()) as retriever:
        means = Means(retriever, journal.write, SystemClock(), lambda *_: None)
        with opened(tmp_path / "part", "x", datetime.now(UTC)) as partial:
            told = run(plan, means, partial).result
    assert told["failed"] == 1
    assert any(text.endswith("since the search answers 500 (1): q-es/refund") for text in told["warnings"])
    for row in told["languages"]:
        lost = row["language"] == "es"
        assert row["reason"] == ("1 of 15 queries failed, more than 5%" if lost else None)
        own = expected(index, asked_in(row["language"]))
        assert figures(row) == (dict.fromkeys(FIELDS) if lost else pytest.approx(own, abs=1e-6))
