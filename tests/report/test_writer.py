"""What people write down: one row for each thing done, nothing for what cannot be done, and the same through the agent."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from agent.alerting.action import Name
from agent.alerting.loss import Loss
from agent.errors import Misconfigured, NotFound, Unreachable
from agent.report.actions import actions_since
from agent.report.remote import Remote
from agent.report.writer import RemoteWriter, Writer
from agent.runtime.health import Health
from agent.store.base import Entry
from agent.web.api import build
from agent.web.server import WebServer, listen
from tests.report.builders import OVER, SPANISH, Looking
from tests.runtime.rig import NOW
from tests.store.builders import at
from tests.support.broker import free_port

DEPLOYED = {
    "service": "help",
    "collection": "kb",
    "index_version": "v9",
    "time": "2026-11-16T09:00:00+01:00",
    "note": "re-embedded",
}


@contextmanager
def through_an_agent(looking: Looking) -> Iterator[Writer]:
    """The writer of a real server that wants a token."""
    app = build(looking.views, looking.writer, Health(NOW), looking.clock, frozenset({"a-token"}))
    with closing(listen("127.0.0.1", 0)) as listener, WebServer(app, listener) as server:
        yield RemoteWriter(Remote(server.url, "a-token"))


@pytest.fixture
def looking() -> Looking:
    """A store with incidents."""
    return Looking()


@pytest.fixture(params=["store", "agent"])
def writer(looking: Looking, request: pytest.FixtureRequest) -> Iterator[Writer]:
    """Both ways to write."""
    if request.param == "store":
        yield looking.writer
    else:
        with through_an_agent(looking) as remote:
            yield remote


def rows(looking: Looking) -> list[dict[str, Any]]:
    """The actions in the journal."""
    return [dict(entry.body) for entry in looking.journal.read("action")]


def test_an_action_is_a_row(looking: Looking, writer: Writer) -> None:
    """With the incident it is about, and a time from the store's clock."""
    writer.act("es", "close", {"verdict": "false", "note": "a load test", "by": "ann"})
    assert rows(looking) == [
        {
            "fingerprint": "es",
            "began_at": msgspec.to_builtins(SPANISH.began_at),
            "action": "close",
            "at": msgspec.to_builtins(NOW),
            "verdict": "false",
            "note": "a load test",
            "by": "ann",
        }
    ]


def test_the_answer_is_the_incident_as_it_is_shown(looking: Looking, writer: Writer) -> None:
    """The same as `alerts` says from then on."""
    told = writer.act("9f2c", "ack", {"note": "I look"})
    assert (told["acknowledged_at"], told["note"], told["state"]) == ("2026-11-16T08:30:00Z", "I look", "firing")
    assert json.loads(json.dumps(told)) in json.loads(json.dumps(looking.views.alerts({})))


def test_done_twice_it_is_one_row(looking: Looking, writer: Writer) -> None:
    """A second click, or a command tried again: the first time stands, a new note replaces the old one."""
    first = writer.act("es", "ack", {"note": "I look"})
    looking.clock.advance(timedelta(minutes=1))
    assert writer.act("es", "ack", {}) == first
    assert writer.act("es", "ack", {"note": "found"}) == {**first, "note": "found"}
    assert len(rows(looking)) == 1


def test_what_a_person_has_ended_is_shown_no_more(looking: Looking, writer: Writer) -> None:
    """Accepted or closed; `all` still has it."""
    writer.act("es", "accept", {})
    writer.act("9f2c", "close", {"verdict": "real"})
    assert looking.views.alerts({}) == []
    assert [row["language"] for row in looking.views.alerts({"all": "true"})] == ["el", "es", "ko"]


