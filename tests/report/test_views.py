"""What a reader sees: the same from the store and from the agent that holds it."""

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import msgspec
import pytest

from agent.alerting.loss import OPEN_FOR, Loss
from agent.errors import Misconfigured, RetryLater, Stop, Unreachable
from agent.report.remote import API, Remote
from agent.report.views import RemoteViews, Views, Words, incidents
from agent.runtime.health import Health
from agent.store.base import Entry
from agent.web.api import build
from agent.web.server import WebServer, listen
from tests.notify.examples import KOREAN, incident
from tests.report.builders import GREEK, OVER, SPANISH, Looking, transition
from tests.runtime.rig import NOW
from tests.store.builders import at
from tests.support.broker import free_port


@pytest.fixture
def looking() -> Looking:
    """A store with something in it."""
    return Looking()


def languages(views: Views, **words: str) -> dict[str, int]:
    """Events by language."""
    return {row["language"]: row["events"] for row in views.languages(given(words))}


def given(words: dict[str, str]) -> Words:
    """The words of a reader; `from_` is `from`."""
    return {key.rstrip("_"): value for key, value in words.items()}


def test_an_empty_store_has_empty_tables() -> None:
    """No mistake and no error."""
    views = Looking(empty=True).views
    assert (views.languages({}), views.pairs({}), views.alerts({}), views.changes({})) == ([], [], [], [])


def test_mistakes_are_told_of_an_empty_store_too() -> None:
    """Whether there is anything to show or not."""
    with pytest.raises(Misconfigured):
        Looking(empty=True).views.languages({"by": "model"})


def test_the_table_is_that_of_the_newest_week(looking: Looking) -> None:
    """What is a month old is shown when it is asked for."""
    assert languages(looking.views) == {"el": 9, "ko": 6}
    assert languages(looking.views, from_="2026-01-01") == {"de": 50, "el": 9, "ko": 6}
    assert languages(looking.views, to="2026-10-18") == {"de": 50}


def test_filters_select(looking: Looking) -> None:
    """One or several of them."""
    assert languages(looking.views, service="shop") == {"el": 9}
    assert languages(looking.views, service="shop", language="ko") == {}
    assert languages(looking.views, language="ko", environment="prod", collection="kb") == {"ko": 6}


def test_figures_are_those_of_the_configuration(looking: Looking) -> None:
    """The threshold is the reader's, so a changed one re-reads history."""
    (row,) = looking.views.languages({"language": "ko"})
    assert (row["hit_rate"], row["hit_threshold"], row["similarity_mean"]) == (pytest.approx(2 / 6), 0.35, pytest.approx(0.4))
    assert "embedding_model" not in row


def test_a_table_can_be_split(looking: Looking) -> None:
    """By version it has both columns of one, and a row for each."""
    rows = looking.views.languages({"language": "ko", "by": "version"})
    assert [(row["embedding_model"], row["index_version"], row["events"]) for row in rows] == [("mini", "v1", 3), ("mini", "v2", 3)]


def test_pairs_have_the_language_of_the_documents(looking: Looking) -> None:
    """The same table by both languages."""
    rows = looking.views.pairs({})
    assert [(row["language"], row["document_language"], row["events"]) for row in rows] == [("ko", "en", 4), ("ko", "ko", 2)]


def test_a_language_with_an_incident_has_its_state(looking: Looking) -> None:
    """Firing as long as it fires; what is over is well again."""
    assert {row["language"]: row["state"] for row in looking.views.languages({})} == {"el": "ok", "ko": "firing"}


def test_open_incidents_come_newest_first(looking: Looking) -> None:
    """Those that are over only when all are asked for."""
    assert [row["language"] for row in looking.views.alerts({})] == ["es", "ko"]
    assert [row["language"] for row in looking.views.alerts({"all": "true"})] == ["el", "es", "ko"]


@pytest.mark.parametrize("no", ["", "0", "false"])
def test_all_can_be_said_no_to(looking: Looking, no: str) -> None:
    """`?all=false` is not all."""
    assert len(looking.views.alerts({"all": no})) == 2


def test_incidents_can_be_filtered(looking: Looking) -> None:
    """By what they are about."""
    assert [row["language"] for row in looking.views.alerts({"all": "true", "service": "shop"})] == ["el"]
    assert looking.views.alerts({"language": "el"}) == []


def test_an_incident_is_the_json_of_the_contract(looking: Looking) -> None:
    """`class` is its key, and times are RFC 3339 in UTC."""
    (row,) = looking.views.alerts({"language": "ko"})
    assert (row["class"], row["state"], row["fingerprint"]) == ("change", "firing", "9f2c41d0")
    assert row["began_at"] == "2026-11-16T08:14:00Z"
    fixed = """fingerprint class state severity cause confirmed language service environment began_at pending_since fired_at
        resolved_at rule metric current baseline drop ci95 z scale_minutes n n_baseline embedding_model index_version evidence
        exemplars links summary"""
    assert set(fixed.split()) <= row.keys()


def test_lost_records_are_an_alert(looking: Looking) -> None:
    """Open for a week, and kept for ever; they change the state of no language, and are nobody's service."""
    loss = Loss("id/0", "logs", 0, 3, 7, at(0))
    looking.journal.write([Entry("lost", "id/0@3", at(0), msgspec.to_builtins(loss))])
    states = [row["state"] for row in looking.views.languages({})]
    *others, row = looking.views.alerts({})
    assert (row["class"], row["state"], row["summary"][:15]) == ("monitor", "firing", "Up to 4 records")
    assert len(others) == 2
    assert [row["state"] for row in looking.views.languages({})] == states
    looking.clock.advance(OPEN_FOR)
    assert len(looking.views.alerts({})) == 2
    assert looking.views.alerts({"all": "true"})[-1]["class"] == "monitor"


