"""Where a side comes from: a golden run that was kept, or a log with labels."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pytest

from agent.aggregate.documents import DocumentLanguages
from agent.decode.native import NativeDecoder
from agent.errors import Misconfigured, NotFound
from agent.language.services import Taggers
from agent.language.tagger import Asked
from agent.probing import kept, scores
from agent.probing.comparing.logged import Reading, log_side, no_evidence
from agent.probing.comparing.metric import Metric
from agent.probing.comparing.sides import Side, golden_side
from agent.probing.scores import Group, query_key
from agent.records import Tag
from agent.source.file import FileSource
from agent.store.memory import MemoryJournal
from tests.decode.builders import NOW, read, written

AT = datetime(2026, 11, 16, tzinfo=UTC)
RECALL = Metric("recall", 10)
TEN = [{"doc_id": f"d{rank}"} for rank in range(10)]


def no_taggers() -> Taggers:
    """Where every query declares its language no model is asked."""
    raise AssertionError("the models were loaded")


def labelled(number: int, **changes: Any) -> bytes:
    """An event that found what it should."""
    event = {"event_id": f"e{number}", "query": f"refund {number}", "query_language": "en", "results": TEN, "relevant": ["d0"]}
    return written(**{**event, **changes})


class ReadLog(Protocol):
    """Reads a log of these lines."""

    def __call__(
        self,
        lines: Iterable[bytes],
        taggers: Callable[[], Taggers] = no_taggers,
        metric: Metric = RECALL,
        documents: DocumentLanguages | None = None,
    ) -> Side:
        """What it says."""


@pytest.fixture
def of_log(tmp_path: Path) -> ReadLog:
    """Reads lines from a file."""

    def made(
        lines: Iterable[bytes],
        taggers: Callable[[], Taggers] = no_taggers,
        metric: Metric = RECALL,
        documents: DocumentLanguages | None = None,
    ) -> Side:
        file = tmp_path / "log.jsonl"
        file.write_bytes(b"\n".join(lines))
        with closing(FileSource([str(file)])) as source:
            return log_side("log.jsonl", source, Reading(NativeDecoder(), taggers, documents, metric, NOW), lambda: None)

    return made


def values(side: Side) -> dict[tuple[str, ...], dict[int, float]]:
    """Value by query and group."""
    return {tuple(group): dict(zip(some.queries.tolist(), some.values.tolist(), strict=True)) for group, some in side.marks.items()}


def test_a_log_is_scored_query_by_query(of_log: ReadLog) -> None:
    """In the language that each declares, whatever its spelling; the same key as a golden run gives it."""
    found = of_log(
        [labelled(1), labelled(2, relevant=["d9", "x"]), labelled(3, query_language="en-GB", relevant={"x": 1, "d0": 0})]
    )
    assert values(found) == {
        ("en", ""): {
            query_key("en", "refund 1", ["d0"]): 1.0,
            query_key("en", "refund 2", ["d9", "x"]): 0.5,
            query_key("en", "refund 3", ["x"]): 0.0,
        }
    }


def test_a_query_that_was_asked_again_counts_once(of_log: ReadLog) -> None:
    """With the mean of its values."""
    found = of_log([labelled(1, query="refund"), labelled(2, query="refund", results=TEN[::-1])], metric=Metric("mrr", 10))
    assert values(found) == {("en", ""): {query_key("en", "refund", ["d0"]): pytest.approx((1 + 0.1) / 2)}}


@pytest.mark.parametrize(
    ("why", "changes"),
    [
        ("unlabelled", {"relevant": None}),
        ("unlabelled", {"relevant": {"d0": 0}}),
        ("without_text", {"query": None}),
        ("without_text", {"query": "__REDACTED__"}),
        ("failed", {"error": "timeout"}),
        ("too_shallow", {"results": TEN[:9]}),
        ("too_shallow", {"top_k": 5}),
    ],
)
def test_what_says_nothing_is_left_out_and_counted(of_log: ReadLog, why: str, changes: dict[str, Any]) -> None:
    """It is no miss."""
    found = of_log([labelled(1), labelled(2, **changes)])
    assert found.queries == 1
    assert dict(found.left_out) == {why: 1}


def test_a_deep_search_that_found_little_is_evidence() -> None:
    """It says that it went to ten, and what is not there is a miss."""
    event = read(labelled(1, results=[], top_k=10)).event
    assert not no_evidence(event, {"d0": 1.0}, 10)


def test_lines_that_cannot_be_read_are_counted_by_reason(of_log: ReadLog) -> None:
    """As the agent rejects them."""
    found = of_log([b"{", labelled(1), labelled(2, timestamp=NOW + 10**9), b"[]"])
    assert dict(found.rejected) == {"not_json": 1, "timestamp_in_future": 1, "not_an_object": 1}


def test_a_log_without_evidence_is_a_mistake(of_log: ReadLog) -> None:
    """It says why there is none."""
    with pytest.raises(Misconfigured, match=r"log.jsonl: expected queries .* found none \(unlabelled 2, not_json 1\)"):
        of_log([labelled(1, relevant=None), labelled(2, relevant=[]), b"{"])


def test_documents_have_a_language_only_where_it_is_asked(of_log: ReadLog) -> None:
    """That of the relevant ones, by the settings."""
    languages = DocumentLanguages({}, "^(..)/")
    line = labelled(1, relevant=["ko/1"])
    assert set(values(of_log([line]))) == {("en", "")}
    assert set(values(of_log([line], documents=languages))) == {("en", "ko")}


def test_undeclared_queries_are_tagged(of_log: ReadLog) -> None:
    """By the models, loaded once; declared ones are not asked about."""
    loaded: list[Taggers] = []

    def taggers() -> Taggers:
        loaded.append(Taggers(Korean()))  # type: ignore[arg-type]  # the one method that is asked
        return loaded[-1]

    found = of_log([labelled(1), labelled(2, query_language=None), labelled(3, query_language="no language")], taggers)
    assert {language: len(some) for (language, _), some in values(found).items()} == {"en": 1, "ko": 2}
    assert len(loaded) == 1


class Korean:
    """A tagger to whom all is Korean."""

    def tag_all(self, asked: Sequence[Asked]) -> list[Tag]:
        """As many tags as texts."""
        return [Tag("ko", 1.0, "model") for _ in asked]


@pytest.fixture
def journal() -> MemoryJournal:
    """Two runs of one set, a day apart; the second is worse in Korean."""
    made = MemoryJournal()
    for number, korean in enumerate((0.8, 0.5)):
        run = kept.GoldenRun(f"run-{number}", "support", AT + timedelta(days=number), (), {"labels": "judged"})
        measures = {"recall@10": np.array([korean, 1.0, 1 / 3])}
        some = scores.Scores(np.array([1, 2**63, 3], np.uint64), measures)
        made.write([scores.entry_of(run.id, run.at, Group("ko", "en"), some), kept.entry_of(run)])
    return made


def test_a_golden_run_is_read_as_it_was_kept(journal: MemoryJournal) -> None:
    """The newest by its name, and the one before; values to a millionth."""
    assert values(golden_side(journal, "support", RECALL)) == {
        ("ko", "en"): pytest.approx({1: 0.5, 2**63: 1.0, 3: 1 / 3}, abs=1e-6)
    }
    assert values(golden_side(journal, "support~1", RECALL))["ko", "en"][1] == 0.8
    assert not golden_side(journal, "support", RECALL).clicks


def test_a_run_that_is_not_there_is_not_found(journal: MemoryJournal) -> None:
    """By its name, or that far back."""
    for name in ("other", "support~2"):
        with pytest.raises(NotFound, match=name.partition("~")[0]):
            golden_side(journal, name, RECALL)


def test_a_measure_that_was_not_kept_is_a_mistake(journal: MemoryJournal) -> None:
    """It says which there are."""
    with pytest.raises(Misconfigured, match=r"--metric: expected one that golden:support has \(recall@10\), found 'mrr@5'"):
        golden_side(journal, "support", Metric("mrr", 5))


def test_a_run_without_scores_is_a_mistake() -> None:
    """Nothing can be compared, and nothing is invented."""
    made = MemoryJournal()
    made.write([kept.entry_of(kept.GoldenRun("run", "support", AT, (), {}))])
    with pytest.raises(Misconfigured, match="expected the scores of its queries"):
        golden_side(made, "support", RECALL)


def test_a_set_made_from_clicks_says_so() -> None:
    """Its result carries what the set declares."""
    made = MemoryJournal()
    run = kept.GoldenRun("run", "support", AT, (), {"labels": "clicks"})
    made.write(
        [
            scores.entry_of("run", AT, Group("ko"), scores.Scores(np.array([1], np.uint64), {"recall@10": np.ones(1)})),
            kept.entry_of(run),
        ]
    )
    assert golden_side(made, "support", RECALL).clicks
