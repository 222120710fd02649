"""compose.yaml and what it mounts: valid, of settings that the agent has, and one part named by the others as it is."""

import importlib.util
import json
import re
import stat
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from jsonschema import Draft202012Validator

from agent.config.configuration import load
from agent.config.settings import Settings
from agent.times import parse_duration
from tests.container.image import ROOT, last
from tests.container.stack import AGENT, COMPOSE, OURS, SERVICES, environment, mounts, parsed, split
from tests.support.promtool import promtool

GRAFANA = ROOT / "examples" / "compose" / "grafana"
PROMETHEUS = ROOT / "examples" / "compose" / "prometheus.yaml"
SOURCES: dict[str, Any] = {one["type"]: one for one in parsed(GRAFANA / "datasources.yaml")["datasources"]}
PLUGIN = "grafana-clickhouse-datasource"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """What the agent makes of its container's variables, in a folder without a file."""
    monkeypatch.chdir(tmp_path)
    return load(None, environment())


def test_compose_takes_it() -> None:
    """By the schema of the Compose specification, as check-jsonschema carries it."""
    package = importlib.util.find_spec("check_jsonschema")
    assert package is not None
    assert package.origin is not None
    schema = json.loads(Path(package.origin).with_name("builtin_schemas").joinpath("vendor", "compose-spec.json").read_bytes())
    assert [error.message for error in Draft202012Validator(schema).iter_errors(parsed(COMPOSE))] == []


def test_the_agent_is_started_again() -> None:
    """A broker that is away at its start ends it: in compose, and by the `docker run` of the page."""
    assert AGENT["restart"] == "unless-stopped"
    [run] = re.findall(r"^docker run (?:.*\\\n)*.*", (ROOT / "docs" / "install.md").read_text(), re.MULTILINE)
    assert "--restart unless-stopped" in run


def test_its_variables_are_settings(settings: Settings) -> None:
    """Each one of the agent's is a key, and sets it: broker, server and its log-in, threshold, door and token."""
    given, store = AGENT["environment"], settings.store.clickhouse
    assert all(name.startswith("BABELWATCH_") for name in given)
    assert len(given) == len({name.lower() for name in given}) == 9
    assert settings.source.kafka.bootstrap_servers == ("kafka:9092",)
    assert store is not None
    assert store.password is not None
    assert (store.url, store.database, store.username) == ("http://clickhouse:8123", "babelwatch", "babelwatch")
    assert store.password.get_secret_value() == "try-it-out"
    assert (settings.quality.hit_threshold.default, settings.quality.k) == (0.5, 5)
    assert settings.web.token is not None
    assert (settings.web.host, settings.web.token.get_secret_value()) == ("0.0.0.0", "try-it-out")


def test_the_neighbours_are_those_that_the_settings_name(settings: Settings) -> None:
    """Names, ports, database, user and password are the ones that the other containers have."""
    kafka, clickhouse, store = SERVICES["kafka"]["environment"], SERVICES["clickhouse"]["environment"], settings.store.clickhouse
    assert store is not None
    assert store.password is not None
    assert kafka["KAFKA_ADVERTISED_LISTENERS"] == f"PLAINTEXT://{settings.source.kafka.bootstrap_servers[0]}"
    assert urlsplit(str(store.url)).hostname == "clickhouse"
    assert clickhouse == {
        "CLICKHOUSE_DB": store.database,
        "CLICKHOUSE_USER": store.username,
        "CLICKHOUSE_PASSWORD": store.password.get_secret_value(),
    }
    assert {SERVICES[name]["command"][0] for name in ("past", "service")} == {*settings.source.kafka.bootstrap_servers}
    assert str(settings.web.port) in AGENT["ports"][0].split(":")


@pytest.mark.parametrize("name", OURS)
def test_our_containers_ask_for_little(name: str) -> None:
    """A root file system that is read-only, no capability, no way to get one."""
    service = SERVICES[name]
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert all(volume[-1] == "ro" for volume in split(service))


