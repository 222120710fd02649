"""The doors of the chart: which port is behind each, who may come in by it, and what may go out."""

from pathlib import Path
from typing import Any, Final

import pytest

from tests.helm.rendering import Render, container, notes, pod, sidecar
from tests.support.helm import Manifest, Rendered

PAGES: Final = "babelwatch"
HEALTH: Final = "bw-health"
CONTROLLER: Final = [{"namespaceSelector": {"matchLabels": {"name": "ingress"}}}]
PROMETHEUS: Final = [{"namespaceSelector": {"matchLabels": {"name": "monitoring"}}}]
INGRESS: Final = {"enabled": True, "host": "babelwatch.example"}


def numbers(found: Manifest) -> dict[str, int]:
    """A container's ports by name."""
    return {port["name"]: port["containerPort"] for port in found["ports"]}


def listened(found: Manifest) -> dict[str, int]:
    """Where its agent listens, by the name of the port."""
    environment = {one["name"]: one.get("value") for one in found["env"]}
    return {PAGES: int(environment["BABELWATCH_WEB__PORT"]), HEALTH: int(environment["BABELWATCH_WEB__HEALTH_PORT"])}


def services(rendered: Rendered) -> dict[str, dict[str, Any]]:
    """Specifications of the services, by the name of the port of the container behind each."""
    specs = [one["spec"] for one in rendered.manifests if one["kind"] == "Service"]
    return {port["targetPort"]: spec for spec in specs for port in spec["ports"]}


@pytest.mark.parametrize("ports", [{}, {"http": 9000, "health": 9001}])
def test_the_agent_listens_where_its_ports_are(render: Render, ports: dict[str, int]) -> None:
    """Numbers are of your choice; every probe asks the one for health."""
    found = container(render(ports=ports))
    assert numbers(found) == listened(found) == {PAGES: ports.get("http", 8080), HEALTH: ports.get("health", 8081)}
    assert {found[f"{kind}Probe"]["httpGet"]["port"] for kind in ("startup", "liveness", "readiness")} == {HEALTH}


def test_a_sidecar_and_its_neighbour_share_neither_a_number_nor_a_name(render: Render, tmp_path: Path) -> None:
    """One pod is one network: the service on 8080, whose port is `http`, keeps both."""
    assert render().kinds()
    search, agent = pod(sidecar(tmp_path))["spec"]["containers"]
    assert numbers(search) == {"http": 8080}
    assert numbers(agent) == listened(agent)
    assert not {*numbers(search)} & {*numbers(agent)}
    assert len({*numbers(search).values(), *numbers(agent).values()}) == 3


@pytest.mark.parametrize("kind", ["ClusterIP", "NodePort", "LoadBalancer"])
def test_health_stays_within_the_cluster(render: Render, kind: str) -> None:
    """Whatever the type of the service of pages: metrics ask for no token."""
    found = services(render(service={"type": kind}, networkPolicy={"from": CONTROLLER}))
    assert {port: (spec["type"], len(spec["ports"])) for port, spec in found.items()} == {
        PAGES: (kind, 1),
        HEALTH: ("ClusterIP", 1),
    }


def test_an_ingress_leads_to_the_pages(render: Render) -> None:
    """By the name and the port of their service, and to nothing else."""
    rendered = render(ingress=INGRESS, networkPolicy={"from": CONTROLLER})
    [rule] = rendered.the("Ingress")["spec"]["rules"]
    [path] = rule["http"]["paths"]
    backend = path["backend"]["service"]
    [service] = [one for one in rendered.manifests if one["kind"] == "Service" and one["metadata"]["name"] == backend["name"]]
    assert (rule["host"], path["path"]) == ("babelwatch.example", "/")
    assert {port["name"]: port["targetPort"] for port in service["spec"]["ports"]} == {backend["port"]["name"]: PAGES}


def test_by_itself_the_policy_admits_the_namespace_to_pages_and_all_to_health(render: Render) -> None:
    """And lets the agent go anywhere."""
    spec = render().the("NetworkPolicy")["spec"]
    assert spec["policyTypes"] == ["Ingress"]
    assert spec["ingress"] == [{"from": [{"podSelector": {}}], "ports": [{"port": PAGES}]}, {"ports": [{"port": HEALTH}]}]
    assert "egress" not in spec


def test_the_policy_admits_who_is_named(render: Render) -> None:
    """To pages, to metrics, and out; names can be looked up whatever else is closed."""
    out = [{"ports": [{"port": 9093}]}, {"ports": [{"port": 443}], "to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}]
    spec = render(networkPolicy={"from": CONTROLLER, "metricsFrom": PROMETHEUS, "egress": out}).the("NetworkPolicy")["spec"]
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    assert spec["ingress"] == [{"from": CONTROLLER, "ports": [{"port": PAGES}]}, {"from": PROMETHEUS, "ports": [{"port": HEALTH}]}]
    assert spec["egress"] == [{"ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]}, *out]


def test_an_ingress_needs_no_named_controller_where_there_is_no_policy(render: Render) -> None:
    """Nothing keeps it out then."""
    assert not render(ingress=INGRESS, networkPolicy={"enabled": False}).refusal


@pytest.mark.parametrize(("secret", "warnings"), [("", 1), ("tls", 0)])
def test_the_notes_warn_of_a_token_in_the_clear(render: Render, tmp_path: Path, secret: str, warnings: int) -> None:
    """An Ingress without TLS carries it as it is."""
    assert render().kinds()
    said = notes({"ingress": {**INGRESS, "tlsSecret": secret}, "networkPolicy": {"from": CONTROLLER}}, tmp_path)
    assert said.count("The token goes to http://babelwatch.example in clear text") == warnings
