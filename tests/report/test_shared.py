"""A command beside the agent reads and writes through the API what it would read and write in the store."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import timedelta
from typing import Any

import httpx
import numpy as np
import pytest
from msgspec.structs import replace

from agent.clock import FakeClock
from agent.errors import Misconfigured
from agent.probing import kept, scores
from agent.probing.kept import KINDS, GoldenRun, OpenRun
from agent.probing.scores import Group, Scores
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


def run(n: int, **result: Any) -> GoldenRun:
    """A run that ended so many minutes after some hour."""
    return GoldenRun(f"r{n}", "support", NOW - timedelta(hours=1) + timedelta(minutes=n), ("ko",), result)


def entry(n: int, **result: Any) -> Entry:
    """Its row."""
    return kept.entry_of(run(n, **result))


OPEN = OpenRun("r", "support", NOW, NOW + timedelta(minutes=20), "0f" * 16, ("a",))
SCORES = scores.entry_of("r", NOW, Group("ko", "en"), Scores(np.arange(3, dtype=np.uint64), {"recall@10": np.ones(3)}))
BAD = {
    "no body": entry(1)._replace(body={}),
    "another id": entry(1)._replace(id="mine"),
    "another time": entry(1)._replace(at=NOW),
    "a time to come": kept.entry_of(GoldenRun("r", "support", NOW + timedelta(days=400), (), {})),
    "a key that is none": kept.entry_of(replace(OPEN, key="secret")),
    "open for ever": kept.entry_of(replace(OPEN, until=NOW + timedelta(days=3000))),
    "over before it begins": kept.entry_of(replace(OPEN, until=NOW - timedelta(days=1))),
    "scores without base64": SCORES._replace(body={**SCORES.body, "queries": "%%%"}),
    "scores that are not compressed": SCORES._replace(body={**SCORES.body, "queries": "AAAA"}),
    "fewer scores than queries": SCORES._replace(
        body={
            **SCORES.body,
            "measures": scores.entry_of("r", NOW, Group("ko"), Scores(np.arange(2, dtype=np.uint64), {"x": np.ones(2)})).body[
                "measures"
            ],
        }
    ),
}


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
            shared=SharedJournal(self.journal, FakeClock(NOW)),
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
    assert kept.golden_runs(journal) == [run(1, languages=["lo"]), run(2, again=True)]
    journal.write([kept.entry_of(OPEN), SCORES])
    assert kept.open_runs(journal) == [OPEN]
    (found,) = scores.scores_of(journal, "r", NOW).values()
    assert found.measures["recall@10"].tolist() == [1.0, 1.0, 1.0]


def test_a_span_has_both_its_ends(journal: Journal) -> None:
    """From and to, each included."""
    journal.write([entry(n) for n in range(5)])
    assert [row.body["id"] for row in journal.read("golden", entry(1).at, entry(3).at)] == ["r1", "r2", "r3"]
    assert [row.body["id"] for row in journal.read("golden", until=entry(1).at)] == ["r0", "r1"]
    assert journal.read("probe") == []


def test_a_large_row_goes_through(agent: Agent) -> None:
    """The scores of a hundred thousand queries are megabytes."""
    large = run(1, scores="x" * (40 * LARGEST_BODY))
    agent.remote.write([kept.entry_of(large)])
    assert kept.golden_runs(agent.journal) == [large]


@pytest.mark.parametrize("row", BAD.values(), ids=BAD.keys())
def test_a_row_that_no_command_writes_is_refused(agent: Agent, row: Entry) -> None:
    """The agent reads them in every minute, and excludes users' queries by them."""
    with pytest.raises(Misconfigured, match="expected"):
        agent.remote.write([row])
    assert agent.journal.read(row.kind) == []


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
