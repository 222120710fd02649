"""`compare` as a person or a CI job has it: exit status, one JSON document, the files it writes, sentences for mistakes."""

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import numpy as np
import pytest
import typer
from ruamel.yaml import YAML

from agent import reached
from agent.cli import cli
from agent.config.settings import Settings
from agent.errors import Misconfigured
from agent.gate import Options, gate
from agent.probing import kept, scores
from agent.probing.comparing.verdict import Verdict
from agent.probing.scores import Group
from tests.acceptance.command import Answer, babelwatch, event, logging_as_before, write_log

ROOT = Path(__file__).parent.parent
AT = datetime(2026, 11, 16, tzinfo=UTC)
DECLARED = Settings.model_validate({"source": {"mapping": {"query_language": "true_language"}}})
OTHER_TEN = ("ar", "de", "el", "en", "hi", "ro", "ru", "th", "tr", "vi")


@pytest.fixture(autouse=True)
def _logging() -> Iterator[None]:
    """Some of the commands run in this process."""
    with logging_as_before():
        yield


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two logs of 300 English and 300 Korean queries; Korean loses a third of them."""
    write_log(tmp_path / "base.jsonl", (query(number) for number in range(600)))
    write_log(tmp_path / "candidate.jsonl", (query(number, lost=number % 6 == 1) for number in range(600)))
    return tmp_path


def query(number: int, *, lost: bool = False) -> dict[str, Any]:
    """A search of its own, in turns English and Korean; its one relevant document is the first of eleven, or none of ten."""
    results = [{"doc_id": f"doc-{rank}"} for rank in range(11)][lost:]
    return event(number, ("en", "ko")[number % 2], query=f"question {number}", results=results)


def compare(folder: Path, *words: object) -> Answer:
    """The command."""
    return babelwatch("compare", *words, cwd=folder)


def test_a_language_that_fell_closes_the_gate(folder: Path) -> None:
    """Exit status 1, one JSON document, and the same in the report and in the comment."""
    files = ("--junit", "report.xml", "--markdown", "comment.md")
    answer = compare(folder, "base.jsonl", "candidate.jsonl", "--metric", "recall@10", "--json", *files)
    assert answer.status == 1
    found = json.loads(answer.out)
    assert {row["language"]: row["verdict"] for row in found["languages"]} == {"ko": "fail", "en": "pass"}
    assert found["languages"][0]["drop"] == pytest.approx(1 / 3)
    [suite] = Xml.fromstring((folder / "report.xml").read_bytes())
    assert suite.get("failures") == "1"
    assert "**fail**" in (folder / "comment.md").read_text(encoding="utf-8")


def test_a_table_for_a_person(folder: Path) -> None:
    """With what was not read on standard error."""
    with (folder / "base.jsonl").open("a") as file:
        file.write("{\n")
    answer = compare(folder, "base.jsonl", "candidate.jsonl")
    assert answer.status == 1
    assert "Korean" in answer.out
    assert answer.out.splitlines()[-1] == "1 language fails, 1 passes."
    assert answer.err == "base.jsonl: 1 lines could not be read (not_json 1).\n"


def test_against_itself_the_gate_opens(folder: Path) -> None:
    """Also a strict one, and the comment is all that is printed."""
    answer = compare(folder, "base.jsonl", "base.jsonl", "--strict", "--markdown", "-")
    assert (answer.status, answer.err) == (0, "")
    assert answer.out.startswith("### babelwatch compare: pass\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("base.jsonl", "none.jsonl"), "none.jsonl: cannot be read: No such file or directory"),
        (("base.jsonl", "."), ".: cannot be read: Is a directory"),
        (("base.jsonl", "base.jsonl", "--metric", "map"), "--metric: expected ndcg@K, mrr@K or recall@K"),
        (("base.jsonl", "base.jsonl", "--labels", "clicks"), "base.jsonl: its labels are clicks"),
        (("base.jsonl", "base.jsonl", "--json", "--markdown", "-"), "--markdown: expected a file beside --json"),
        (("base.jsonl", "base.jsonl", "--junit", "no/report.xml"), "no/report.xml: cannot be written"),
    ],
)
def test_mistakes_are_sentences(folder: Path, words: tuple[str, ...], said: str) -> None:
    """Exit status 2, nothing on standard output."""
    assert said in compare(folder, *words).refusal(2)


def test_a_store_that_is_not_there_is_not_made(folder: Path) -> None:
    """A mistyped --store is told; nothing is left behind."""
    assert "there is no store in new" in compare(folder, "golden:support", "base.jsonl", "--store", "new").refusal(3)
    assert not folder.joinpath("new").exists()


def test_a_damaged_log_is_no_answer(folder: Path) -> None:
    """What stands behind the damage is not known: exit status 3."""
    whole = gzip.compress((folder / "base.jsonl").read_bytes())
    (folder / "cut.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    assert "cannot be read at line" in compare(folder, "base.jsonl", "cut.jsonl.gz").refusal(3)


def test_clicks_are_compared_when_that_is_wanted(folder: Path) -> None:
    """And marked."""
    found = gate(Settings(), options(folder, "base.jsonl", "base.jsonl", labels="clicks", allow_biased=True))
    assert found.biased


def options(folder: Path, base: str, candidate: str, **others: Any) -> Options:
    """Two logs of a folder."""
    return Options(str(folder / base), str(folder / candidate), "recall@10", **others)


def keep(folder: Path, name: str, number: int, found: list[float], **result: Any) -> None:
    """A golden run in the store of a folder."""
    run = kept.GoldenRun(f"{name}-{number}", name, AT + timedelta(days=number), (), result)
    values = {"recall@10": np.array(found)}
    group = scores.Scores(np.arange(len(found), dtype=np.uint64), values)
    with reached.journal(Settings(), folder, make=True) as journal:
        journal.write([scores.entry_of(run.id, run.at, Group("ko"), group), kept.entry_of(run)])


def test_golden_runs_are_compared_as_they_were_kept(tmp_path: Path) -> None:
    """The newest with the one before it; a set made from clicks is refused."""
    keep(tmp_path, "support", 0, [1.0] * 400)
    keep(tmp_path, "support", 1, [1.0] * 300 + [0.0] * 100)
    found = gate(Settings(), Options("golden:support~1", "golden:support", "recall@10", store=tmp_path))
    [row] = found.rows
    assert (row.verdict, row.judged and row.judged.estimate.drop) == (Verdict.FAIL, 0.25)
    assert (found.base.at, found.candidate.at) == (AT, AT + timedelta(days=1))
    keep(tmp_path, "clicked", 0, [1.0] * 400, labels="clicks")
    with pytest.raises(Misconfigured, match="golden:clicked: its labels are clicks"):
        gate(Settings(), Options("golden:clicked", "golden:clicked", "recall@10", labels="judged", store=tmp_path))


def test_xquad(shared: Path) -> None:
    """Of the real logs only Spanish fails, nobody knows of Chinese, and the other ten are well; against itself all are."""
    one, two = (str(shared / "data" / "xquad" / f"xquad-paragraphs-v{version}.jsonl.gz") for version in (1, 2))
    found = gate(DECLARED, Options(one, two, "recall@10"))
    by_verdict = {verdict: {row.group.language for row in found.rows if row.verdict is verdict} for verdict in Verdict}
    assert by_verdict == {
        Verdict.FAIL: {"es"},
        Verdict.INCONCLUSIVE: {"zh"},
        Verdict.INSUFFICIENT: set(),
        Verdict.PASS: set(OTHER_TEN),
    }
    spanish, chinese = (row.judged for row in found.rows[:2])
    assert spanish is not None
    assert chinese is not None
    assert spanish.estimate.n == 1_185
    assert spanish.estimate.drop == pytest.approx(0.0489, abs=5e-5)
    assert spanish.estimate.ci95 == pytest.approx((0.030, 0.068), abs=1e-3)
    assert 2_000 < chinese.needed < 3_000
    assert {row.verdict for row in gate(DECLARED, Options(one, one, "recall@10")).rows} == {Verdict.PASS}


def steps() -> Iterator[list[str]]:
    """The commands of the example job."""
    job = YAML(typ="safe").load(ROOT.joinpath("examples", "ci", "compare.yml"))["jobs"]["gate"]
    for step in job["steps"]:
        for line in step.get("run", "").replace("\\\n", " ").splitlines():
            yield line.split()


def test_the_example_job_has_commands_that_are_there() -> None:
    """Each is a command of ours with options that it has; the comparison's are read whole."""
    group = typer.main.get_command(cli)
    compared = [words for words in steps() if words[:2] == ["babelwatch", "compare"]]
    assert compared
    for words in compared:
        command = group.get_command(group.make_context("babelwatch", ["compare"], resilient_parsing=True), "compare")  # type: ignore[attr-defined]
        assert command.make_context("compare", words[2:]).params["strict"] in {True, False}


def test_the_example_job_installs_what_there_is() -> None:
    """No package is released: it comes from a checkout, which the job makes, with versions from a file that is there."""
    job = YAML(typ="safe").load(ROOT.joinpath("examples", "ci", "compare.yml"))["jobs"]["gate"]
    [folder] = [step["with"]["path"] for step in job["steps"] if "repository" in step.get("with", {})]
    [installed] = [words for words in steps() if words[:2] == ["pip", "install"]]
    assert installed[2:] == ["--constraint", f"{folder}/constraints.txt", f"./{folder}"]
    assert ROOT.joinpath("constraints.txt").is_file()
