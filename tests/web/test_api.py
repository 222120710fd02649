"""The API over HTTP: rows, mistakes, tokens, and whether the agent is alive and ready."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from agent.alerting.action import Name as ActionName
from agent.clock import FakeClock
from agent.errors import BabelwatchError, Misconfigured, Mistake, NotFound, RetryLater, Stop
from agent.report.remote import API
from agent.report.said import Said
from agent.report.views import Report, Rows, Words
from agent.report.writer import Row
from agent.runtime.health import STUCK, Health
from agent.runtime.reload import Taken
from agent.web.api import LARGEST_BODY, build
from agent.web.cache import Cache
from agent.web.guards import OPEN
from tests.runtime.rig import NOW

HERE = "http://127.0.0.1:8080"
PATHS = [f"{API}/{name}" for name in ("languages", "pairs", "alerts", "changes", "mutes")]


class Told:
    """Views that say what they were asked, and a writer that says what it was told; or they fail."""

    def __init__(self) -> None:
        self.error: Exception | None = None

    def _answer(self, name: str, words: Words) -> Rows:
        if self.error:
            raise self.error
        return [{"view": name, **words}]

    def languages(self, words: Words) -> Rows:
        """The words back."""
        return self._answer("languages", words)

    def pairs(self, words: Words) -> Rows:
        """The words back."""
        return self._answer("pairs", words)

    def alerts(self, words: Words) -> Rows:
        """The words back."""
        return self._answer("alerts", words)

    def changes(self, words: Words) -> Rows:
        """The words back."""
        return self._answer("changes", words)

    def mutes(self, words: Words) -> Rows:
        """The words back."""
        return self._answer("mutes", words)

    def report(self, words: Words) -> Report:
        """The words back."""
        return self._answer("report", words)[0]

    def reload(self) -> Taken:
        """What changed."""
        self._answer("reload", {})
        return Taken(("rules",), ("web.port",))

    def act(self, fingerprint: str, action: ActionName, said: Said) -> Row:
        """What was to be done."""
        return self._answer("act", {})[0] | {"fingerprint": fingerprint, "action": action, "said": said}

    def announce(self, said: Said) -> Row:
        """What was announced."""
        return self._answer("announce", {})[0] | {"said": said}

    def mute(self, said: Said) -> Row:
        """What was to be silent."""
        return self._answer("mute", {})[0] | {"said": said}

    def unmute(self, name: str) -> Row:
        """Which one was to end."""
        return self._answer("unmute", {})[0] | {"name": name}


class Site:
    """The app over views that a test decides about."""

    def __init__(self, *tokens: str) -> None:
        self.told = Told()
        self.clock = FakeClock(NOW)
        self.health = Health(NOW)
        cache = Cache(lambda: 0, self.clock)
        self.app = build(
            self.told, self.told, self.health, self.clock, frozenset(tokens) or None, reload=self.told.reload, cache=cache
        )

    def get(self, path: str, **headers: str) -> httpx.Response:
        """Ask."""
        return self.request("GET", path, headers=headers)

    def post(self, path: str, said: Any, **headers: str) -> httpx.Response:
        """Tell."""
        return self.request("POST", path, json=said, headers=headers)

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Send a request to the app; an error in it is an answer, as behind a server."""

        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url=HERE) as client:
                return await client.request(method, path, **more)

        return asyncio.run(ask())


@pytest.fixture
def site() -> Site:
    """A site on loopback, without a token."""
    return Site()


@pytest.mark.parametrize("path", PATHS)
def test_each_view_has_its_path(site: Site, path: str) -> None:
    """The words of the address are the words of the view, in any script."""
    answer = site.get(f"{path}?service=a%20b&language=%ED%95%9C&from=-7d")
    assert answer.status_code == 200
    assert answer.json() == [{"view": path.removeprefix(f"{API}/"), "service": "a b", "language": "한", "from": "-7d"}]


def test_the_report_is_one_document(site: Site) -> None:
    """And no list."""
    told = site.get(f"{API}/report?week=2026-W46&format=text").json()
    assert told == {"view": "report", "week": "2026-W46", "format": "text"}


def test_an_answer_is_json_that_is_asked_about_before_it_is_shown_again(site: Site) -> None:
    """Figures change every minute, and a doc id is no page."""
    headers = site.get(PATHS[0]).headers
    assert headers["content-type"] == "application/json"
    assert headers["cache-control"] == "private, no-cache"
    assert headers["x-content-type-options"] == "nosniff"


def test_mistakes_are_listed(site: Site) -> None:
    """400, and each with its key and what was expected."""
    site.told.error = Misconfigured([Mistake("", "by", "expected version"), Mistake("", "from", "expected a time")])
    answer = site.get(PATHS[0])
    assert answer.status_code == 400
    assert answer.json() == {"mistakes": [["", "by", "expected version"], ["", "from", "expected a time"]]}


