"""The Prometheus rules, and what the agent's dashboard asks for: of metrics that a real scrape has, and tried with promtool."""

import json
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from prometheus_client.parser import text_string_to_metric_families
from ruamel.yaml import YAML

from tests.dashboards.grafana import Query, queries
from tests.support.promtool import promtool
from tests.test_docs import anchors

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "dashboards"
RULES = FOLDER / "prometheus-rules.yaml"
TESTS = Path(__file__).parent / "rules_test.yaml"
GIVEN = {"up": {"job", "instance"}}
"""What Prometheus adds: a metric of its own, and two labels to each."""
SCRAPED = """
from prometheus_client import generate_latest
from agent import telemetry
from agent.clock import FakeClock
from agent.notify.dedup import Reason
from tests.test_telemetry import LOOK, NOW, TALLY, delivery, timedelta
metrics = telemetry.prometheus(FakeClock(NOW))
TALLY.tags["two_languages"] = 1
metrics.stored(TALLY)
metrics.looked(LOOK)
metrics.tried(timedelta(seconds=0.012))
metrics.told(delivery("sent"))
metrics.told(delivery("failed"))
metrics.silent("chat", Reason.MUTED)
print(generate_latest().decode())
"""
SELECTOR = re.compile(r"\b((?:babelwatch|process)_\w+|up)\b(?:\{([^}]*)\})?")
MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"')
GROUPED = re.compile(r"\b(?:by|without|on)\s*\(([^)]*)\)")
LABEL = re.compile(r"\$labels\.(\w+)|\{\{(\w+)\}\}")


class Alert(NamedTuple):
    """One rule."""

    name: str
    expr: str
    labels: dict[str, str]
    annotations: dict[str, str]


def parsed(path: Path) -> Any:
    """A file of Prometheus."""
    return YAML(typ="safe").load(path)


ALERTS = [
    Alert(rule["alert"], rule["expr"], rule["labels"], rule["annotations"])
    for group in parsed(RULES)["groups"]
    for rule in group["rules"]
]
HEALTH: Any = json.loads((FOLDER / "agent-health.json").read_text(encoding="utf-8"))
ASKED = [*(Query(alert.name, alert.expr) for alert in ALERTS), *queries(HEALTH, "expr")]


def place(item: Query | Alert) -> str:
    """How a test of it is called."""
    return item[0]


@pytest.fixture(scope="module")
def scraped() -> dict[str, dict[str, set[str]]]:
    """The values of each label of each metric, of a process that has counted everything once."""
    done = subprocess.run([sys.executable, "-c", SCRAPED], capture_output=True, text=True, check=True, cwd=ROOT)
    found: defaultdict[str, dict[str, set[str]]] = defaultdict(dict)
    for family in text_string_to_metric_families(done.stdout):
        for sample in family.samples:
            for label, value in sample.labels.items():
                found[sample.name].setdefault(label, set()).add(value)
            found[sample.name].update({label: set() for label in ("job", "instance")})
    return {**found, **{name: {label: set() for label in labels} for name, labels in GIVEN.items()}}


@pytest.mark.parametrize("query", ASKED, ids=place)
def test_it_asks_for_what_the_agent_exports(query: Query, scraped: dict[str, dict[str, set[str]]]) -> None:
    """Each metric is in a real scrape, with the labels and, where they are named, the values that are asked for."""
    selected = SELECTOR.findall(query.text)
    assert selected or query.text == "vector(1)"
    labels = {label for name, _ in selected for label in scraped[name]}
    for name, matchers in selected:
        for label, _, values in MATCHER.findall(matchers):
            known = scraped[name][label]
            assert label in {"job", "instance"} or set(values.split("|")) <= known, (name, label)
    grouped = {label.strip() for group in GROUPED.findall(query.text) for label in group.split(",") if label.strip()}
    assert grouped <= labels


def test_promtool_reads_the_rules() -> None:
    """Syntax, and nothing twice."""
    assert f"{len(ALERTS)} rules found" in promtool("check", "rules", "--lint-fatal", str(RULES))


def test_each_alert_fires_and_is_silent() -> None:
    """By promtool, over series that are written out beside it."""
    assert "SUCCESS" in promtool("test", "rules", str(TESTS))


@pytest.mark.parametrize("alert", ALERTS, ids=place)
def test_each_alert_is_tried_both_ways(alert: Alert) -> None:
    """The tests say of each when it fires; where all is well only the watchdog does, and each other one has a moment of its own too."""
    expected = [
        (
            f'alertname="{alert.name}"' in expression["expr"],
            any(alert.name in sample["labels"] for sample in expression.get("exp_samples", ())),
        )
        for test in parsed(TESTS)["tests"]
        for expression in test["promql_expr_test"]
    ]
    assert any(fires for _, fires in expected)
    assert alert.name == "BabelwatchWatchdog" or (True, False) in expected


@pytest.mark.parametrize("alert", ALERTS, ids=place)
def test_each_alert_says_what_to_do(alert: Alert) -> None:
    """It has a severity, two sentences, a page on it, and names no label that its expression does not leave."""
    assert alert.labels["severity"] in {"none", "warning", "critical"}
    assert alert.annotations["summary"].endswith(".")
    assert alert.annotations["description"].endswith(".")
    page, _, heading = alert.annotations["runbook"].partition("#")
    assert heading == alert.name.lower()
    assert heading in anchors(ROOT / page)


def expressions() -> Iterator[dict[str, str]]:
    """What the dashboard asks, as rules: then promtool reads it."""
    for number, query in enumerate(queries(HEALTH, "expr")):
        yield {"record": f"asked:{number}", "expr": query.text.replace("$__rate_interval", "4m").replace("$__range", "7d")}


def test_promtool_reads_what_the_dashboard_asks(tmp_path: Path) -> None:
    """Each expression, with Grafana's intervals filled in."""
    file = tmp_path / "asked.yaml"
    file.write_text(json.dumps({"groups": [{"name": "asked", "rules": list(expressions())}]}), encoding="utf-8")
    assert f"{len(list(queries(HEALTH, 'expr')))} rules found" in promtool("check", "rules", str(file))


@pytest.mark.parametrize("panel", HEALTH["panels"], ids=lambda panel: str(panel["title"]))
def test_a_legend_names_labels_that_are_left(panel: dict[str, Any]) -> None:
    """What a series is called by is what it is grouped by."""
    for target in panel["targets"]:
        named = {found or bare for found, bare in LABEL.findall(target["legendFormat"])}
        grouped = {label.strip() for group in GROUPED.findall(target["expr"]) for label in group.split(",")}
        assert named <= grouped