def test_losses_stand_among_the_other_alerts(looking: Looking) -> None:
    """By when they were noticed, not before everything that came later."""
    old = Loss("id/0", "logs", 0, 3, 7, at(-60 * 24))
    looking.journal.write([Entry("lost", "id/0@3", at(-60 * 24), msgspec.to_builtins(old))])
    assert [row["class"] for row in looking.views.alerts({})] == ["change", "change", "monitor"]


def test_each_incident_is_shown_in_its_newest_state(looking: Looking) -> None:
    """One row an incident, whatever number of transitions it had; the same language may have had several."""
    again = incident(pending_since=at(60), began_at=at(60))
    looking.journal.write([transition(again, 64)])
    assert incidents(looking.journal) == [KOREAN, SPANISH, OVER, again]
    assert GREEK not in incidents(looking.journal)


def test_changes_come_oldest_first(looking: Looking) -> None:
    """And are filtered by where they were."""
    assert [row["index_version"] for row in looking.views.changes({})] == ["v1", "v2", "s7"]
    assert [row["index_version"] for row in looking.views.changes({"service": "shop"})] == ["s7"]


@pytest.mark.parametrize("view", ["languages", "pairs", "alerts", "changes"])
def test_an_unknown_word_is_a_mistake_everywhere(looking: Looking, view: str) -> None:
    """A misspelt filter that filters nothing would show the wrong rows."""
    with pytest.raises(Misconfigured, match=r"^servcie: unknown, expected one of .*service"):
        getattr(looking.views, view)({"servcie": "help"})


# --- the same through the agent that holds the store


@pytest.fixture
def remote(looking: Looking) -> Iterator[RemoteViews]:
    """Views of the same store through a real server that wants a token."""
    app = build(looking.views, looking.writer, Health(NOW), looking.clock, frozenset({"a-token", "another"}))
    with closing(listen("127.0.0.1", 0)) as listener, WebServer(app, listener) as server:
        yield RemoteViews(Remote(server.url, "a-token"))


QUESTIONS: list[tuple[str, dict[str, str]]] = [
    ("languages", {}),
    ("languages", {"from": "2026-01-01", "to": "now", "by": "version"}),
    ("languages", {"language": "한국어 & co", "service": "help"}),
    ("pairs", {"by": "collection"}),
    ("alerts", {}),
    ("alerts", {"all": "true", "service": "shop"}),
    ("changes", {"environment": "prod"}),
    ("report", {"week": "2026-W47", "format": "json"}),
    ("report", {"from": "2026-11-10", "service": "help", "format": "html"}),
]


@pytest.mark.parametrize(("view", "words"), QUESTIONS)
def test_both_ways_give_the_same_json(looking: Looking, remote: RemoteViews, view: str, words: dict[str, str]) -> None:
    """A command prints the same, whether it opens the store or asks its holder."""
    here, there = (getattr(views, view)(words) for views in (looking.views, remote))
    assert json.dumps(there) == json.dumps(here)


def test_both_ways_tell_the_same_mistakes(looking: Looking, remote: RemoteViews) -> None:
    """All of them, and not only that there is one."""
    told = []
    for views in (looking.views, remote):
        with pytest.raises(Misconfigured) as caught:
            views.languages({"from": "yesterday", "by": "model"})
        told.append(caught.value.mistakes)
    assert told[0] == told[1]
    assert len(told[0]) == 2


def test_an_agent_without_a_token_is_asked_without_one(looking: Looking) -> None:
    """The demo has none; an empty one would be no valid request."""
    with (
        closing(listen("127.0.0.1", 0)) as listener,
        WebServer(build(looking.views, looking.writer, Health(NOW), looking.clock, None), listener) as server,
    ):
        assert len(RemoteViews(Remote(server.url, "")).changes({})) == 3


def test_a_wrong_token_is_not_an_empty_table(remote: RemoteViews) -> None:
    """The holder refuses, and the command says so."""
    with pytest.raises(Unreachable, match="answers 401"):
        RemoteViews(Remote(remote._remote._base.removesuffix(API), "wrong")).changes({})


def test_an_agent_that_is_gone_is_unreachable() -> None:
    """A sentence, and exit status 3."""
    with pytest.raises(Unreachable, match="the agent that holds the store does not answer: ConnectError"):
        RemoteViews(Remote(f"http://127.0.0.1:{free_port()}", "a-token")).languages({})


class Broken(Looking):
    """A store that fails."""

    def __init__(self, error: Exception) -> None:
        super().__init__()

        def fail(*_: Any) -> Any:
            raise error

        self.windows.span = fail  # type: ignore[method-assign]  # the store is away


@pytest.mark.parametrize("error", [RetryLater("away"), Unreachable("gone"), Stop("wrong schema")])
def test_an_agent_whose_store_is_away_says_so(error: Exception) -> None:
    """Its answer is not taken for an empty table."""
    looking = Broken(error)
    app = build(looking.views, looking.writer, Health(NOW), looking.clock, None)
    with (
        closing(listen("127.0.0.1", 0)) as listener,
        WebServer(app, listener) as server,
        pytest.raises(Unreachable, match="answers 503"),
    ):
        RemoteViews(Remote(server.url, "")).languages({})


def test_a_proxy_in_the_environment_is_not_asked(remote: RemoteViews, monkeypatch: pytest.MonkeyPatch) -> None:
    """The holder is on this machine, and the token is for it alone."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    assert len(remote.changes({})) == 3