@pytest.mark.parametrize("error", [RetryLater("the store is away"), Stop("the store is away")])
def test_a_store_that_is_away_is_no_empty_table(site: Site, error: BabelwatchError) -> None:
    """503 with the sentence."""
    site.told.error = error
    answer = site.get(PATHS[0])
    assert (answer.status_code, answer.json()) == (503, {"error": "the store is away"})


def test_a_bug_is_not_shown(site: Site) -> None:
    """What was not meant to happen is a bare 500, without paths or values."""
    site.told.error = ValueError("secret figures")
    answer = site.get(PATHS[0])
    assert answer.status_code == 500
    assert "secret" not in answer.text


@pytest.mark.parametrize("path", ["/", "/api/v1", "/api/v1/unknown", "/docs", "/openapi.json"])
def test_nothing_else_is_served(site: Site, path: str) -> None:
    """404 for what is not there."""
    assert site.get(path).status_code == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_tables_can_only_be_read(site: Site, method: str) -> None:
    """Nothing can be changed through them."""
    assert site.request(method, PATHS[0]).status_code == 405


@pytest.mark.parametrize("action", ["ack", "accept", "close"])
def test_each_action_has_its_path(site: Site, action: ActionName) -> None:
    """The body goes on as it is: it is validated where it is read."""
    answer = site.post(f"{API}/alerts/9f2c/{action}", {"note": "한 <b>"})
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert answer.json() == {"view": "act", "fingerprint": "9f2c", "action": action, "said": {"note": "한 <b>"}}


def test_a_deployment_is_announced_where_they_are_read(site: Site) -> None:
    """GET lists them, POST adds one."""
    assert site.post(f"{API}/changes", {"index_version": "v2"}).json() == {"view": "announce", "said": {"index_version": "v2"}}
    assert site.get(f"{API}/changes").json() == [{"view": "changes"}]


def test_a_mute_is_said_where_they_are_read_and_ended_by_its_id(site: Site) -> None:
    """GET lists them, POST adds one, DELETE needs no body."""
    assert site.post(f"{API}/mutes", {"reason": "x"}).json() == {"view": "mute", "said": {"reason": "x"}}
    assert site.get(f"{API}/mutes").json() == [{"view": "mutes"}]
    answer = site.request("DELETE", f"{API}/mutes/a1b2")
    assert (answer.status_code, answer.json()) == (200, {"view": "unmute", "name": "a1b2"})
    site.told.error = NotFound([Mistake("a1b2", "", "none")])
    assert site.request("DELETE", f"{API}/mutes/a1b2").status_code == 404


def test_the_configuration_is_read_again(site: Site) -> None:
    """POST without a body: what changed, or every mistake; by whoever may change anything."""
    answer = site.request("POST", "/-/reload")
    assert (answer.status_code, answer.json()) == (200, {"reloaded": True, "changes": ["rules"], "at_next_start": ["web.port"]})
    site.told.error = Misconfigured([Mistake("rules.yaml:1", "rules", "expected a list")])
    answer = site.request("POST", "/-/reload")
    assert (answer.status_code, answer.json()) == (400, {"mistakes": [["rules.yaml:1", "rules", "expected a list"]]})
    assert site.get("/-/reload").status_code == 405
    assert site.request("POST", "/-/reload", headers={"Origin": "http://elsewhere.example"}).status_code == 403
    assert Site("a-token").request("POST", "/-/reload").status_code == 401


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "mutes/a1b2"),
        ("POST", "mutes/a1b2"),
        ("DELETE", "mutes"),
        ("GET", "alerts/9f2c/ack"),
        ("PUT", "alerts/9f2c/ack"),
        ("DELETE", "alerts/9f2c/close"),
        ("PUT", "changes"),
        ("DELETE", "changes"),
    ],
)
def test_what_is_written_is_posted(site: Site, method: str, path: str) -> None:
    """A link that somebody follows, or a preview of it, changes nothing."""
    assert site.request(method, f"{API}/{path}").status_code == 405


@pytest.mark.parametrize("path", ["alerts/9f2c/mute", "alerts/9f2c", "alerts//ack", "alerts/a/b/ack"])
def test_there_are_no_other_actions(site: Site, path: str) -> None:
    """404."""
    assert site.post(f"{API}/{path}", {}).status_code == 404