def test_the_agent_can_write_where_it_has_to_and_has_time_to_end() -> None:
    """The image's TMPDIR is in memory; the grace period is the one of the documentation."""
    assert AGENT["tmpfs"] == [environment()["TMPDIR"]]
    assert parse_duration(AGENT["stop_grace_period"]) == timedelta(seconds=90)
    assert "Give it 90 seconds" in (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
    assert last("STOPSIGNAL") == ["SIGTERM"]


def test_only_this_machine_can_come_in() -> None:
    """The passwords are words: no port is open to others."""
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_what_is_mounted_is_there() -> None:
    """Each file and folder of the checkout, and readable for the user of any image; each named volume is declared."""
    paths = [path for found in mounts().values() for path in found.values()]
    assert len(paths) == 7
    for path in paths:
        files = [one for one in path.rglob("*") if "__pycache__" not in one.parts] if path.is_dir() else []
        assert all(one.stat().st_mode & stat.S_IROTH for one in [path, *files]), path
    named = {source for service in SERVICES.values() for source, *_ in split(service) if source[0] not in "./"}
    assert named == set(parsed(COMPOSE)["volumes"])


def test_each_waits_for_who_can_say_that_it_is_there() -> None:
    """Who has to be well has a health check; who has to be done is the past, which has to be there before it is looked at."""
    waits = {name: service.get("depends_on", {}) for name, service in SERVICES.items()}
    done = {"condition": "service_completed_successfully"}
    assert {(name, other) for name in waits for other, how in waits[name].items() if how == done} == {
        ("babelwatch", "past"),
        ("service", "past"),
    }
    well = [other for found in waits.values() for other, how in found.items() if how != done]
    assert all(SERVICES[other]["healthcheck"]["test"][0] == "CMD" for other in well)
    assert set(well) == {"kafka", "clickhouse"}


def test_grafana_reads_what_the_agent_writes(settings: Settings) -> None:
    """The data source is the plugin that is installed, and has the agent's own server, database, user and password."""
    store, source = settings.store.clickhouse, SOURCES[PLUGIN]
    assert store is not None
    assert store.password is not None
    assert SERVICES["grafana"]["environment"]["GF_PLUGINS_PREINSTALL"] == PLUGIN
    json_data = source["jsonData"]
    assert f"{json_data['protocol']}://{json_data['host']}:{json_data['port']}" == str(store.url)
    assert (json_data["username"], json_data["defaultDatabase"]) == (store.username, store.database)
    assert source["secureJsonData"] == {"password": store.password.get_secret_value()}
    assert SOURCES["prometheus"]["url"] == "http://prometheus:9090"
    assert "prometheus" in SERVICES


def test_the_dashboards_find_their_data_sources() -> None:
    """They are provisioned from the folder that is mounted; each asks through a variable whose type has one source, and no other."""
    mounted = mounts()["grafana"]
    [provider] = parsed(mounted["/etc/grafana/provisioning/dashboards/babelwatch.yaml"])["providers"]
    files = sorted(mounted[provider["options"]["path"]].glob("*.json"))
    assert mounted["/etc/grafana/provisioning/datasources/babelwatch.yaml"] == GRAFANA / "datasources.yaml"
    assert len(files) == 4
    for file in files:
        text = file.read_text(encoding="utf-8")
        [kind] = [one["query"] for one in json.loads(text)["templating"]["list"] if one["type"] == "datasource"]
        named = {found["uid"] for found in sources_in(json.loads(text))}
        assert named <= {"${datasource}", "-- Grafana --", SOURCES[kind]["uid"]}, file.name


def sources_in(value: Any) -> list[dict[str, str]]:
    """Every data source that is named anywhere in a dashboard."""
    if isinstance(value, list):
        return [found for one in value for found in sources_in(one)]
    if not isinstance(value, dict):
        return []
    own = [value["datasource"]] if isinstance(value.get("datasource"), dict) else []
    return [*own, *(found for one in value.values() for found in sources_in(one))]


def test_prometheus_takes_its_configuration(tmp_path: Path, settings: Settings) -> None:
    """By promtool, with the rules that are mounted; it scrapes the agent's port under the name that the rules expect."""
    mounted = mounts()["prometheus"]
    given = parsed(PROMETHEUS)
    [rules] = given["rule_files"]
    file = tmp_path / "prometheus.yml"
    assert mounted["/etc/prometheus/prometheus.yml"] == PROMETHEUS
    file.write_text(PROMETHEUS.read_text(encoding="utf-8").replace(rules, str(mounted[rules])), encoding="utf-8")
    assert "SUCCESS" in promtool("check", "config", "--lint-fatal", str(file))
    [scrape] = given["scrape_configs"]
    assert scrape == {"job_name": "babelwatch", "static_configs": [{"targets": [f"babelwatch:{settings.web.port}"]}]}
    assert 'up{job="babelwatch"}' in mounted[rules].read_text(encoding="utf-8")
