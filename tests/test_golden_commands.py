"""`babelwatch golden` as a person or a script meets it: runs, two searches side by side, what is kept, what to label next."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent import checking, cli, golden, reached
from agent.clock import SystemClock
from agent.config.settings import Settings
from agent.opening import ENGINE
from agent.probing import kept
from agent.probing.golden.dataset import load
from agent.report.shared import SharedJournal
from agent.runtime.health import Health
from agent.store.lock import StoreLock
from agent.store.memory import MemoryJournal
from agent.web.api import build
from agent.web.server import WebServer, listen
from tests.acceptance.command import Answer as Said
from tests.acceptance.command import event, logging_as_before, write_log
from tests.probing.golden.stub import Answer, Request, SearchStub
from tests.report.builders import Looking

EXAMPLE = Path(__file__).parents[1] / "examples" / "golden"
BY_TEXT = {query.text: query for query in load(EXAMPLE).queries}
RESULT = {"run", "name", "dataset", "labels", "at", "queries", "failed", "warnings", "languages", "pairs"}
ROW = {"language", "n", "failed", "same_language", "cross_language", "ci95", "reason"}
MEASURES = {"ndcg_at_10", "mrr_at_10", "recall_at_10", "recall_at_100"}

Run = Callable[..., Said]


def knows(*languages: str) -> Callable[[int, Request], Answer]:
    """A search that finds what is asked for in these languages, and nothing in others."""

    def answer(_: int, request: Request) -> Answer:
        query = BY_TEXT[request.body["query"]]
        return Answer(json.dumps({"results": [*query.relevant] if query.language in languages else ["en/other"]}))

    return answer


@pytest.fixture
def searches() -> Iterator[dict[str, SearchStub]]:
    """The search as it is, which knows no Korean, and one that translates."""
    with SearchStub(knows("en", "de")) as own, SearchStub(knows("en", "de", "ko")) as translated:
        yield {"own": own, "translated": translated}


@pytest.fixture
def babelwatch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], searches: Mapping[str, SearchStub]
) -> Iterator[Run]:
    """Runs a command in this process, in a folder with settings of both searches."""
    entries = [
        {"name": name, "dataset": str(EXAMPLE), "endpoint": {"url": stub.url, "rate": 1000}} for name, stub in searches.items()
    ]
    settings = {"golden": entries, "source": {"document_language": {"pattern": "^(..)/"}}}
    tmp_path.joinpath("babelwatch.yaml").write_text(json.dumps(settings), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")

    def run(*arguments: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["babelwatch", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return Said(int(ended.value.code or 0), out, err)

    with logging_as_before():
        yield run


def test_a_run_is_one_document(babelwatch: Run, searches: Mapping[str, SearchStub]) -> None:
    """With the fields of its contract; progress and the number of searches go elsewhere; no file of answers is left."""
    answer = babelwatch("golden", "run", EXAMPLE, "--name", "own", "--json")
    told = answer.json()
    assert told.keys() == RESULT
    assert [(row["language"], row["n"], row["recall_at_10"]) for row in told["languages"]] == [
        ("de", 3, 1.0),
        ("en", 4, 1.0),
        ("ko", 3, 0.0),
    ]
    assert all(row.keys() == ROW | MEASURES for row in told["languages"])
    assert all(row.keys() == {"query_language", "document_language", "n", "ci95"} | MEASURES for row in told["pairs"])
    assert all(row["ci95"].keys() == MEASURES for row in [*told["languages"], *told["pairs"]])
    host = searches["own"].url.split("/")[2]
    assert answer.err == f"10 searches at {host}, at most 1000 a second: 0s or longer.\n"
    assert list(Path("babelwatch-data/golden").iterdir()) == []
    assert babelwatch("golden", "list", "--json").json() == [{"address": "golden:own", "languages_only": [], **told}]


def test_a_run_is_read_by_people_too(babelwatch: Run) -> None:
    """A table by language and by pair, in points, with what weakens it; and kept runs in a list."""
    assert "there is no store" in babelwatch("golden", "list").refusal(3)
    told = babelwatch("golden", "run", EXAMPLE, "--name", "own").out
    lines = [" ".join(line.split()) for line in told.splitlines()]
    assert lines[0].startswith("own: 10 queries, 20")
    assert "German 3 100.0 100.0 100.0 100.0 28.1 100.0 100.0" in lines
    assert "Korean 3 0.0 0.0 0.0 0.0 28.1 0.0 0.0" in lines
    assert "German English 1 100.0 100.0 100.0 100.0 –" in lines
    assert any(line.startswith("- fewer than 50 queries") for line in lines)
    assert babelwatch("golden", "run", EXAMPLE, "--name", "ko only", "--languages", "ko", "--golden", "own").status == 0
    listed = [" ".join(line.split()) for line in babelwatch("golden", "list").out.splitlines()]
    assert next(line for line in listed if "own" in line).endswith("10 0 3 66.7 66.7 66.7 66.7")
    narrowed = next(line for line in listed if "ko only" in line)
    assert narrowed.startswith("ko only (only ko) 20")
    assert narrowed.endswith("3 0 1 0.0 0.0 0.0 0.0")


def test_a_kept_run_is_listed_by_what_compare_finds_it_by(babelwatch: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within eighty columns; each address finds its own run, and one of some languages only has none."""
    for more in ((), ("--languages", "ko"), ("--languages", "en,de,ko"), ()):
        assert babelwatch("golden", "run", EXAMPLE, "--name", "own", *more).status == 0
    rows = babelwatch("golden", "list", "--json").json()
    assert [row["address"] for row in rows] == ["golden:own~1", None, None, "golden:own"]
    with reached.journal(Settings(), None) as journal:
        found = [kept.named(journal, row["address"].removeprefix("golden:")).id for row in rows if row["address"]]
    assert found == [rows[0]["run"], rows[3]["run"]]
    monkeypatch.setenv("COLUMNS", "80")
    shown = babelwatch("golden", "list").out.splitlines()
    assert max(map(len, shown)) <= 80
    assert [line.split()[0] for line in shown if line.startswith("golden:") and "own" in line] == ["golden:own~1", "golden:own"]


