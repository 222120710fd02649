"""The chart: what it renders is valid on every Kubernetes it names, starts the agent as it is configured, and refuses what cannot work."""

import base64
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from agent import __version__
from agent.alerting.load import parse as parse_rules
from agent.config.configuration import load
from agent.config.settings import Settings
from tests.helm.rendering import ROOT, SERVER, Render, container, notes, pod, sidecar
from tests.support import helm
from tests.support.helm import CHART, Rendered

OWN_RULE = yaml.safe_dump({"rules": [{"name": "lao", "kind": "drop", "where": {"language": ["lo"]}}]})
INDENTED = "  # of the team\n\trules: []\n   \n\n"
MATRIX: Mapping[str, Mapping[str, Any]] = {
    "defaults": {},
    "a server and replicas": {"replicas": 3, "config": SERVER},
    "no token of the chart's": {"token": {"existingSecret": "ours", "key": "bearer"}},
    "secrets": {
        "secrets": {"slack": "babelwatch-slack", "kafka": "kafka-user"},
        "config": {"notify": {"receivers": {"chat": {"type": "slack", "webhook_url_file": "/run/secrets/slack/webhook_url"}}}},
        "env": [{"name": "BABELWATCH_LANGUAGE__CACHE", "value": "0"}],
        "envFrom": [{"secretRef": {"name": "more"}}],
    },
    "own rules and templates": {"rules": {"lao.yaml": OWN_RULE}, "templates": {"firing.j2": "{{ title }}"}},
    "texts that begin indented": {"rules": {"lao.yaml": INDENTED}, "templates": {"firing.j2": INDENTED}},
    "an existing claim": {"persistence": {"existingClaim": "old", "enabled": False}},
    "a class of storage": {"persistence": {"storageClass": "fast", "size": "50Gi", "annotations": {"backup": "yes"}}},
    "everything that watches": {
        "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
        "prometheusRule": {"enabled": True},
        "dashboards": {"enabled": True, "annotations": {"folder": "search"}},
    },
    "doors": {
        "ingress": {"enabled": True, "host": "babelwatch.example", "className": "nginx", "tlsSecret": "tls"},
        "networkPolicy": {
            "from": [{"namespaceSelector": {"matchLabels": {"name": "ingress"}}}],
            "metricsFrom": [{"namespaceSelector": {"matchLabels": {"name": "monitoring"}}}],
            "egress": [{"ports": [{"port": 9093}, {"port": 443}]}],
        },
    },
    "few doors": {"networkPolicy": {"enabled": False}, "serviceAccount": {"create": False, "name": "search"}},
    "a place among others": {
        "nodeSelector": {"disk": "ssd"},
        "tolerations": [{"key": "search", "operator": "Exists"}],
        "priorityClassName": "high",
        "imagePullSecrets": [{"name": "pull"}],
        "podLabels": {"team": "search"},
        "podAnnotations": {"sidecar.istio.io/inject": "false"},
        "extraVolumes": [{"name": "models", "emptyDir": {}}],
        "extraVolumeMounts": [{"name": "models", "mountPath": "/models"}],
        "image": {"repository": "registry.example/babelwatch", "probes": True},
    },
    "a sidecar": {"mode": "sidecar", "serviceMonitor": {"enabled": True}},
}
FEW_RIGHTS = {
    "runAsNonRoot": True,
    "runAsUser": 10001,
    "runAsGroup": 10001,
    "seccompProfile": {"type": "RuntimeDefault"},
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}
PAGE = ROOT / "docs" / "install.md"
EXAMPLES = sorted((ROOT / "examples").glob("helm-values*.yaml"))
CONTENTS = {"webhook_url": "https://hooks.slack.example/services/T/B/x", "routing_key": "0" * 32}
KUBERNETES = ("1.25", "1.31", "1.37")
OF_OPERATORS = {"ServiceMonitor", "PrometheusRule"}  # whose schemas no Kubernetes has


def test_helm_finds_nothing_to_complain_about(render: Render) -> None:
    """`helm lint --strict`."""
    done = helm.helm("lint", "--strict", str(CHART))
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", MATRIX)
@pytest.mark.parametrize("version", KUBERNETES)
def test_what_is_rendered_is_valid(render: Render, name: str, version: str) -> None:
    """Every manifest against the schema of its kind, unknown fields forbidden."""
    rendered = render(**MATRIX[name])
    assert not rendered.refusal
    for manifest in rendered.manifests:
        if manifest["kind"] not in OF_OPERATORS:
            kubernetes_validate.validate(manifest, version, strict=True)


