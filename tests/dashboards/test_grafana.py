"""The dashboards as files: what is written is what the builder makes, and Grafana takes it."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from scripts.dashboards.files import FOLDER, MADE, text_of
from tests.dashboards.grafana import Range, conditional_all, expanded, queries
from tests.store.builders import at

NAMES = sorted(MADE)
UID = re.compile(r"/d/([\w-]+)\?")
GRAFANAS_OWN = {"limit": 100, "matchAny": False, "tags": [], "type": "tags"}


def read(name: str) -> Any:
    """A dashboard as it is imported."""
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


DASHBOARDS: Mapping[str, Any] = {name: read(name) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_the_files_are_what_the_builder_makes(name: str) -> None:
    """Nobody edits one of the two alone: `.venv/bin/python -m scripts.dashboards` writes them again."""
    assert (FOLDER / f"{name}.json").read_text(encoding="utf-8") == text_of(name)


def test_no_file_is_left_over() -> None:
    """Every dashboard in the folder has a builder, and is tested here."""
    assert sorted(path.stem for path in FOLDER.glob("*.json")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_grafana_takes_it(shared: Path, name: str) -> None:
    """Every key is one that Grafana's own types know.

    Those types have the target of an annotation as that of Grafana's own source alone, so the plugin's is set aside; it has the
    form of a panel's, which `test_targets_are_those_of_the_plugin` looks at.
    """
    schema = json.loads((shared / "reference" / "grafana-dashboard.schema.json").read_text(encoding="utf-8"))
    dashboard = read(name)
    for mark in dashboard["annotations"]["list"]:
        mark["target"] = GRAFANAS_OWN
    assert [error.message for error in Draft7Validator(schema).iter_errors(dashboard)] == []


@pytest.mark.parametrize("name", NAMES)
def test_targets_are_those_of_the_plugin(name: str) -> None:
    """Each names the reader's own data source, and how its rows are to be read."""
    dashboard = DASHBOARDS[name]
    for target in [target for panel in dashboard["panels"] for target in panel["targets"]] + [
        mark["target"] for mark in dashboard["annotations"]["list"]
    ]:
        assert target["datasource"]["uid"] == "${datasource}"
        if target["datasource"]["type"] == "grafana-clickhouse-datasource":
            assert (target["editorType"], target["pluginVersion"]) == ("sql", "4.20.0")
            assert (target["queryType"], target["format"]) in {("timeseries", 0), ("table", 1)}
        else:
            assert target["datasource"]["type"] == "prometheus"
            assert target["range"] is not target["instant"]


def test_dashboards_can_be_told_apart() -> None:
    """Their addresses stay the same from version to version, and their panels have numbers of their own."""
    assert {name: DASHBOARDS[name]["uid"] for name in NAMES} == {name: f"babelwatch-{name}" for name in NAMES}
    for dashboard in DASHBOARDS.values():
        numbers = [panel["id"] for panel in dashboard["panels"]]
        assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize("name", NAMES)
def test_panels_do_not_overlap(name: str) -> None:
    """Each place of the grid of 24 columns has one panel at most."""
    taken = [
        (x, y)
        for panel in DASHBOARDS[name]["panels"]
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) < 24


@pytest.mark.parametrize("name", NAMES)
def test_every_panel_says_what_it_shows(name: str) -> None:
    """In sentences, for whoever sees it for the first time."""
    assert [panel["title"] for panel in DASHBOARDS[name]["panels"] if not re.search(r"\w{3,}\b.*\.$", panel["description"])] == []


def test_links_lead_to_dashboards_and_their_variables() -> None:
    """A data link names a dashboard that is there and variables that it has, each encoded."""
    variables = {d["uid"]: {one["name"] for one in d["templating"]["list"]} for d in DASHBOARDS.values()}
    links = re.findall(r'"url": "([^"]+)"', "".join(map(json.dumps, DASHBOARDS.values())))
    assert links
    for link in links:
        found = UID.match(link)
        assert found
        named = set(re.findall(r"\$\{(\w+):queryparam\}", link)) | set(re.findall(r"var-(\w+)=", link))
        assert named <= variables[found[1]], link
        assert re.search(r"\$\{__data\.fields\.language:percentencode\}", link)


@pytest.mark.parametrize("name", NAMES)
def test_variables_reach_the_statement_encoded(name: str) -> None:
    """No value of a log or of an address is pasted into SQL in a form that a quote or a backslash can leave."""
    declared = {one["name"] for one in DASHBOARDS[name]["templating"]["list"]}
    for query in queries(DASHBOARDS[name], "rawSql"):
        text = re.sub(r", \$(\w+)\)", ")", query.text)  # the second argument of $__conditionalAll, which vanishes
        used = re.findall(r"\$\{(\w+)(?::(\w+))?\}|\$(?!__)(\w+)", text)
        assert {form for _, form, _ in used} <= {"queryparam", "percentencode"}, query.place
        assert {found or bare for found, _, bare in used} <= declared, query.place


def test_conditions_fall_away_for_all() -> None:
    """As the plugin does it: the condition stays for values, and becomes 1=1 for All and for nothing."""
    text = "WHERE $__conditionalAll(has(f(a, b), c), $one) AND $__conditionalAll(d IN ('x'), $two)"
    assert conditional_all(text, {"one": ["$__all"], "two": "x"}) == "WHERE 1=1 AND d IN ('x')"
    assert conditional_all(text, {"one": "x", "two": ""}) == "WHERE has(f(a, b), c) AND 1=1"


def test_macros_expand_as_the_plugin_does() -> None:
    """Times are Unix seconds, both ends are in; an interval is at least a second."""
    text = "$__timeInterval(minute) $__timeFilter(minute) $__fromTime $__toTime $__interval_s $__unknown"
    assert expanded(text, {}, Range(at(0), at(1), 0)) == (
        "toStartOfInterval(toDateTime(minute), INTERVAL 1 second) "
        "minute >= toDateTime(1794816000) AND minute <= toDateTime(1794816060) "
        "toDateTime(1794816000) toDateTime(1794816060) 1 $__unknown"
    )
