"""Rules files: what they may say, and that every mistake is told."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.alerting.load import KINDS, load, parse
from agent.alerting.reading import UnreadError
from agent.alerting.rule import Asked, Condition, DropRule, GapRule, LagRule, Limits, ShareRule, VanishedRule, applies
from agent.errors import Misconfigured
from agent.yaml_text import parse_yaml
from tests.alerting.traffic import key

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
GOOD = sorted([*(HERE / "rules").glob("*.yaml"), *(ROOT / "rules").glob("*.yaml")])
BUNDLED = sorted((ROOT / "rules").glob("*.yaml"))
MISTAKES = sorted((HERE / "mistakes").glob("*.yaml"))
BEYOND_A_SCHEMA = {  # what a schema cannot see: repetition, keys that JSON cannot have, how long a duration is, and what is no YAML
    *("name-twice", "key-twice", "override-twice", "not-yaml", "label-a-number"),
    *("half-a-minute", "lag-for-ever", "window-too-short", "window-too-long"),
}
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


SAID = st.one_of(
    st.none() | st.booleans() | st.sampled_from([0, 0.1, 1, 3, 3.5, 20, 20.5, 50, 99, 100, 120, -1, float("inf")]),
    st.sampled_from(
        ["", "a", "und", "drop", "auto", "version", "hit_rate", "5m", "1h30m", "90s", "2d", "8d", "0", "1w1", "5 m", "A"]
    ),
    st.lists(
        st.sampled_from(["", "de", "15m", "1h", "1m", 15, "recall_at_k", "trailing", {"language": "lo", "threshold": 5}, None]),
        max_size=2,
    ),
    st.dictionaries(
        st.sampled_from(["not", "language", "service", "version", "trailing", "warm_up", "team"]),
        st.sampled_from(["text", "", 4, 0, ["de"], [], {"not": ["de"]}, {"not": []}, {"not": ["de"], "and": ["en"]}]),
        max_size=2,
    ),
)
RULE = st.sampled_from([*KINDS, "slow"]).flatmap(
    lambda kind: st.fixed_dictionaries(
        {"name": st.sampled_from(["a", "b-1"]), "kind": st.just(kind)},
        optional={key: SAID for key in ("of", *KINDS.get(kind, KINDS["drop"]).keys, "strange") if key not in {"name", "kind"}},
    )
)


@settings(max_examples=400, deadline=None)
@given(st.lists(RULE, max_size=2))
def test_the_schema_and_the_agent_agree(entries: list[dict[str, Any]]) -> None:
    """What one of them accepts the other accepts, but for what no schema can see: repetition, and how long a duration is."""
    told = mistakes_in(json.dumps({"rules": entries}))
    seen = [text for text in told if not re.search("once, found|a duration in whole minutes", text)]
    valid = jsonschema.Draft202012Validator(SCHEMA).is_valid({"rules": entries})
    assert valid or told
    assert not (valid and seen)


def mistakes_in(text: str) -> list[str]:
    """All that is told of a file."""
    try:
        parse(text, "x")
    except Misconfigured as wrong:
        return [str(mistake) for mistake in wrong.mistakes]
    return []


@pytest.mark.parametrize(
    ("file", "names"),
    [
        ("default", ["drop", "gap", "low", "lag"]),
        ("vanished", ["vanished"]),
        ("share", [f"share-{of}" for of in ("und", "mixed", "fallback", "zero-results", "other-language", "low-translation")]),
    ],
)
def test_the_bundled_rules(file: str, names: list[str]) -> None:
    """What is on by default covers the mission; the rest is named beside it."""
    assert [rule.name for rule in load([file], ROOT / "rules")] == names


@pytest.mark.parametrize("file", BUNDLED, ids=stem)
def test_the_bundled_rules_say_the_defaults(file: Path) -> None:
    """What a bundled file documents is what a rule has that leaves it out: defaults stand once in the code."""
    said = load([str(file)], file.parent)
    entries = parse_yaml(file.read_text(encoding="utf-8")).data["rules"]  # type: ignore[index]
    bare = [{key: entry[key] for key in ("name", "kind", "of") if key in entry} for entry in entries]
    assert parse(json.dumps({"rules": bare}), "x") == said


def test_every_default_is_documented() -> None:
    """The first rule of each kind in the bundled files has all its keys, and so has the schema."""
    found: dict[str, set[str]] = {}
    for file in BUNDLED:
        for entry in parse_yaml(file.read_text(encoding="utf-8")).data["rules"]:  # type: ignore[index]
            found.setdefault(entry["kind"], set(entry))
    assert found == {name: set(kind.keys) for name, kind in KINDS.items()}
    assert found == {name: set(SCHEMA["$defs"][name]["properties"]) for name in KINDS}
    assert {name: set(kind.needed) for name, kind in KINDS.items()} == {
        name: set(SCHEMA["$defs"][name]["required"]) for name in KINDS
    }


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


def test_every_kind_of_rule() -> None:
    """Percent and points arrive as parts of 1, durations as minutes, shortest first; what is not said has its default."""
    drop, gap, gone, share, blind = load(["rules/every-kind.yaml"], ROOT / "rules", HERE)
    real = Condition("language", ("und", "mul", "__other__"), negated=True)
    assert drop == DropRule(
        name="drop-slowly", baselines=("reference",), asked=Asked(reference=4.5), windows=(90, 1440, 10080), for_minutes=5
    )
    old = Condition("collection", ("kb-old",), negated=True)
    assert gap == GapRule(name="gap-in-labels", threshold=0.125, min_events=200, where=(old, real))
    assert gone == VanishedRule(name="gone", share=0.0, min_expected=100, windows=(5,), for_minutes=1440)
    assert share == ShareRule(
        name="nothing-found",
        of="zero_results",
        threshold=0.02,
        asked=Asked(trailing=6.0),
        windows=(60,),
        min_events=20,
        for_minutes=10,
    )
    assert blind == LagRule(name="blind", for_minutes=90, severity="critical", labels={"team": ""})


def test_a_file_that_is_not_there_is_told_with_the_bundled_ones(tmp_path: Path) -> None:
    """Mistakes of several files come together."""
    (tmp_path / "bad.yaml").write_text("rules: [{name: a, kind: slow}]", encoding="utf-8")
    with pytest.raises(UnreadError) as wrong:
        load(["defualt", "bad.yaml"], ROOT / "rules", tmp_path)
    missing, bad = wrong.value.mistakes
    assert missing.expected == "expected a rules file that can be read, or a bundled one: default, share, vanished"
    assert bad.key == "rules.0.kind"


def test_two_files_may_not_give_the_same_name(tmp_path: Path) -> None:
    """Incidents name their rule."""
    (tmp_path / "mine.yaml").write_text("rules: [{name: low, kind: low}]", encoding="utf-8")
    with pytest.raises(Misconfigured, match=r"mine\.yaml: low: expected a name that default does not give a rule"):
        load(["default", "mine.yaml"], ROOT / "rules", tmp_path)
