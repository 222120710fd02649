"""The demo's golden set and search: what one index finds the other finds too, but in Spanish."""

from pathlib import Path

from starlette.testclient import TestClient

from agent.demo import golden
from agent.demo.profiles import NEW_INDEX, OLD_INDEX
from agent.demo.search import DemoRetriever, answer, app
from agent.probing.comparing.comparison import Asked, compare
from agent.probing.comparing.metric import metric_of
from agent.probing.comparing.sides import golden_side
from agent.probing.comparing.verdict import Verdict
from agent.probing.golden import dataset
from agent.store.memory import MemoryJournal
from tests.notify.examples import NOW


def written(folder: Path) -> Path:
    """The set."""
    file = folder / "golden.tsv"
    golden.write(file)
    return file


def test_the_set_has_enough_queries_in_each_language(tmp_path: Path) -> None:
    """Six languages, and no warning."""
    found = dataset.load(written(tmp_path))
    assert dict(found.languages()) == dict.fromkeys(golden.LANGUAGES, 216)
    assert found.warnings == ()


def test_the_same_question_has_the_same_answer() -> None:
    """Ten documents with falling scores; a question that is not of the set has none."""
    (language, text), *_ = golden.topics()
    found = answer(language, text, NEW_INDEX)
    assert found == answer(language, text, NEW_INDEX)
    assert len({each["doc_id"] for each in found}) == 10
    assert answer("en", "what is love", NEW_INDEX) == []


def test_the_service_answers_over_http() -> None:
    """With the index that is deployed."""
    (language, text), *_ = golden.topics()
    told = TestClient(app()).post("/search", json={"query": text, "language": language}).json()
    assert told == {"results": answer(language, text, NEW_INDEX)}


def test_the_gate_tells_the_real_fall_from_the_other(tmp_path: Path) -> None:
    """Spanish lost what it found, Turkish lost nothing but scores, and no other language fails."""
    file, journal = written(tmp_path), MemoryJournal()
    golden.remember(file, DemoRetriever(OLD_INDEX), journal, NOW)
    golden.remember(file, DemoRetriever(NEW_INDEX), journal, NOW + golden.EARLIER)
    metric = metric_of("recall@10")
    base, candidate = (golden_side(journal, name, metric) for name in (f"{golden.NAME}~1", golden.NAME))
    verdicts = {row.group.language: row.verdict for row in compare(base, candidate, Asked(metric, 0.03)).rows}
    assert [language for language, verdict in verdicts.items() if verdict is Verdict.FAIL] == ["es"]
    assert verdicts["tr"] is Verdict.PASS