def test_a_verdict_can_come_late_and_change(looking: Looking, writer: Writer) -> None:
    """Of what is over as well; the evaluator hears of the change as of something new."""
    writer.act("el", "close", {"verdict": "real"})
    looking.clock.advance(timedelta(days=3))
    told = writer.act("el", "close", {"verdict": "false"})
    assert (told["state"], told["verdict"], told["resolved_at"]) == ("resolved", "false", msgspec.to_builtins(OVER.resolved_at))
    assert [action.verdict for action in actions_since(looking.journal, NOW + timedelta(days=3))] == ["false"]


def test_lost_records_can_be_closed(looking: Looking, writer: Writer) -> None:
    """No rule evaluates them: who has seen it, has seen it."""
    looking.journal.write([Entry("lost", "id/0@3", at(0), msgspec.to_builtins(Loss("id/0", "logs", 0, 3, 7, at(0))))])
    [lost] = [row for row in looking.views.alerts({}) if row["class"] == "monitor"]
    writer.act(lost["fingerprint"], "close", {"verdict": "expected"})
    assert {row["class"] for row in looking.views.alerts({})} == {"change"}


REFUSED: dict[str, tuple[str, Name, dict[str, Any], str]] = {
    "a note that is too long": ("es", "ack", {"note": "x" * 2001}, "note: Expected `str` of length <= 2000"),
    "a note that is no text": ("es", "ack", {"note": 7}, "note: Expected `str`, got `int`"),
    "an unknown key": ("es", "ack", {"nte": "x"}, "Object contains unknown field `nte`"),
    "a verdict without an end": ("es", "ack", {"verdict": "real"}, "Object contains unknown field `verdict`"),
    "no verdict": ("es", "close", {"note": "x"}, "Object missing required field `verdict`"),
    "another verdict": ("es", "close", {"verdict": "maybe"}, "verdict: Invalid enum value 'maybe'"),
    "a name that is too long": ("es", "ack", {"by": "x" * 257}, "by: Expected `str` of length <= 256"),
    "an incident that is over": ("el", "ack", {}, "el: is over: only a verdict can be given, with `close`"),
}


