"""Imports point one way: leaf <- pure core <- ports <- adapters <- services <- edge <- composition root <- commands."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LAYERS = (  # each line may import itself and the lines above it
    ("leaf", "agent agent.errors agent.records agent.clock agent.times agent.cron agent.resources agent.yaml_text agent.tracing"),
    (
        "pure core",
        "agent.language agent.decode agent.aggregate agent.alerting agent.doctor agent.rule_tests agent.source.dedup agent.source.coverage",
    ),
    ("pure decisions of later stations", "agent.notify.route agent.notify.dedup agent.notify.mute agent.notify.mute_file"),
    ("settings", "agent.config"),
    ("ports", "agent.source.base agent.store.base agent.notify.base agent.notify agent.probing"),
    ("adapters", "agent.source agent.store agent.decode.sink agent.decode.topic agent.decode.letterbox"),
    ("drawing", "agent.charts"),
    (
        "services",
        "agent.report agent.doctor.terminal agent.runtime agent.backtest agent.telemetry agent.exporting agent.logs agent.signals agent.progress",
    ),
    ("edge", "agent.web"),
    (
        "composition root",
        "agent.parts agent.active agent.configured agent.desk agent.renewal agent.opening agent.evaluating agent.loop agent.site agent.reached agent.app agent.letters agent.history agent.gate agent.checking agent.golden agent.probes agent.examination agent.demo",
    ),
    (
        "commands",
        "agent.options agent.letter_commands agent.alert_commands agent.change_commands agent.mute_commands agent.notify_commands agent.sending agent.rule_commands agent.history_commands agent.golden_commands agent.probe_commands agent.compare_command agent.report_command agent.doctor_command agent.cli agent.__main__",
    ),
)
NOTIFIERS = {f"agent.notify.{name}" for name in ("slack", "pagerduty", "alertmanager", "webhook", "mail", "post")}
RANK = {name: rank for rank, (_, names) in enumerate(LAYERS) for name in names.split()}
MODULES = sorted(ROOT.joinpath("agent").rglob("*.py"))


def name_of(path: Path) -> str:
    """The dotted name of a file."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def rank_of(module: str) -> int:
    """The layer of a module: that of the longest name that it begins with."""
    while module not in RANK:
        module = module.rpartition(".")[0]
    return RANK[module]


def imports_of(path: Path) -> Iterator[str]:
    """What a file imports from the agent, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] == "agent")
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "agent":
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                is_module = (ROOT / inner.replace(".", "/")).is_dir() or (ROOT / f"{inner.replace('.', '/')}.py").exists()
                yield inner if is_module else str(node.module)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_point_one_way(path: Path) -> None:
    """No module imports from a layer above its own."""
    own = rank_of(name_of(path))
    upwards = {f"{name} ({LAYERS[rank_of(name)][0]})" for name in imports_of(path) if rank_of(name) > own}
    assert not upwards, f"{name_of(path)} is {LAYERS[own][0]} and imports {', '.join(sorted(upwards))}"


def test_services_never_import_adapters() -> None:
    """Services know the ports only; the composition root hands them the adapters."""
    adapters = {"agent.source.kafka", "agent.source.file", "agent.store.clickhouse", "agent.store.engine", *NOTIFIERS}
    services = [path for path in MODULES if LAYERS[rank_of(name_of(path))][0] == "services"]
    assert services
    assert {name_of(path): found for path in services if (found := adapters & set(imports_of(path)))} == {}


def test_init_files_are_empty() -> None:
    """Only the top package says something, and nothing is exported twice."""
    full = [path for path in MODULES if path.name == "__init__.py" and path.read_text(encoding="utf-8").strip()]
    assert [name_of(path) for path in full] == ["agent"]