def test_what_is_not_there_is_not_a_mistake_in_the_body(site: Site) -> None:
    """404 for an unknown fingerprint, 400 for what cannot be read; both say why."""
    for error, status in ((NotFound([Mistake("9f", "", "none")]), 404), (Misconfigured([Mistake("", "note", "shorter")]), 400)):
        site.told.error = error
        answer = site.post(f"{API}/alerts/9f/ack", {})
        assert (answer.status_code, answer.json()) == (status, {"mistakes": [list(error.mistakes[0])]})


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"", "application/json", 400),
        (b'"\\ud800"', "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"[" * 30_000, "application/json", 400),
        (b'{"note": "' + b"x" * LARGEST_BODY + b'"}', "application/json", 413),
        (b"note=x", "application/x-www-form-urlencoded", 415),
        (b"{}", "text/plain", 415),
        (b"{}", "", 415),
        (b'{"note": "x"}', "application/json; charset=utf-8", 200),
    ],
)
def test_a_body_is_json_and_not_long(site: Site, body: bytes, kind: str, status: int) -> None:
    """What a form on any page can send is no JSON by its content type; what is too long is not read to its end."""
    answer = site.request("POST", f"{API}/alerts/9f/ack", content=body, headers={"content-type": kind} if kind else {})
    assert answer.status_code == status, answer.text


def test_writing_needs_the_token_too() -> None:
    """As reading does; beyond loopback `Host` is whatever the service is called."""
    site = Site("one")
    assert site.post(f"{API}/alerts/9f/ack", {}).status_code == 401
    known = {"authorization": "Bearer one", "host": "babelwatch.example"}
    assert site.post(f"{API}/alerts/9f/ack", {}, **known).status_code == 200


@pytest.mark.parametrize("path", [*PATHS, "/", "/api/v1/unknown"])
@pytest.mark.parametrize(
    "shown",
    [
        {},
        {"authorization": "Bearer wrong"},
        {"authorization": "Bearer "},
        {"authorization": "Basic b25l"},
        {"authorization": "one"},
    ],
)
def test_without_a_token_nothing_is_told(path: str, shown: dict[str, str]) -> None:
    """Not even which paths there are."""
    answer = Site("one", "two").get(path, **shown)
    assert (answer.status_code, answer.json()) == (401, {"error": "a bearer token is needed"})
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("token", ["one", "two"])
def test_each_token_opens(token: str) -> None:
    """That of the configuration, and that of this run's commands."""
    for scheme in ("Bearer", "bearer"):
        assert Site("one", "two").get(PATHS[0], authorization=f"{scheme} {token}").status_code == 200


def test_a_token_in_other_letters_is_only_wrong() -> None:
    """Bytes beyond ASCII in the header are no crash."""
    answer = Site("one").request("GET", PATHS[0], headers={b"authorization": "Bearer 한".encode()})
    assert answer.status_code == 401


@pytest.mark.parametrize("path", OPEN)
def test_health_and_metrics_need_no_token(path: str) -> None:
    """Kubernetes and Prometheus have none."""
    site = Site("one")
    site.health.needs({})
    assert site.get(path).status_code == 200


def test_a_loop_that_turns_is_alive(site: Site) -> None:
    """Until it has not come round for two minutes."""
    site.clock.advance(STUCK - timedelta(seconds=1))
    assert (site.get("/healthz").status_code, site.get("/healthz").json()) == (200, {"status": "ok"})
    site.clock.advance(timedelta(seconds=1))
    assert (site.get("/healthz").status_code, site.get("/healthz").json()) == (503, {"status": "stuck"})
    site.health.turned(site.clock.now())
    assert site.get("/healthz").status_code == 200


def test_an_agent_says_what_it_waits_for(site: Site) -> None:
    """503 with a sentence on each thing, and 200 when all is there."""
    site.health.needs({"kafka": "waits for topic logs"})
    answer = site.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"status": "waiting", "missing": {"kafka": "waits for topic logs"}})
    site.health.needs({})
    answer = site.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "missing": {}})


def test_an_agent_that_waits_is_alive(site: Site) -> None:
    """Restarting it would not bring the topic."""
    site.health.needs({"kafka": "waits for topic logs"})
    assert site.get("/healthz").status_code == 200


def test_health_does_not_ask_the_store(site: Site) -> None:
    """A store that is away makes nobody restart the agent."""
    site.told.error = RetryLater("away")
    site.health.needs({})
    assert [site.get(path).status_code for path in OPEN] == [200, 200, 200]


def test_metrics_are_in_prometheus_s_format(site: Site) -> None:
    """With the content type that it asks for."""
    answer = site.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert "# HELP python_info" in answer.text


def test_json_keeps_every_script(site: Site) -> None:
    """Names come back as they were, in UTF-8."""
    answer = site.get(f"{PATHS[0]}?service=ភាសាខ្មែរ")
    assert json.loads(answer.content)[0]["service"] == "ភាសាខ្មែរ"