def test_a_kept_run_that_lost_a_language_says_so_in_the_list(babelwatch: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its reason; a run without such a loss is not named."""
    monkeypatch.setattr("agent.clock.SystemClock.sleep", lambda _clock, _seconds: None)  # a minute and a half of waiting

    def answer(number: int, request: Request) -> Answer:
        query = BY_TEXT[request.body["query"]]
        return Answer('{"results": 7}') if query.language == "ko" else knows("en", "de")(number, request)

    with SearchStub(answer) as stub:
        assert babelwatch("golden", "run", EXAMPLE, "--name", "torn", "--url", stub.url).status == 0
    assert babelwatch("golden", "run", EXAMPLE, "--name", "own").status == 0
    [said] = [line for line in babelwatch("golden", "list").out.splitlines() if line.startswith("- ")]
    assert said.startswith("- golden:torn, 20")
    assert said.endswith(": Korean has no figures: 3 of 3 queries failed, more than 5%")


def test_a_language_that_a_set_lacks_can_be_no_mistake(babelwatch: Run, searches: Mapping[str, SearchStub]) -> None:
    """What the agent starts for a language asks what there is; with nothing to ask nothing is kept, and all is well."""
    words = ("golden", "run", EXAMPLE, "--name", "own", "--languages")
    assert "expected queries in lo, found none" in babelwatch(*words, "lo,ko").refusal(2)
    told = babelwatch(*words, "lo,ko", "--only-there", "--json")
    assert ([row["language"] for row in told.json()["languages"]], "No queries in lo." in told.err) == (["ko"], True)
    asked = len(searches["own"].requests)
    nothing = babelwatch(*words, "lo", "--only-there")
    assert (nothing.status, nothing.out, nothing.err) == (0, "", "No queries in lo.\n")
    assert babelwatch(*words, "lo", "--only-there", "--json").json()["run"] is None
    assert len(searches["own"].requests) == asked
    assert len(babelwatch("golden", "list", "--json").json()) == 1


def test_two_searches_side_by_side(babelwatch: Run, searches: Mapping[str, SearchStub]) -> None:
    """The same queries to both, both kept under their names, and what the second would bring by language."""
    words = ("golden", "run", EXAMPLE, "--name", "as-is", "--golden", "own", "--against", "translated")
    told = babelwatch(*words, "--json").json()
    assert told.keys() == RESULT | {"against", "differences"}
    assert (told["name"], told["against"]["name"]) == ("as-is", "translated")
    assert {row["language"]: row["recall_at_10"] for row in told["differences"]} == {"de": 0.0, "en": 0.0, "ko": 1.0}
    asked = [sorted(request.body["query"] for request in stub.requests) for stub in searches.values()]
    assert asked[0] == asked[1] == sorted(BY_TEXT)
    assert len({request.headers["x-babelwatch-run"] for stub in searches.values() for request in stub.requests}) == 2
    assert [row["name"] for row in babelwatch("golden", "list", "--json").json()] == ["as-is", "translated"]
    lines = [" ".join(line.split()) for line in babelwatch(*words).out.splitlines()]
    assert "translated is better than as-is by, in points on the queries that both answered:" in lines
    assert "Korean 3 +100.0 +100.0 +100.0 +100.0 –" in lines


def test_a_search_can_be_named_on_the_command_line(babelwatch: Run) -> None:
    """Another body, another place of the results: no settings are needed."""

    def answer(_: int, request: Request) -> Answer:
        return Answer(json.dumps({"hits": [{"id": name} for name in BY_TEXT[request.body["text"]].relevant]}))

    with SearchStub(answer) as stub:
        words = ("--url", stub.url, "--body", '{"text": "{query}", "n": "{k}"}', "--results", "hits[].{doc_id: id}")
        told = babelwatch("golden", "run", EXAMPLE, "--name", "new", *words, "--languages", "ko", "--json").json()
        assert {request.body["n"] for request in stub.requests} == {100}
    assert [(row["language"], row["ndcg_at_10"]) for row in told["languages"]] == [("ko", 1.0)]


def test_a_run_that_was_cut_off_goes_on(
    babelwatch: Run, searches: Mapping[str, SearchStub], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answers are in the store's folder; the second run says how many there are; --anew asks all again."""
    keep = checking.keep

    def cut_off(settings: Settings, store: Path | None, rows: Any) -> None:
        if rows[-1].kind == kept.GOLDEN:
            raise KeyboardInterrupt
        keep(settings, store, rows)

    def tried(*more: str) -> Said:
        with monkeypatch.context() as patch:
            patch.setattr(checking, "keep", cut_off)
            return babelwatch("golden", "run", EXAMPLE, "--name", "own", "--json", *more)

    stopped = tried()
    assert stopped.status == 130
    said = "Stopped: 10 queries are answered and kept. The same command goes on from there for a day."
    assert stopped.err.splitlines()[1:] == [said]
    assert len(Path("babelwatch-data/golden/own.part.jsonl").read_text(encoding="utf-8").splitlines()) == 11
    listed = babelwatch("golden", "list", "--json")
    assert listed.json() == []
    assert listed.err.startswith("own has not ended: 10 queries are answered since 20")
    assert listed.err.endswith(". Unless it still runs, the same command goes on from there.\n")
    anew = tried("--anew")
    assert (anew.status, "The same command without --anew goes on from there" in anew.err) == (130, True)
    assert len(searches["own"].requests) == 20
    again = babelwatch("golden", "run", EXAMPLE, "--name", "own", "--json")
    assert "(10 of 10 are answered already; --anew asks all)" in again.err
    assert again.json()["queries"] == 10
    assert babelwatch("golden", "list", "--json").err == ""
    assert len(searches["own"].requests) == 20


def test_a_run_that_is_stopped_before_an_answer_keeps_nothing(babelwatch: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """And says so, with no promise to go on."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(checking, "keep", interrupted)
    answer = babelwatch("golden", "run", EXAMPLE, "--name", "own")
    assert (answer.status, answer.err.splitlines()[1:]) == (130, ["Stopped: no query is answered yet."])
    assert golden.unfinished(Settings(), None) == []


WRONG: Mapping[str, tuple[tuple[object, ...], str]] = {
    "a name that is no file's": ((EXAMPLE, "--name", "../x"), "--name: expected up to 100 letters, digits, spaces and ._+@-"),
    "no such settings": (
        (EXAMPLE, "--name", "x", "--golden", "old"),
        "--golden: expected the name of settings under golden (there: own, translated), found 'old'",
    ),
    "no one of many settings": (
        (EXAMPLE, "--name", "x"),
        "golden run: expected --url, or --golden with the name of settings under golden (there: own, translated)",
    ),
    "the same search twice": (
        (EXAMPLE, "--name", "own", "--against", "own"),
        "--against: expected the name of other settings than that of the run",
    ),
    "an unknown language": (
        (EXAMPLE, "--name", "own", "--languages", "en,qqz"),
        "--languages: expected known language tags, found 'qqz'",
    ),
    "a language without queries": (
        (EXAMPLE, "--name", "own", "--languages", "lo"),
        f"{EXAMPLE}: expected queries in lo, found none",
    ),
    "no address": (
        (EXAMPLE, "--name", "x", "--url", "search:80"),
        "--url: expected an address that begins with http:// or https://, found 'search:80'",
    ),
    "no JSON": ((EXAMPLE, "--name", "x", "--url", "http://a", "--body", "{"), "--body: expected JSON"),
    "no expression": (
        (EXAMPLE, "--name", "x", "--url", "http://a", "--results", "["),
        "--results: expected a JMESPath expression, found '['",
    ),
    "settings and an address": (
        (EXAMPLE, "--name", "x", "--url", "http://a", "--golden", "own"),
        "--golden: expected without --url, --body and --results",
    ),
    "no set": (("none.tsv", "--name", "own"), "none.tsv: cannot be read: No such file or directory"),
}


@pytest.mark.parametrize(("words", "message"), WRONG.values(), ids=WRONG)
def test_wrong_use_is_one_message(
    babelwatch: Run, searches: Mapping[str, SearchStub], words: tuple[object, ...], message: str
) -> None:
    """And nothing is asked."""
    assert message in babelwatch("golden", "run", *words).refusal(2)
    assert searches["own"].requests == searches["translated"].requests == []


def test_a_search_that_refuses_ends_with_its_mistake(babelwatch: Run) -> None:
    """A wrong address is no table of zeros."""
    with SearchStub(lambda *_: Answer("{}", 404)) as stub:
        err = babelwatch("golden", "run", EXAMPLE, "--name", "x", "--url", stub.url).refusal(2)
    assert "answers 404: look at its url" in err


def test_coverage_shows_what_to_label(babelwatch: Run) -> None:
    """Traffic beside the set of the settings: pairs that are short, and a list for the budget."""
    rows = [event(n, "ko" if n < 6 else "en") for n in range(10)]
    write_log(Path("log.jsonl"), rows)
    assert babelwatch("replay", "log.jsonl", "--store", "babelwatch-data").status == 0
    told = babelwatch("golden", "coverage", EXAMPLE, "--budget", "20", "--json").json()
    found = [
        (row["query_language"], row["document_language"], row["traffic"], row["judged"], row["enough"]) for row in told["pairs"]
    ]
    assert found[:2] == [("ko", "en", 6, 1, False), ("en", "en", 4, 4, False)]
    assert {row[:2] for row in found[2:]} == {("de", "en"), ("de", "de"), ("ko", "ko")}
    assert told["label_next"] == [
        {"query_language": "ko", "document_language": "en", "queries": 13},
        {"query_language": "en", "document_language": "en", "queries": 7},
    ]
    shown = " ".join(babelwatch("golden", "coverage", EXAMPLE).out.split())
    assert "With traffic and under 100 judged queries: Korean → English, English → English." in shown
    assert "Label next, 200 queries: 112 Korean → English 88 English → English" in shown
    nothing = babelwatch("golden", "coverage", EXAMPLE, "--to", "2020-01-01", "--json").json()
    assert nothing["label_next"] == []


def test_coverage_is_told_what_is_missing(babelwatch: Run) -> None:
    """Which set, a time that is none, a set that is none."""
    assert "DATASET: expected a golden set: 2 are configured under golden" in babelwatch("golden", "coverage").refusal(2)
    babelwatch("golden", "run", EXAMPLE, "--name", "own")
    assert "--from: 'soon' is no time" in babelwatch("golden", "coverage", EXAMPLE, "--from", "soon").refusal(2)
    assert "none: cannot be read" in babelwatch("golden", "coverage", "none").refusal(2)


def test_beside_an_agent_its_journal_is_written(tmp_path: Path, searches: Mapping[str, SearchStub]) -> None:
    """Through its API; it learns of the run before the first query is sent, and has the time for it that was given."""
    journal, looking = MemoryJournal(), Looking()
    (tmp_path / ENGINE).mkdir()
    asked_at: list[datetime] = []

    def answer(number: int, request: Request) -> Answer:
        asked_at.append(datetime.now(UTC))
        return knows("en", "de", "ko")(number, request)

    with ExitStack() as stack:
        listener = stack.enter_context(closing(listen("127.0.0.1", 0)))
        health = Health(SystemClock().now())
        api = build(
            looking.views, looking.writer, health, looking.clock, frozenset({"t"}), shared=SharedJournal(journal, SystemClock())
        )
        agent = stack.enter_context(WebServer(api, listener))
        lock = StoreLock(tmp_path)
        stack.callback(lock.release)
        assert lock.take(agent.url, "t") is None
        stub = stack.enter_context(SearchStub(answer))
        asked = golden.Asked(EXAMPLE, "own", given={"url": stub.url}, store=tmp_path, settle=0.5)
        with logging_as_before():
            told = golden.run(Settings(), asked, lambda _: None)
    [one] = kept.golden_runs(journal)
    [opened] = kept.open_runs(journal)
    assert one.result == json.loads(json.dumps(told))
    assert (min(asked_at) - opened.at).total_seconds() >= 0.5
    assert opened.at < one.at < opened.until
