"""`babelwatch probe` as a person or a script meets it: the plan, the table, one document, kept runs, thresholds, refusals."""

import json
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from agent import cli, reached
from agent.config.configuration import load
from agent.config.settings import Settings
from agent.probing import kept
from agent.probing.embedding.memory import InMemoryEmbedder
from agent.probing.golden.marks import Marked
from agent.probing.separation.concepts import bundled
from agent.probing.separation.floor import UNRELATED, lines_of
from agent.probing.separation.names import names
from agent.report import separation_table
from tests.acceptance.command import Answer as Said
from tests.acceptance.command import logging_as_before
from tests.probing import server
from tests.probing.embedding.endpoints import listed
from tests.probing.golden.stub import Answer, SearchStub
from tests.probing.server import Server

QUERIES = lines_of(UNRELATED)
DIMENSION = 32
KEYS = {
    "model",
    "embedding_model",
    "floor",
    "floor_source",
    "cutoff",
    "unrelated_queries",
    "senseless",
    "document_languages",
    "concepts",
}

Run = Callable[..., Said]


def understanding(*languages: str) -> InMemoryEmbedder:
    """A model that understands these languages; texts in others lie anywhere."""
    draw = np.random.default_rng(3)
    table = {}
    for concept in (*bundled(), *names(languages).concepts):
        meaning = draw.standard_normal(DIMENSION)
        for language in languages:
            for text in concept.texts.get(language, ()):
                table[text] = (meaning + draw.standard_normal(DIMENSION) / 3).tolist()
    return InMemoryEmbedder(table, dimension=DIMENSION)


@pytest.fixture(scope="module")
def embeddings() -> Iterator[Server]:
    """An endpoint of OpenAI's API that understands English and German."""
    model = understanding("en", "de")

    def answer(request: server.Request) -> server.Answer:
        return server.said(listed(model.embed(request.body["input"]).tolist()))

    with Server(answer) as one:
        yield one


@pytest.fixture
def search() -> Iterator[SearchStub]:
    """A search that answers every query with the same two documents."""
    results = [{"doc_id": "a", "score": 0.31}, {"doc_id": "b", "score": 0.33}]
    with SearchStub(lambda _number, _request: Answer(json.dumps({"results": results}))) as one:
        yield one


