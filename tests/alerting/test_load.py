"""Rules files: what they may say, and that every mistake is told."""

import json
from pathlib import Path

import jsonschema
import pytest

from agent.alerting.load import load, parse
from agent.alerting.rule import Condition, DropRule, Limits, LowRule, applies
from agent.errors import Misconfigured
from agent.yaml_text import parse_yaml
from tests.alerting.traffic import key

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
GOOD = sorted([*(HERE / "rules").glob("*.yaml"), *(ROOT / "rules").glob("*.yaml")])
MISTAKES = sorted((HERE / "mistakes").glob("*.yaml"))
BEYOND_A_SCHEMA = {"name-twice", "key-twice", "not-yaml"}  # what the schema cannot see
SCHEMA = json.loads((ROOT / "schemas" / "rules.v1.json").read_text(encoding="utf-8"))


def stem(path: Path) -> str:
    """The name of an example."""
    return path.stem


@pytest.mark.parametrize("path", MISTAKES, ids=stem)
def test_a_mistake_is_told_with_file_line_key_and_what_was_expected(path: Path) -> None:
    """The comments at the head of each example say what is to be told, all of it."""
    text = path.read_text(encoding="utf-8")
    with pytest.raises(Misconfigured) as wrong:
        parse(text, "my.yaml")
    expected = [f"my.yaml{line[2:]}" for line in text.splitlines() if line.startswith("# :")]
    assert [str(mistake) for mistake in wrong.value.mistakes] == expected


@pytest.mark.parametrize("path", GOOD, ids=stem)
def test_every_good_example_is_read_and_valid(path: Path) -> None:
    """The bundled rules and the examples agree with the schema."""
    text = path.read_text(encoding="utf-8")
    parse(text, str(path))
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(parse_yaml(text).data, SCHEMA, cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize("path", [path for path in MISTAKES if path.stem not in BEYOND_A_SCHEMA], ids=stem)
def test_the_schema_refuses_what_the_agent_refuses(path: Path) -> None:
    """An editor that knows the schema shows the same mistakes."""
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(parse_yaml(path.read_text(encoding="utf-8")).data, SCHEMA, cls=jsonschema.Draft202012Validator)


def test_the_bundled_rules() -> None:
    """A drop and a low rule; what is no single language is left out."""
    drop, low = load(["default"], ROOT / "rules")
    real = (Condition("language", ("und", "mul", "__other__"), negated=True),)
    assert drop == DropRule(
        name="drop",
        where=real,
        severity="auto",
        labels={},
        annotations={},
        measures=("recall_at_k", "hit_rate", "similarity_mean"),
        baselines=("version",),
    )
    assert low == LowRule(name="low", where=real, severity="auto", labels={}, annotations={})


def test_a_rule_that_says_nothing_is_the_bundled_one() -> None:
    """Defaults in the code are those documented in the bundled file."""
    bundled = load(["default"], ROOT / "rules")
    assert parse("rules: [{name: drop, kind: drop}, {name: low, kind: low}]", "x") == bundled


def test_a_rule_with_everything() -> None:
    """Each key arrives; Norwegian is a language."""
    spanish, undetermined = load(["rules/services.yaml"], ROOT / "rules", HERE)
    assert isinstance(spanish, DropRule)
    assert (spanish.limits_of("es"), spanish.for_minutes, spanish.severity) == (Limits(0.05, 4.0, 200), 90, "critical")
    assert spanish.limits_of("no").threshold == pytest.approx(0.075)
    assert applies(spanish, key("es"))
    assert not applies(spanish, key("de"))
    assert not applies(spanish, key("es", collection="other"))
    assert applies(undetermined, key("und"))


def test_a_file_that_is_not_there_is_told_with_the_bundled_ones(tmp_path: Path) -> None:
    """Mistakes of several files come together."""
    (tmp_path / "bad.yaml").write_text("rules: [{name: a, kind: gap}]", encoding="utf-8")
    with pytest.raises(Misconfigured) as wrong:
        load(["defualt", "bad.yaml"], ROOT / "rules", tmp_path)
    missing, bad = wrong.value.mistakes
    assert missing.expected == "expected a rules file that can be read, or a bundled one: default"
    assert bad.key == "rules.0.kind"


def test_two_files_may_not_give_the_same_name(tmp_path: Path) -> None:
    """Incidents name their rule."""
    (tmp_path / "mine.yaml").write_text("rules: [{name: low, kind: low}]", encoding="utf-8")
    with pytest.raises(Misconfigured, match="rules: low: expected a name that no other file gives a rule"):
        load(["default", "mine.yaml"], ROOT / "rules", tmp_path)
