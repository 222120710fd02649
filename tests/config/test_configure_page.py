"""`docs/configure.md` is what the settings are: written by a script, and held to it here."""

import re
from pathlib import Path

import pytest

from agent.config.configuration import load
from agent.config.probing_settings import EMBEDDERS
from agent.config.receiver_settings import RECEIVERS
from agent.config.settings import Settings
from agent.config.showing import as_json
from scripts.configure_page import FILE, page
from tests.config.test_settings import FIELDS, classes

WRITTEN = FILE.read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `(\w+)` \| (.+) \| (.+) \| (.+) \| (.+) \|$", WRITTEN, re.MULTILINE)
VARIABLES = [variable.strip("`") for _, _, _, variable, _ in ROWS]


def test_the_page_is_what_the_script_writes() -> None:
    """Who changes a setting writes the page anew: `.venv/bin/python -m scripts.configure_page`."""
    assert page() == WRITTEN


def test_every_setting_has_its_row() -> None:
    """But for those that are sections themselves, which have a heading."""
    plain = [(key, field) for _, key, field in FIELDS if not any(hasattr(one, "model_fields") for one in classes(field.annotation))]
    told = {(key, meaning.replace("&lt;", "<")) for key, _, _, _, meaning in ROWS}
    assert {(key, field.description) for key, field in plain} == told


def test_receivers_and_embedders_have_a_table_for_each_type() -> None:
    """Their keys differ."""
    headings = set(re.findall(r"^### (.+), type (\w+)$", WRITTEN, re.MULTILINE))
    assert headings == {("notify.receivers.NAME", type_) for type_ in RECEIVERS} | {
        ("probes[].embedder", type_) for type_ in EMBEDDERS
    }


def test_a_default_is_the_default() -> None:
    """Of the settings that stand in every configuration, as `config show` prints them."""
    shown = as_json(Settings())
    for _, _, default, variable, _ in ROWS:
        found: object = shown
        for key in variable.strip("`").removeprefix("BABELWATCH_").lower().split("__"):
            found = found.get(key) if isinstance(found, dict) else None
        assert isinstance(found, dict | None) or default.strip("`") == _written(found), variable


def _written(value: object) -> str:
    """A value in YAML on one line."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"[{', '.join(map(str, value))}]" if isinstance(value, list) else str(value)


SET = {
    "BABELWATCH_WEB__PORT": "9090",
    "BABELWATCH_NOTIFY__REPEAT_INTERVAL__INFO": "7d",
    "BABELWATCH_SOURCE__KAFKA__TOPICS": "[a, b]",
}


@pytest.mark.parametrize("variable", SET)
def test_a_variable_of_the_page_sets_what_its_row_says(variable: str, tmp_path: Path) -> None:
    """The names are those that are read; a setting without a section has none."""
    file = tmp_path / "babelwatch.yaml"
    file.write_text("{}")
    assert variable in VARIABLES
    assert load(file, {variable: SET[variable]}) != load(file, {})
    assert load(file, {"BABELWATCH_RULES": "[other]"}) == load(file, {})
    assert ("rules", "in the file only") in [(key, variable) for key, _, _, variable, _ in ROWS]