@pytest.mark.parametrize(("name", "action", "said", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_done_is_told(  # noqa: PLR0913, PLR0917 - a row of the table and two fixtures
    looking: Looking, writer: Writer, name: str, action: Name, said: dict[str, Any], message: str
) -> None:
    """In a sentence, the same both ways; nothing is written."""
    with pytest.raises(Misconfigured) as caught:
        writer.act(name, action, said)
    assert str(caught.value) == message
    assert rows(looking) == []


@pytest.mark.parametrize("name", ["ff", "", "a/b", "..", "%2e%2e", "e?s", "한"])
def test_an_unknown_fingerprint_is_not_found(looking: Looking, writer: Writer, name: str) -> None:
    """Whatever it would mean in a path."""
    with pytest.raises(NotFound, match="no incident has this fingerprint"):
        writer.act(name, "ack", {})
    assert rows(looking) == []


def test_a_note_is_one_clean_line(looking: Looking, writer: Writer) -> None:
    """Nothing in it turns the reading direction, moves a cursor or ends a line; every script stays."""
    told = writer.act("es", "ack", {"note": "см. \x1b[2Jзаметку\n<!channel> \u202e한", "by": "an\x00n"})
    assert (told["note"], told["handled_by"]) == ("см. [2Jзаметку <!channel> 한", "ann")


def test_what_is_no_text_is_no_crash(looking: Looking, writer: Writer) -> None:
    """A shell passes on bytes that are no UTF-8: cleaned away, or a mistake."""
    with suppress(Misconfigured):
        writer.act("es", "ack", {"note": "caf\udce9"})
    assert [row["note"] for row in rows(looking)] in ([], ["caf"])
    with pytest.raises(Misconfigured):
        writer.announce({"index_version": "v\udce9"})


def test_an_announced_deployment_is_listed(looking: Looking, writer: Writer) -> None:
    """In the form of those that are noticed, so that whoever reads them reads both."""
    told = writer.announce(DEPLOYED | {"by": "ci"})
    assert told == {
        "service": "help",
        "environment": "",
        "collection": "kb",
        "embedding_model": "",
        "index_version": "v9",
        "at": "2026-11-16T08:00:00Z",
        "new_model": False,
        "announced": True,
        "note": "re-embedded",
        "by": "ci",
    }
    assert told in looking.views.changes({"service": "help"})


def test_announced_twice_it_is_one(looking: Looking, writer: Writer) -> None:
    """A pipeline that runs again within the minute; another time is another deployment, and without one it is now."""
    before = len(looking.views.changes({}))
    for said in (DEPLOYED, DEPLOYED, DEPLOYED | {"time": "2026-11-16T08:00:30Z"}):
        writer.announce(said)
    assert len(looking.views.changes({})) == before + 1
    assert writer.announce({"index_version": "v9"})["at"] == msgspec.to_builtins(NOW)
    assert len(looking.views.changes({})) == before + 2


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "nothing that is deployed": ({"service": "help"}, "index_version: expected what is deployed"),
    "a time without its zone": (
        {"index_version": "v9", "time": "2026-11-16T08:00:00"},
        "time: Expected `datetime` with a timezone",
    ),
    "no time": ({"index_version": "v9", "time": "soon"}, "time: Invalid RFC3339 encoded datetime"),
    "a time that no store can hold": ({"index_version": "v9", "time": "2300-01-01T00:00:00Z"}, "time: expected a time between"),
    "a name with a line break": ({"index_version": "v9\nv8"}, "index_version: expected a name without line breaks"),
    "an unknown key": ({"index_version": "v9", "version": "v9"}, "Object contains unknown field `version`"),
    "a name that is too long": ({"index_version": "x" * 257}, "index_version: Expected `str` of length <= 256"),
}


@pytest.mark.parametrize(("said", "message"), WRONG.values(), ids=WRONG)
def test_a_wrong_announcement_is_told(looking: Looking, writer: Writer, said: dict[str, Any], message: str) -> None:
    """And not written."""
    before = looking.views.changes({})
    with pytest.raises(Misconfigured) as caught:
        writer.announce(said)
    assert str(caught.value).startswith(message)
    assert looking.views.changes({}) == before


def test_all_that_is_wrong_with_the_names_comes_at_once(writer: Writer) -> None:
    """Nobody has to try three times."""
    with pytest.raises(Misconfigured) as caught:
        writer.announce({"service": "a\tb", "collection": "c\x00", "time": "1969-01-01T00:00:00Z"})
    assert [mistake.key for mistake in caught.value.mistakes] == ["service", "collection", "index_version", "time"]


@pytest.mark.parametrize("said", [[], None, "ack", 7])
def test_a_body_that_is_no_object_is_told(looking: Looking, said: Any) -> None:
    """As any other mistake."""
    for write in (lambda: looking.writer.announce(said), lambda: looking.writer.act("es", "ack", said)):
        _refuses(write)


def _refuses(write: Callable[[], object]) -> None:
    with pytest.raises(Misconfigured, match="Expected `object`"):
        write()


def test_an_agent_that_is_gone_is_unreachable() -> None:
    """Nothing was written, and the command says so."""
    with pytest.raises(Unreachable, match="does not answer: ConnectError"):
        RemoteWriter(Remote(f"http://127.0.0.1:{free_port()}", "")).act("es", "ack", {})


def test_an_agent_that_knows_no_such_path_is_not_taken_for_a_mistake(looking: Looking) -> None:
    """One of an earlier version answers 404 without a reason."""
    app = build(looking.views, looking.writer, Health(NOW), looking.clock, None)
    with (
        closing(listen("127.0.0.1", 0)) as listener,
        WebServer(app, listener) as server,
        pytest.raises(Unreachable, match="answers 404"),
    ):
        Remote(server.url, "").post("/golden", {})
