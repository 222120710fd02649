"""A command beside the agent reads and writes through the API what it would read and write in the store."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import timedelta
from typing import Any

import httpx
import pytest

from agent.errors import Misconfigured
from agent.probing.kept import KINDS
from agent.report.remote import API, Remote
from agent.report.shared import RemoteJournal, SharedJournal
from agent.runtime.health import Health
from agent.store.base import Entry, Journal
from agent.store.memory import MemoryJournal
from agent.web.api import LARGEST_BODY, build
from agent.web.server import WebServer, listen
from tests.report.builders import Looking
from tests.runtime.rig import NOW

OTHERS = ("transition", "outbox", "change", "nonsense")


def entry(n: int, **body: Any) -> Entry:
    """A row, so many minutes from now."""
    return Entry("golden", f"r{n}", NOW + timedelta(minutes=n), {"name": "support", **body})


class Agent:
    """A running API over a journal of its own."""

    def __init__(self, stack: ExitStack) -> None:
        self.journal, looking = MemoryJournal(), Looking(empty=True)
        listener = stack.enter_context(closing(listen("127.0.0.1", 0)))
        app = build(
            looking.views,
            looking.writer,
            Health(NOW),
            looking.clock,
            frozenset({"secret"}),
            shared=SharedJournal(self.journal),
        )
        self.url = stack.enter_context(WebServer(app, listener)).url
        self.remote = RemoteJournal(Remote(self.url, "secret"))


@pytest.fixture
def agent() -> Iterator[Agent]:
    """One for each test."""
    with ExitStack() as stack:
        yield Agent(stack)


@pytest.fixture(params=["store", "agent"])
def journal(request: pytest.FixtureRequest, agent: Agent) -> Journal:
    """The store itself, and the agent that holds it."""
    return agent.remote if request.param == "agent" else agent.journal


def test_what_is_written_is_read(journal: Journal) -> None:
    """In the order of its time, with every digit of it; the same id replaces."""
    journal.write([entry(2), entry(1, languages=["lo"]), entry(2, again=True)])
    assert journal.read("golden") == [entry(1, languages=["lo"]), entry(2, again=True)]


def test_a_span_has_both_its_ends(journal: Journal) -> None:
    """From and to, each included."""
    journal.write([entry(n) for n in range(5)])
    assert [row.id for row in journal.read("golden", entry(1).at, entry(3).at)] == ["r1", "r2", "r3"]
    assert [row.id for row in journal.read("golden", until=entry(1).at)] == ["r0", "r1"]
    assert journal.read("probe") == []


def test_a_large_row_goes_through(agent: Agent) -> None:
    """The scores of a hundred thousand queries are megabytes."""
    large = entry(1, scores="x" * (40 * LARGEST_BODY))
    agent.remote.write([large])
    assert agent.journal.read("golden") == [large]


@pytest.mark.parametrize("kind", OTHERS)
def test_other_kinds_are_nobodys_business(agent: Agent, kind: str) -> None:
    """What the agent decides by is not written from outside, nor read this way."""
    assert kind not in KINDS
    with pytest.raises(Misconfigured, match="expected one of probe, golden"):
        agent.remote.read(kind)
    with pytest.raises(Misconfigured):
        agent.remote.write([entry(1)._replace(kind=kind)])


@pytest.mark.parametrize(
    "body",
    [{}, {"rows": 1}, {"rows": [{"id": "r1"}]}, {"rows": [{"id": "r1", "at": "yesterday", "body": {}}]}, {"rows": [], "more": 1}],
)
def test_what_is_no_row_is_refused(agent: Agent, body: dict[str, Any]) -> None:
    """With what was expected, and nothing is written."""
    answer = httpx.post(f"{agent.url}{API}/journal/golden", json=body, headers={"Authorization": "Bearer secret"}, trust_env=False)
    assert answer.status_code == 400
    assert answer.json()["mistakes"]
    assert agent.journal.read("golden") == []


@pytest.mark.parametrize("words", ["since=yesterday", "until=2026-11-16"])
def test_a_span_that_is_none_is_a_mistake(agent: Agent, words: str) -> None:
    """Times are RFC 3339 here: this is no command line."""
    answer = httpx.get(f"{agent.url}{API}/journal/golden?{words}", headers={"Authorization": "Bearer secret"}, trust_env=False)
    assert answer.status_code == 400


def test_it_needs_the_token(agent: Agent) -> None:
    """As all of the API does."""
    assert httpx.get(f"{agent.url}{API}/journal/golden", trust_env=False).status_code == 401