@pytest.fixture
def babelwatch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], embeddings: Server, search: SearchStub
) -> Iterator[Run]:
    """Runs a command in this process, in a folder with settings of two probes, one with a search."""
    embedder = {"type": "openai", "url": f"{embeddings.url}/v1", "model": "ours-3", "batch": 256}
    own = {"name": "own", "embedder": embedder, "embedding_model": "ours", "languages": ["en", "de", "lo"]}
    endpoint = {"url": search.url, "rate": 1000}
    probes = [own, {**own, "name": "searched", "languages": ["de"], "endpoint": endpoint}]
    tmp_path.joinpath("babelwatch.yaml").write_text(json.dumps({"probes": probes}), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")

    def run(*arguments: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["babelwatch", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return Said(int(ended.value.code or 0), out, err)

    with logging_as_before():
        yield run


def probe(run: Run, *options: object) -> Any:
    """What `probe run --json` prints."""
    return run("probe", "run", "--probe", "own", "--json", *options).json()


def test_a_probe_is_one_document_and_is_kept(babelwatch: Run) -> None:
    """The plan goes to standard error before it; `probe list` has it again, under its name and time."""
    answer = babelwatch("probe", "run", "--probe", "own", "--json")
    told = answer.json()
    assert told.keys() == {*KEYS, "languages", "pairs"}
    assert (told["model"], told["embedding_model"], told["floor_source"]) == ("ours-3", "ours", "lists")
    assert [(row["language"], row["verdict"]) for row in told["languages"]] == [
        ("en", "connected"),
        ("de", "connected"),
        ("lo", "broken"),
    ]
    texts = {
        text for each in (*bundled(), *names(["de", "en", "lo"]).concepts) for tag in ("de", "en", "lo") for text in each.texts[tag]
    }
    asked = len(texts | {*QUERIES})
    assert answer.err == f"3 languages: {asked} texts to embed in {-(-asked // 256)} calls of ours-3.\n"
    [run] = babelwatch("probe", "list", "--json").json()
    assert {key: run[key] for key in told} == told
    assert run["name"] == "own"


def test_a_probe_is_read_by_people_too(babelwatch: Run) -> None:
    """The worst language first, one line of advice for each that is not connected, all within eighty columns."""
    assert "there is no store" in babelwatch("probe", "list").refusal(3)
    lines = babelwatch("probe", "run", "--probe", "own").out.splitlines()
    assert max(map(len, lines)) <= 80
    rows = [line.split() for line in lines if line.split()[:1] in (["Lao"], ["German"], ["English"])]
    assert (rows[0][0], rows[0][-1]) == ("Lao", "broken")
    assert sorted((row[0], row[-1]) for row in rows[1:]) == [("English", "connected"), ("German", "connected")]
    text = " ".join(" ".join(lines).split())
    assert "Lao: not understood. Translate its queries before they are embedded, or take another model." in text
    assert "German:" not in text
    head, _, row = babelwatch("probe", "list").out.splitlines()
    assert head.split() == ["name", "time", "model", "floor", "connected", "weak", "broken"]
    assert row.split()[-3:] == ["2", "0", "1"]


def test_ci_can_ask_for_a_verdict(babelwatch: Run) -> None:
    """`--fail-on broken` is exit status 1 where one is, and the answer is printed all the same."""
    failed = babelwatch("probe", "run", "--probe", "own", "--fail-on", "broken", "--json")
    assert failed.status == 1
    assert len(json.loads(failed.out)["languages"]) == 3
    assert babelwatch("probe", "run", "--probe", "own", "--fail-on", "weak", "--languages", "de").status == 0


def test_the_floor_of_a_search_is_that_of_the_index(babelwatch: Run, search: SearchStub) -> None:
    """Every unrelated query is asked once, says whose it is, and is told to be nobody's before it is sent."""
    told = babelwatch("probe", "run", "--probe", "searched", "--json")
    assert (told.json()["floor"], told.json()["cutoff"], told.json()["floor_source"]) == (0.33, 0.34, "index")
    assert f"40 searches at {search.url.split('/')[2]}, at most 1000 a second." in told.err
    assert sorted(request.body["query"] for request in search.requests) == sorted(QUERIES)
    assert all(request.headers["x-babelwatch-run"] for request in search.requests)
    with reached.journal(Settings(), None) as journal:
        [run] = kept.open_runs(journal)
    at = int(run.at.timestamp() * 1000)
    assert all(Marked([run]).has(at, query) for query in QUERIES)


def test_a_search_that_gives_no_scores_is_refused(babelwatch: Run, search: SearchStub) -> None:
    """A floor cannot be made of ids: the sentence says what is needed, and the run is closed."""
    search._answer = lambda _number, _request: Answer('{"results": ["a"]}')
    refused = babelwatch("probe", "run", "--probe", "searched", "--json").refusal(2)
    assert "endpoint: results: expected results with a score, which the floor is measured by: {doc_id, score}" in refused
    assert babelwatch("probe", "list", "--json").out.strip() == "[]"


def test_thresholds_are_written_to_be_pasted(babelwatch: Run, tmp_path: Path) -> None:
    """The file loads as settings; one that cannot be written is told."""
    told = probe(babelwatch, "--write-thresholds", tmp_path / "t.yaml")
    quality = load(tmp_path / "t.yaml", {}).quality
    assert dict(quality.hit_threshold.models) == {"ours": told["cutoff"]}
    assert quality.similarity.floor == round(told["floor"], 3)
    nowhere = tmp_path / "none" / "t.yaml"
    assert f"{nowhere}: cannot be written: " in babelwatch("probe", "run", "--probe", "own", "--write-thresholds", nowhere).err


def test_own_concepts_corpus_and_queries(babelwatch: Run, tmp_path: Path) -> None:
    """Concepts add to the bundled ones and bring languages of their own; the floor is that of the corpus, by the queries given."""
    pairs, corpus, queries = (tmp_path / name for name in ("p.yaml", "c.txt", "q.txt"))
    pairs.write_text("\n".join(f"own{n}: {{en: own text {n}, tlh: tlhIngan {n}}}" for n in range(9)), encoding="utf-8")
    corpus.write_text("a\nb\nc\n", encoding="utf-8")
    queries.write_text("what is a\nb\n", encoding="utf-8")
    told = probe(babelwatch, "--pairs", pairs, "--languages", "tlh,en", "--corpus", corpus, "--unrelated", queries)
    assert [(row["language"], row["n"]) for row in told["languages"]] == [("tlh", 9), ("en", 48)]
    assert told["concepts"]["phrases"] == len(bundled()) + 9
    assert (told["languages"][0]["verdict"], told["languages"][0]["same_language_mean"]) == ("weak", None)
    assert (told["floor_source"], told["unrelated_queries"]) == ("corpus", 2)
    assert told["floor"] > 0.5  # one of the two is in the corpus as it is


def test_documents_in_several_languages_make_a_second_table(babelwatch: Run) -> None:
    """Each query language against each document language, by tag."""
    text = babelwatch("probe", "run", "--probe", "own", "--documents", "en,de", "--languages", "de,lo").out
    assert "against documents in English, German" in text
    pairs = [line.partition("  ")[0] for line in text.splitlines() if "→" in line]
    assert sorted(pairs) == ["de → de", "de → en", "lo → de", "lo → en", "lo → lo"]


REFUSALS: dict[str, tuple[list[str], str]] = {
    "no probe named": ([], "--probe: expected the name of settings under probes (there: own, searched), or --model"),
    "an unknown probe": (["--probe", "x"], "--probe: expected the name of settings under probes (there: own, searched), found 'x'"),
    "both": (["--probe", "own", "--model", "m"], "--model: expected without --probe"),
    "no language": (["--probe", "own", "--languages", "english"], "--languages: expected known language tags, found 'english'"),
    "an unknown document language": (["--probe", "own", "--documents", "xyz1"], "--documents: expected known language tags, found"),
    "a language of no list": (["--probe", "own", "--languages", "tlh"], "languages: expected languages that a list has, found tlh"),
    "no such file": (["--probe", "own", "--pairs", "none.yaml"], "none.yaml: expected a file of concepts that can be read"),
    "no model": (["--model", "./none"], "./none"),
}


@pytest.mark.parametrize(("options", "expected"), REFUSALS.values(), ids=REFUSALS)
def test_what_cannot_be_done_is_said(babelwatch: Run, options: list[str], expected: str) -> None:
    """Exit status 2 and one sentence, before anything is embedded."""
    assert expected in babelwatch("probe", "run", *options, "--json").refusal(2)


def test_a_model_folder_that_is_not_there_announces_nothing(babelwatch: Run) -> None:
    """The mistake is all that is said."""
    err = babelwatch("probe", "run", "--model", "/nonexist").refusal(2)
    assert err == "babelwatch: embedder /nonexist: cannot be loaded: there is no such folder\n"


def test_one_of_a_kind_is_announced_as_one(babelwatch: Run) -> None:
    """One language, and one call where all texts go into one."""
    err = babelwatch("probe", "run", "--probe", "own", "--languages", "de", "--json").err
    assert err.startswith("1 language: ")


def test_a_model_folder_is_shown_by_its_name(babelwatch: Run) -> None:
    """In the title and in the list, where a path leaves no room; the document has it whole."""
    told = {**probe(babelwatch, "--languages", "de"), "model": "/srv/models/ours", "embedding_model": "/srv/models/ours"}
    run = kept.ProbeRun("1", "/srv/models/ours", datetime(2026, 11, 22, tzinfo=UTC), "/srv/models/ours", told)
    console = Console(width=80, file=StringIO())
    with console.capture() as captured:
        console.print(separation_table.probe(told), separation_table.runs([run]))
    lines = captured.get().splitlines()
    assert lines[0] == "ours against documents in English"
    assert lines[-1].split()[0] == "ours"
    assert "/srv" not in captured.get()


def test_vectors_without_meaning_are_no_news_of_languages(babelwatch: Run, tmp_path: Path) -> None:
    """One warning instead of advice for each language, and a gate that stays closed."""
    nothing = InMemoryEmbedder({}, dimension=DIMENSION)
    with Server(lambda request: server.said(listed(nothing.embed(request.body["input"]).tolist()))) as random:
        embedder = {"type": "openai", "url": f"{random.url}/v1", "model": "ours-3", "batch": 256}
        tmp_path.joinpath("random.yaml").write_text(
            json.dumps({"probes": [{"name": "own", "embedder": embedder}]}), encoding="utf-8"
        )
        answer = babelwatch("probe", "run", "--config", "random.yaml", "--languages", "en", "--fail-on", "broken")
    said = " ".join(answer.out.split())
    assert "The vectors seem to carry no meaning: in no language, English among them," in said
    assert "English:" not in said
    assert answer.status == 1


def test_an_endpoint_that_is_gone_is_exit_status_3(babelwatch: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is kept of such a run."""
    monkeypatch.setattr("agent.clock.SystemClock.sleep", lambda _clock, _seconds: None)  # a minute and a half of waiting
    given = json.loads(tmp_path.joinpath("babelwatch.yaml").read_text(encoding="utf-8"))
    given["probes"][0]["embedder"]["url"] = "http://127.0.0.1:9/v1"
    tmp_path.joinpath("babelwatch.yaml").write_text(json.dumps(given), encoding="utf-8")
    assert babelwatch("probe", "run", "--probe", "own", "--json").status == 3
    assert "there is no store" in babelwatch("probe", "list", "--json").refusal(3)