@pytest.mark.parametrize("name", [name for name in MATRIX if name != "a sidecar"])
def test_a_pod_asks_for_few_rights(render: Render, name: str) -> None:
    """As the standard `restricted` wants it, and no token of the cluster."""
    rendered = render(**MATRIX[name])
    spec = pod(rendered)["spec"]
    assert spec["automountServiceAccountToken"] is False
    assert (spec["securityContext"]["runAsNonRoot"], spec["securityContext"]["seccompProfile"]) == (
        True,
        {"type": "RuntimeDefault"},
    )
    assert container(rendered)["securityContext"] == FEW_RIGHTS
    assert not {"Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"} & set(rendered.kinds())


def test_a_sidecar_asks_for_no_more(render: Render, tmp_path: Path) -> None:
    """Its container says so itself, since the pod is the service's; only the group of the mounted files is the pod's to say."""
    usual, spec = pod(render())["spec"], pod(sidecar(tmp_path))["spec"]
    [own] = [one["securityContext"] for one in spec["containers"] if one["name"] == "babelwatch"]
    assert own == FEW_RIGHTS
    assert spec["securityContext"]["fsGroup"] == usual["securityContext"]["fsGroup"]


def configured(rendered: Rendered, folder: Path) -> Settings:
    """The settings as the agent in the container would read them, with the mounted files below `folder`."""
    secrets = folder / "secrets"
    mounted = {f"/etc/babelwatch/{name}": text.replace("/run/secrets", str(secrets)) for name, text in files(rendered).items()}
    environment = {one["name"]: one["value"] for one in container(rendered)["env"] if "value" in one}
    moved = {name: value.replace("/etc/babelwatch", str(folder)) for name, value in environment.items()}
    for path, text in mounted.items():
        file = folder / path.removeprefix("/etc/babelwatch/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return load(folder / "babelwatch.yaml", moved)


def placed(rendered: Rendered, folder: Path) -> None:
    """A file for each secret that the configuration names, as the mounted secrets of these names would be."""
    mounts = {one["mountPath"] for one in container(rendered)["volumeMounts"]}
    for name in re.findall(r"/run/secrets/\S+?(?=[,}\s])", files(rendered)["babelwatch.yaml"]):
        assert str(Path(name).parent) in mounts, f"{name} is in no secret that is mounted"
        file = folder / "secrets" / Path(name).relative_to("/run/secrets")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(CONTENTS.get(file.name, "change-me"))


def files(rendered: Rendered) -> dict[str, str]:
    """The files of the projected volume, by their path in it."""
    [volume] = [one for one in pod(rendered)["spec"]["volumes"] if one["name"] == "babelwatch-config"]
    made = {one["metadata"]["name"]: one for one in rendered.manifests if one["kind"] in {"ConfigMap", "Secret"}}
    found: dict[str, str] = {}
    for source in volume["projected"]["sources"]:
        [(kind, said)] = source.items()
        data = made[said["name"]]["data"] if said["name"] in made else {}
        for item in said["items"]:
            text = data[item["key"]] if data else base64.b64encode(b"a token that somebody made").decode()
            found[item["path"]] = base64.b64decode(text).decode() if kind == "secret" else text
    return found


def test_the_agent_reads_what_the_chart_writes(render: Render, tmp_path: Path) -> None:
    """The environment and the files of the pod are a whole configuration: doors, token, store, and the user's own keys."""
    settings = configured(render(config={"source": {"kafka": {"topics": ["search-log"]}}}), tmp_path / "pod")
    assert (settings.web.host, settings.web.port, settings.web.health_port) == ("0.0.0.0", 8080, 8081)
    assert settings.web.token is not None
    assert len(settings.web.token.get_secret_value()) >= 32
    assert settings.store.path == Path("/var/lib/babelwatch/store")
    assert (settings.source.kafka.topics, settings.source.kafka.bootstrap_servers) == (("search-log",), ("kafka:9092",))


def test_rules_of_your_own_are_read_beside_the_usual_ones(render: Render, tmp_path: Path) -> None:
    """And templates of your own where there are some."""
    rendered = render(**MATRIX["own rules and templates"])
    settings = configured(rendered, tmp_path / "pod")
    assert settings.rules == ("default", "rules/lao.yaml")
    assert (str(settings.notify.templates), container(rendered)["workingDir"]) == ("templates", "/etc/babelwatch")
    assert files(rendered)["rules/lao.yaml"] == OWN_RULE


@pytest.mark.parametrize("named", [["gap"], []])
def test_rules_of_your_own_may_be_all_there_are(render: Render, tmp_path: Path, named: list[str]) -> None:
    """What config.rules names is what is read beside them, also where that is nothing."""
    settings = configured(render(rules={"lao.yaml": OWN_RULE}, config={"rules": named}), tmp_path / "pod")
    assert settings.rules == (*named, "rules/lao.yaml")


def test_texts_come_out_as_they_were_given(render: Render) -> None:
    """To the last blank, whatever they begin or end with."""
    given = files(render(**MATRIX["texts that begin indented"]))
    assert (given["rules/lao.yaml"], given["templates/firing.j2"]) == (INDENTED, INDENTED)


@pytest.mark.parametrize(
    "changed", [{"config": {"quality": {"k": 5}}}, {"rules": {"a.yaml": OWN_RULE}}, {"templates": {"a.j2": "x"}}]
)
def test_a_change_of_what_is_read_at_the_start_is_a_rollout(render: Render, changed: Mapping[str, Any]) -> None:
    """And nothing else is: the same values give the same pods."""
    before, again = pod(render()), pod(render())
    assert before == again
    assert pod(render(**changed))["metadata"]["annotations"] != before["metadata"]["annotations"]


OTHERS = {"from": [{"namespaceSelector": {"matchLabels": {"name": "ingress"}}}]}
REFUSED: Mapping[str, tuple[Mapping[str, Any], str]] = {
    "two agents, one folder": ({"replicas": 2}, "replicas: expected 1 with the embedded store"),
    "a folder that is lost": ({"persistence": {"enabled": False}}, "persistence.enabled: expected true with the embedded store"),
    "a secret in a ConfigMap": ({"config": {"web": {"token": "x"}}}, "config.web.token: expected no secret"),
    "a typing mistake": ({"replcas": 2}, "replcas"),
    "one level down": ({"image": {"tagg": "1"}}, "tagg"),
    "a wrong type": ({"replicas": "two"}, "replicas"),
    "too little time to end": ({"terminationGracePeriodSeconds": 5}, "terminationGracePeriodSeconds"),
    "a door without a name": ({"ingress": {"enabled": True}, "networkPolicy": OTHERS}, "ingress.host: expected the name"),
    "an ingress that nobody can pass": ({"ingress": {"enabled": True, "host": "a.example"}}, "networkPolicy.from: expected who"),
    "a balancer that nobody can pass": ({"service": {"type": "LoadBalancer"}}, "networkPolicy.from: expected who"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_work_is_refused(render: Render, name: str) -> None:
    """With the key, and what was expected."""
    values, said = REFUSED[name]
    assert said in render(**values).refusal


def test_a_server_in_the_environment_is_one_too(render: Render) -> None:
    """Its address may come from a secret; then no volume is asked for."""
    url = {"name": "BABELWATCH_STORE__CLICKHOUSE__URL", "valueFrom": {"secretKeyRef": {"name": "clickhouse", "key": "url"}}}
    rendered = render(replicas=2, env=[url])
    assert not rendered.refusal
    assert "PersistentVolumeClaim" not in rendered.kinds()


@pytest.mark.parametrize(("replicas", "kinds"), [(1, 0), (3, 1)])
def test_one_agent_alone_does_not_block_the_drain_of_its_node(render: Render, replicas: int, kinds: int) -> None:
    """Several have a budget."""
    assert render(replicas=replicas, config=SERVER).kinds().count("PodDisruptionBudget") == kinds


def test_rules_and_dashboards_are_those_of_the_project(render: Render) -> None:
    """Whole, and the scrape has the name that the rules expect."""
    rendered = render(**MATRIX["everything that watches"])
    assert rendered.the("PrometheusRule")["spec"] == yaml.safe_load((ROOT / "dashboards" / "prometheus-rules.yaml").read_text())
    boards = {
        name: json.loads(text) for one in rendered.manifests for name, text in one.get("data", {}).items() if name.endswith(".json")
    }
    assert boards == {f"babelwatch-{file.name}": json.loads(file.read_text()) for file in (ROOT / "dashboards").glob("*.json")}
    [endpoint] = rendered.the("ServiceMonitor")["spec"]["endpoints"]
    assert endpoint["relabelings"] == [{"targetLabel": "job", "replacement": "babelwatch"}]
    selected = rendered.the("ServiceMonitor")["spec"]["selector"]["matchLabels"].items()
    [service] = [one for one in rendered.manifests if one["kind"] == "Service" and selected <= one["metadata"]["labels"].items()]
    assert [endpoint["port"]] == [port["name"] for port in service["spec"]["ports"]]


def test_what_belongs_together_is_found_by_its_labels(render: Render) -> None:
    """Services, policy and budget select the pods."""
    rendered = render(**MATRIX["a server and replicas"])
    labels = pod(rendered)["metadata"]["labels"]
    selectors = [
        *(one["spec"]["selector"] for one in rendered.manifests if one["kind"] == "Service"),
        rendered.the("NetworkPolicy")["spec"]["podSelector"]["matchLabels"],
        rendered.the("PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        rendered.the("Deployment")["spec"]["selector"]["matchLabels"],
    ]
    assert all(selector.items() <= labels.items() for selector in selectors)
    assert all("helm.sh/chart" not in selector for selector in selectors)  # a selector cannot change at an upgrade


def test_a_sidecar_is_put_into_the_pods_of_a_service(render: Render, tmp_path: Path) -> None:
    """A chart of a service that depends on this one: the example of the documentation, rendered and valid."""
    assert render().kinds()
    rendered = sidecar(tmp_path)
    assert not rendered.refusal
    deployment = rendered.the("Deployment")
    kubernetes_validate.validate(deployment, KUBERNETES[-1], strict=True)
    assert [one["name"] for one in deployment["spec"]["template"]["spec"]["containers"]] == ["search", "babelwatch"]
    assert "ConfigMap" in rendered.kinds()


def test_the_notes_say_what_to_do_next(render: Render, tmp_path: Path) -> None:
    """How to ask whether it reads, and that nobody is told yet; a sidecar has to be put somewhere."""
    assert render().kinds()
    said = notes({}, tmp_path / "one")
    assert "readyz" in said
    assert "port-forward service/watch-babelwatch 8080" in said
    assert "port-forward service/watch-babelwatch-health 8081" in said
    assert "Nobody is told yet" in said
    chat = {"notify": {"receivers": {"chat": {"type": "slack", "webhook_url_file": "/run/secrets/slack/url"}}}}
    assert "Nobody is told yet" not in notes({"config": chat}, tmp_path / "two")
    assert 'include "babelwatch.container" .Subcharts.babelwatch' in notes({"mode": "sidecar"}, tmp_path / "three")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda file: file.stem)
def test_the_examples_of_values_are_valid_and_start_the_agent(render: Render, example: Path, tmp_path: Path) -> None:
    """Each manifest is valid on every Kubernetes; the agent reads the configuration, with every secret from a file that is mounted."""
    rendered = render(**yaml.safe_load(example.read_text()))
    assert not rendered.refusal
    for manifest in rendered.manifests:
        for version in KUBERNETES if manifest["kind"] not in OF_OPERATORS else ():
            kubernetes_validate.validate(manifest, version, strict=True)
    placed(rendered, tmp_path / "pod")
    settings = configured(rendered, tmp_path / "pod")
    assert settings.notify.receivers
    assert settings.web.token is not None
    for name, text in files(rendered).items():
        if name.startswith("rules/"):
            assert parse_rules(text, name)


def test_the_page_has_the_smallest_example() -> None:
    """As it stands in its file, but for the comment."""
    example = (ROOT / "examples" / "helm-values-embedded.yaml").read_text()
    assert f"```text\n{example.partition(chr(10))[2]}```" in PAGE.read_text()


HELM = re.findall(r"^helm (?:upgrade --install|upgrade|template) (.+)$", PAGE.read_text(), re.MULTILINE)


@pytest.mark.parametrize("words", [words for words in HELM if "sidecar" not in words])
def test_the_commands_of_the_page_render(render: Render, words: str) -> None:
    """With the values that they name, from the folder of the checkout."""
    assert render().kinds()
    done = helm.helm("template", *words.split(), "--kube-version", KUBERNETES[-1])
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "key",
    ["replicas", "persistence.enabled", "config.web.token", "ingress.host", "networkPolicy.from", "terminationGracePeriodSeconds"],
)
def test_the_page_says_what_is_refused(key: str) -> None:
    """Each value that is refused for a reason of ours."""
    assert any(key in said for _, said in REFUSED.values())
    assert f"`{key}" in PAGE.read_text().partition("### What is refused")[2].partition("### ")[0]


def test_the_versions_are_those_of_the_project() -> None:
    """Chart, image and agent."""
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["appVersion"] == __version__
