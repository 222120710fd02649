"""`rules check` and `rules test` as a person or a script sees them: exit status, what is printed, one JSON document."""

import json
from pathlib import Path

import pytest

from agent.resources import rules_dir
from agent.rule_tests.suite import beside
from tests.acceptance.command import Answer, babelwatch

WRONG = "rules:\n  - {name: a, kind: drop, threshold: 0.03}\n  - {name: b, kind: slow}\n"
TOLD = (
    "wrong.yaml:2: rules.0.threshold: expected a number of points from 0.1 to 100, found 0.03",
    "wrong.yaml:3: rules.1.kind: expected one of drop, gap, low, vanished, share, lag, found 'slow'",
)
MINE = "rules: [{name: mine, kind: drop, threshold: 20}]\n"
TESTS = """
rules: [../mine.yaml]
tests:
  - name: ten points are not told
    history: 1d
    series:
      - {language: de, index_version: v1, queries: 100x1d, hit_rate: .9}
      - {language: de, index_version: v2, queries: 0x1d 100x1h, hit_rate: .8}
    expect: [{at: 25h, incidents: []}]
  - name: thirty are
    history: 1d
    series:
      - {language: de, index_version: v1, queries: 100x1d, hit_rate: .9}
      - {language: de, index_version: v2, queries: 0x1d 100x1h, hit_rate: .6}
    expect: [{at: 25h, incidents: [{language: de, class: change, state: firing, rule: mine}]}]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A working folder with rules of one's own, their tests, and settings that name them."""
    (tmp_path / "tests").mkdir()
    for name, text in {
        "wrong.yaml": WRONG,
        "mine.yaml": MINE,
        "tests/mine.yml": TESTS,
        "babelwatch.yaml": "rules: [mine.yaml]",
    }.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def rules(folder: Path, *words: object) -> Answer:
    """The command."""
    return babelwatch("rules", *words, cwd=folder)


def test_every_mistake_is_told_and_the_answer_is_no(folder: Path) -> None:
    """With file, line, key and what was expected, on standard error."""
    assert rules(folder, "check", "wrong.yaml").refusal(1).splitlines() == ["babelwatch:", *TOLD]


def test_a_script_reads_the_mistakes(folder: Path) -> None:
    """One document; its exit status says no."""
    answer = rules(folder, "check", "wrong.yaml", "--json")
    assert answer.status == 1
    found = json.loads(answer.out)
    assert found["rules"] == []
    assert [": ".join(mistake.values()) for mistake in found["mistakes"]] == list(TOLD)


def test_rules_that_are_right_are_listed_with_what_they_need(folder: Path) -> None:
    """Those that the settings name, unless files are given."""
    assert [rule["name"] for rule in rules(folder, "check", "--json").json()["rules"]] == ["mine"]
    found = rules(folder, "check", "default", "mine.yaml", "--json").json()
    assert [(rule["name"], rule["kind"]) for rule in found["rules"]] == [
        *(("drop", "drop"), ("gap", "gap"), ("low", "low"), ("lag", "lag")),
        ("mine", "drop"),
    ]
    assert found["mistakes"] == []
    table = rules(folder, "check").out
    assert "mine" in table
    assert "quality.hit_threshold" in table


def test_rules_that_are_given_need_no_settings(folder: Path) -> None:
    """A mistake in babelwatch.yaml is another question."""
    (folder / "babelwatch.yaml").write_text("web: {port: x}", encoding="utf-8")
    assert rules(folder, "check", "mine.yaml").status == 0
    assert "web.port" in rules(folder, "check").refusal(2)


@pytest.mark.parametrize("command", ["check", "test"])
def test_a_file_that_is_not_there_is_wrong_use(folder: Path, command: str) -> None:
    """It is neither right nor wrong."""
    assert "away.yaml: expected a" in rules(folder, command, "away.yaml").refusal(2)


def test_rules_pass_their_tests(folder: Path) -> None:
    """Those in the folder `tests` beside them."""
    answer = rules(folder, "test")
    assert answer.status == 0
    assert answer.out.splitlines() == [
        "passed  tests/mine.yml: ten points are not told",
        "passed  tests/mine.yml: thirty are",
        "2 tests passed.",
    ]


def test_rules_that_fail_their_tests_say_how(folder: Path) -> None:
    """A threshold of forty points misses thirty: the test says so, on the terminal and for a script."""
    (folder / "mine.yaml").write_text(MINE.replace("20", "40"), encoding="utf-8")
    answer = rules(folder, "test", "tests/mine.yml")
    assert answer.status == 1
    assert "  - de change firing, rule mine" in answer.out.splitlines()
    told = rules(folder, "test", "--json")
    assert told.status == 1
    found = json.loads(told.out)
    assert (found["passed"], found["failed"]) == (1, 1)
    assert found["tests"][1]["differences"][0]["missing"] == [
        {"language": "de", "class": "change", "state": "firing", "rule": "mine"}
    ]


def test_mistakes_in_tests_and_in_their_rules_come_together(folder: Path) -> None:
    """Tests that cannot be read are not run, and neither are others."""
    (folder / "bad.yml").write_text("rules: [default]\ntests: []", encoding="utf-8")
    (folder / "other.yml").write_text(TESTS.replace("../mine", "wrong"), encoding="utf-8")
    err = rules(folder, "test", "bad.yml", "other.yml", "tests/mine.yml").refusal(1)
    assert err.splitlines() == ["babelwatch:", "bad.yml:2: tests: expected a list of tests, found nothing in it", *TOLD]


def test_no_tests_are_no_success(folder: Path) -> None:
    """Somebody who has none is told where they are looked for."""
    (folder / "tests" / "mine.yml").unlink()
    assert "expected files *.yml" in rules(folder, "test").refusal(2)


def test_the_bundled_rules_are_tested_by_default() -> None:
    """Where no settings name others."""
    assert {path.stem for path in beside(["default"], rules_dir())} >= {"drop", "gap", "low", "vanished"}
