"""Files of rule tests: what they may say, and that every mistake is told."""

from pathlib import Path

import pytest

from agent.alerting.reading import UnreadError
from agent.errors import Misconfigured
from agent.resources import rules_dir
from agent.rule_tests.suite import beside, load
from tests.alerting.traffic import DAY, MONDAY

MISTAKES = sorted(Path(__file__).parent.joinpath("mistakes").glob("*.yml"))
LEAST = """
rules: [default]
tests:
  - name: shortest
    series: [{language: no, queries: 20x1h}]
    expect: [{at: 1h, incidents: []}]
"""
MOST = """
rules: [mine/rules.yaml]
quality: {hit_threshold: .4, floor: .2, reference: [en, ja]}
tests:
  - name: everything
    start: 2026-01-08
    history: 1h
    series:
      - {language: ko, service: help, environment: prod, collection: kb, embedding_model: m, index_version: v, score_kind: dot,
         queries: 20x2h, hit_rate: .9, similarity: .5x1h .4, recall: _, labelled: .1}
    expect:
      - {at: 2026-01-08T02:00:00Z, incidents: [{language: ko, class: change, state: firing, rule: mine, confirmed: no}]}
      - {at: 61m, incidents: []}
"""


def written(folder: Path, text: str) -> Path:
    """A file of tests beside rules."""
    folder.joinpath("mine").mkdir()
    folder.joinpath("mine", "rules.yaml").write_text("rules: [{name: mine, kind: drop}]", encoding="utf-8")
    folder.joinpath("tests.yml").write_text(text, encoding="utf-8")
    return folder / "tests.yml"


@pytest.mark.parametrize("path", MISTAKES, ids=lambda path: path.stem)
def test_a_mistake_is_told_with_file_line_key_and_what_was_expected(path: Path) -> None:
    """The comments at the head of each example say what is to be told, all of it."""
    with pytest.raises(Misconfigured) as wrong:
        load(path, rules_dir())
    expected = [line[2:] for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("# :")]
    assert [str(mistake).replace(str(path), "").replace(str(rules_dir()), ":") for mistake in wrong.value.mistakes] == expected


def test_the_shortest_test(tmp_path: Path) -> None:
    """It begins on a Monday, knows nothing of the past, and hits from .35 on; Norwegian is a language."""
    suite = load(written(tmp_path, LEAST), rules_dir())
    (case,) = suite.cases
    assert [rule.name for rule in suite.rules] == ["drop", "gap", "low", "lag"]
    assert (suite.quality.hit_threshold.default, suite.quality.floor, suite.quality.reference) == (0.35, None, ())
    assert (case.start, case.history, [one.at for one in case.expected]) == (MONDAY, 0, [60])
    assert case.streams[0].key == ("", "", "", "no", "", "", "", "cosine")


def test_a_test_that_says_everything(tmp_path: Path) -> None:
    """Rules are found beside the tests, and expectations come in the order of their times."""
    suite = load(written(tmp_path, MOST), rules_dir())
    (case,) = suite.cases
    assert [rule.name for rule in suite.rules] == ["mine"]
    assert (suite.quality.hit_threshold.default, suite.quality.floor, suite.quality.reference) == (0.4, 0.2, ("en", "ja"))
    assert (case.start, case.history, [one.at for one in case.expected]) == (MONDAY + 3 * DAY, 60, [61, 120])
    assert case.expected[1].incidents == (
        {"language": "ko", "class": "change", "state": "firing", "rule": "mine", "confirmed": "no"},
    )
    assert case.streams[0].key == ("help", "prod", "kb", "ko", "", "m", "v", "dot")


def test_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    """It is wrong use, and no answer."""
    with pytest.raises(UnreadError, match=r"away\.yml: expected a file of rule tests that can be read"):
        load(tmp_path / "away.yml", rules_dir())


def test_tests_lie_beside_the_rules(tmp_path: Path) -> None:
    """In a folder of that name; bundled rules have the bundled tests, once."""
    folder = tmp_path / "tests"
    folder.mkdir()
    for name in ("b.yml", "a.yml", "notes.txt"):
        folder.joinpath(name).write_text("", encoding="utf-8")
    bundled = sorted((rules_dir() / "tests").glob("*.yml"))
    assert beside([str(tmp_path / "mine.yaml"), "default", "vanished"], rules_dir()) == [
        folder / "a.yml",
        folder / "b.yml",
        *bundled,
    ]
    assert len(bundled) > 3
