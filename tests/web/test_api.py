"""The API over HTTP: rows, mistakes, tokens, and whether the agent is alive and ready."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from agent.clock import FakeClock
from agent.errors import BabelwatchError, Misconfigured, Mistake, RetryLater, Stop
from agent.report.views import API, Rows, Words
from agent.runtime.health import STUCK, Health
from agent.web.api import OPEN, build
from tests.runtime.rig import NOW

PATHS = [f"{API}/{name}" for name in ("languages", "pairs", "alerts", "changes")]


class Told:
    """Views that say what they were asked, or fail."""

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


class Site:
    """The app over views that a test decides about."""

    def __init__(self, *tokens: str) -> None:
        self.told = Told()
        self.clock = FakeClock(NOW)
        self.health = Health(NOW)
        self.app = build(self.told, self.health, self.clock, frozenset(tokens) or None)

    def get(self, path: str, **headers: str) -> httpx.Response:
        """Ask."""
        return self.request("GET", path, headers=headers)

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Send a request to the app; an error in it is an answer, as behind a server."""

        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://agent") as client:
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


def test_an_answer_is_json_that_nobody_keeps_or_guesses_about(site: Site) -> None:
    """Figures change every minute, and a doc id is no page."""
    headers = site.get(PATHS[0]).headers
    assert headers["content-type"] == "application/json"
    assert headers["cache-control"] == "no-store"
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
def test_the_api_only_reads(site: Site, method: str) -> None:
    """Nothing can be changed through it."""
    assert site.request(method, PATHS[0]).status_code == 405


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
