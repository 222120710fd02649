"""The description says what the API does: real answers and real bodies are checked against it."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from starlette.routing import Route

from agent.report.remote import API
from agent.web.openapi import document
from tests.notify.examples import KOREAN
from tests.web.rig import Site

DOCUMENT: dict[str, Any] = json.loads(json.dumps(document()))
ALERT = f"/alerts/{KOREAN.fingerprint}"


def schema(path: str, method: str, *where: str) -> dict[str, Any]:
    """The schema of an answer or body, with the others beside it."""
    found: Any = DOCUMENT["paths"][API + path][method]
    for step in (*where, "content", "application/json", "schema"):
        found = found[step]
    return {**found, "components": DOCUMENT["components"]}


def check(answer: object, described: dict[str, Any]) -> None:
    """Raise where it is otherwise."""
    Draft202012Validator(described).validate(answer)


@pytest.fixture
def site() -> Site:
    """A site with something of everything."""
    made = Site()
    made.request("POST", f"{API}/mutes", json={"match": {"language": "ko"}, "for": "4h", "reason": "x"})
    return made


def test_it_is_served(site: Site) -> None:
    """As JSON, and every schema in it is one."""
    assert site.get(f"{API}/openapi.json").json() == DOCUMENT
    for described in DOCUMENT["components"]["schemas"].values():
        Draft202012Validator.check_schema({**described, "components": DOCUMENT["components"]})


@pytest.mark.parametrize("name", ["/languages", "/pairs", "/alerts", "/changes", "/mutes"])
def test_rows_are_as_they_are_described(site: Site, name: str) -> None:
    """Each has rows here; none has a field that the description does not know."""
    rows = site.get(f"{API}{name}{'?all=1' if name in {'/alerts', '/mutes'} else ''}").json()
    assert rows
    check(rows, schema(name, "get", "responses", "200"))
    kind = schema(name, "get", "responses", "200")["items"]["$ref"].rpartition("/")[2]
    described = DOCUMENT["components"]["schemas"][kind]["properties"].keys()
    required = DOCUMENT["components"]["schemas"][kind].get("required", ())
    assert all({*required} <= row.keys() <= described for row in rows)


def test_every_route_is_described_and_the_other_way_round(site: Site) -> None:
    """But for what commands share among themselves, and the description."""
    routes = {
        (route.path, method.lower())
        for route in site.app.routes
        if isinstance(route, Route) and route.path.startswith(API) and not {"journal", "openapi.json"} & set(route.path.split("/"))
        for method in (route.methods or set()) - {"HEAD"}
    }
    described = {(path.replace("{id}", "{name}"), method) for path, methods in DOCUMENT["paths"].items() for method in methods}
    assert routes == described


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/changes", {"service": "help", "index_version": "v9"}),
        ("/mutes", {"match": {"language": ["el"]}, "for": "1h", "reason": "x"}),
        ("/alerts/{fingerprint}/ack", {"note": "on it"}),
        ("/alerts/{fingerprint}/accept", {}),
        ("/alerts/{fingerprint}/close", {"verdict": "false"}),
    ],
)
def test_what_is_sent_and_answered_is_described(site: Site, path: str, body: dict[str, Any]) -> None:
    """The body is one that the description allows, and so is the answer."""
    check(body, schema(path, "post", "requestBody"))
    answer = site.request("POST", API + path.replace("{fingerprint}", KOREAN.fingerprint), json=body)
    assert answer.status_code == 200
    check(answer.json(), schema(path, "post", "responses", "200"))


def test_mistakes_are_described(site: Site) -> None:
    """400 and 404 are lists of mistakes."""
    check(site.get(f"{API}/languages?by=x").json(), schema("/languages", "get", "responses", "400"))
    unknown = site.request("POST", f"{API}/alerts/ffff/ack", json={})
    check(unknown.json(), schema("/alerts/{fingerprint}/ack", "post", "responses", "404"))
