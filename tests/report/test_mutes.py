"""Mutes as people type them, beside those of a file: said, listed, removed, the same through the agent; who is silent is shown."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from rich.console import Console

from agent.errors import Misconfigured, NotFound
from agent.notify.mute import Mute, Window
from agent.report import mute_table, terminal
from agent.report.mutes import mutes_since, row_of
from agent.report.remote import Remote
from agent.report.views import RemoteViews, StoreViews, Views
from agent.report.writer import RemoteWriter, StoreWriter, Writer
from agent.runtime.health import Health
from agent.web.api import build
from agent.web.server import WebServer, listen
from tests.report.builders import QUALITY, SPANISH, Looking
from tests.runtime.rig import NOW

HOUR = timedelta(hours=1)
KNOWN = Mute(id="f11e", match={"language": ("es",)}, reason="known low", author="ana", source="file")
SAID = {"match": {"language": "es"}, "for": "4h", "reason": "we look", "by": "ana"}


class Both(Looking):
    """A store beside a file of one mute, and rules that give the label `team`."""

    def __init__(self) -> None:
        super().__init__()
        self.of_file: list[Mute] = []
        self.views = StoreViews(self.windows, self.journal, lambda: QUALITY, self.clock, lambda: self.of_file)
        self.writer = StoreWriter(self.journal, self.clock, lambda: self.of_file, lambda: {"team"})


def plain(shown: Any) -> Any:
    """As a reader of the JSON has it."""
    return json.loads(json.dumps(shown))


@pytest.fixture
def looking() -> Both:
    """A store with open incidents in Spanish and Korean."""
    return Both()


@pytest.fixture(params=["store", "agent"])
def ends(looking: Both, request: pytest.FixtureRequest) -> Iterator[tuple[Writer, Views]]:
    """Both ways to write and to read."""
    if request.param == "store":
        yield looking.writer, looking.views
        return
    app = build(looking.views, looking.writer, Health(NOW), looking.clock, frozenset({"a-token"}))
    listener = listen("127.0.0.1", 0)
    with listener, WebServer(app, listener) as server:
        remote = Remote(server.url, "a-token")
        yield RemoteWriter(remote), RemoteViews(remote)


@pytest.fixture
def writer(ends: tuple[Writer, Views]) -> Writer:
    """The one that writes."""
    return ends[0]


@pytest.fixture
def views(ends: tuple[Writer, Views]) -> Views:
    """The one that reads."""
    return ends[1]


def test_a_mute_is_shown_as_it_was_said(writer: Writer, views: Views) -> None:
    """From now on, with who and why; the list has the very same row."""
    told = plain(writer.mute(SAID))
    assert told == {
        "id": told["id"],
        "match": {"language": ["es"]},
        "reason": "we look",
        "author": "ana",
        "created_at": "2026-11-16T08:30:00Z",
        "starts_at": "2026-11-16T08:30:00Z",
        "ends_at": "2026-11-16T12:30:00Z",
        "windows": [],
        "source": "command",
        "removed_at": None,
        "active": True,
        "state": "active",
    }
    assert plain(views.mutes({})) == [told]


def test_said_twice_it_is_one(looking: Both, writer: Writer, views: Views) -> None:
    """A command that is tried again within the minute; a minute later it is another, longer one."""
    first = writer.mute(SAID)
    looking.clock.advance(timedelta(seconds=20))
    assert writer.mute(SAID)["id"] == first["id"]
    looking.clock.advance(timedelta(seconds=60))
    assert writer.mute(SAID)["id"] != first["id"]
    assert len(views.mutes({})) == 2


def test_what_is_muted_stays_visible(looking: Both, writer: Writer, views: Views) -> None:
    """Its state is what it was; until when, by which mute and why is joined when it is read, also to the answer of an `ack`."""
    told = writer.mute(SAID)
    by = {"id": told["id"], "reason": "we look"}
    spanish, korean = views.alerts({"language": "es"})[0], views.alerts({"language": "ko"})[0]
    assert (spanish["state"], spanish["muted_until"], spanish["muted_by"]) == ("firing", "2026-11-16T12:30:00Z", by)
    assert (korean["muted_until"], korean["muted_by"]) == (None, None)
    assert writer.act("es", "ack", {})["muted_by"] == by
    assert all(row["muted_by"] is None for row in views.alerts({"all": "true"}) if row["state"] == "resolved")
    looking.clock.advance(4 * HOUR)
    assert [row["muted_by"] for row in views.alerts({"language": "es"})] == [None]
    assert all(entry.body["muted_by"] is None for entry in looking.journal.read("transition"))


def test_a_mute_of_the_file_counts_too(looking: Both, views: Views, writer: Writer) -> None:
    """It stands first in the list, has no end, and only the file can take it away."""
    looking.of_file = [KNOWN]
    writer.mute(SAID)
    assert [row["source"] for row in views.mutes({})] == ["file", "command"]
    [spanish] = views.alerts({"language": "es"})
    assert (spanish["muted_until"], spanish["muted_by"]) == (None, {"id": "f11e", "reason": "known low"})
    with pytest.raises(Misconfigured, match=r"f11e: stands in the file of notify\.mutes: take it out there"):
        writer.unmute("f1")


def test_a_mute_is_removed_and_kept(looking: Both, writer: Writer, views: Views) -> None:
    """By its first letters; once or twice; `all` still has it, with the time."""
    told = writer.mute(SAID)
    looking.clock.advance(HOUR)
    gone = writer.unmute(told["id"][:6])
    assert gone == {**told, "removed_at": "2026-11-16T09:30:00Z", "active": False, "state": "removed"}
    looking.clock.advance(HOUR)
    assert writer.unmute(told["id"]) == gone
    assert (views.mutes({}), views.mutes({"all": "true"})) == ([], [gone])
    assert [row["muted_by"] for row in views.alerts({"language": "es"})] == [None]


def test_one_that_counts_is_meant_before_one_that_is_over(looking: Both, writer: Writer) -> None:
    """An old one does not make the first letters of a new one ambiguous; two that count do."""
    looking.of_file = [KNOWN, msgspec.structs.replace(KNOWN, id="f11f", ends_at=NOW)]
    with pytest.raises(Misconfigured, match="stands in the file"):
        writer.unmute("f11")
    looking.of_file = [KNOWN, msgspec.structs.replace(KNOWN, id="f11f")]
    with pytest.raises(Misconfigured, match="f11: several ids begin so: f11e, f11f"):
        writer.unmute("f11")


@pytest.mark.parametrize("name", ["zz", "", "a/b", "..", "%2e%2e", "e?s", "한"])
def test_an_unknown_id_is_not_found(writer: Writer, name: str) -> None:
    """Whatever it would mean in a path."""
    with pytest.raises(NotFound, match="no mute has this id"):
        writer.unmute(name)


def test_a_mute_may_begin_later(looking: Both, writer: Writer, views: Views) -> None:
    """It waits until then; `mutes_since` knows it already, so that a running agent has it in time."""
    told = writer.mute({**SAID, "from": "2026-11-16T10:30:00+01:00"})
    assert (told["active"], told["starts_at"], told["ends_at"]) == (False, "2026-11-16T09:30:00Z", "2026-11-16T13:30:00Z")
    assert [mute.id for mute in mutes_since(looking.journal, NOW)] == [told["id"]]
    looking.clock.advance(HOUR)
    assert [row["active"] for row in views.mutes({})] == [True]


def test_a_running_agent_reads_what_counts(looking: Both, writer: Writer) -> None:
    """Neither what is over nor what was removed."""
    told, other = writer.mute(SAID), writer.mute({**SAID, "for": "1h"})
    assert {mute.id for mute in mutes_since(looking.journal, NOW)} == {told["id"], other["id"]}
    assert [mute.id for mute in mutes_since(looking.journal, NOW + HOUR)] == [told["id"]]
    writer.unmute(told["id"])
    assert [mute.id for mute in mutes_since(looking.journal, NOW)] == [other["id"]]


@pytest.mark.parametrize(
    ("said", "match"),
    [
        ({"match": {"language": ["lo", "ko", "lo"], "class": "level"}}, {"language": ["lo", "ko"], "class": ["level"]}),
        ({"match": {"team": "search"}}, {"team": ["search"]}),
        ({"match": {"environment": ""}}, {"environment": [""]}),
        ({"match": {}, "everything": True}, {}),
    ],
)
def test_labels_are_one_text_or_several(writer: Writer, said: dict[str, Any], match: dict[str, list[str]]) -> None:
    """Also those that rules give; all incidents only where somebody says so."""
    assert plain(writer.mute({**SAID, **said}))["match"] == match


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no labels": ({"match": {}}, "everything: expected at least one label such as language, or else everything, and not both"),
    "labels and everything": ({"everything": True}, "everything: expected at least one label such as language"),
    "an unknown label": ({"match": {"langauge": "es"}}, "langauge: expected one of language, service, environment, "),
    "an unknown class": ({"match": {"class": "levle"}}, "class: expected one of change, level, volume, monitor, found 'levle'"),
    "no values": ({"match": {"language": []}}, "language: expected one to 100 values"),
    "no end": ({"for": None}, "for: expected how long (for, such as 4h) or until when (until), one of them"),
    "two ends": ({"until": "2026-11-17T00:00:00Z"}, "for: expected how long (for, such as 4h) or until when (until), one of them"),
    "no duration": ({"for": "soon"}, "for: expected a duration such as 30s, 5m, 1h30m or 14d"),
    "no time at all": ({"for": "0s"}, "for: expected a duration longer than zero and at most 90d; what is to stay silent"),
    "too long": ({"for": "91d"}, "for: expected a duration longer than zero and at most 90d; what is to stay silent for longer"),
    "an end in the past": (
        {"for": None, "until": "2026-11-16T08:00:00Z"},
        "until: expected a time after the beginning and at most",
    ),
    "an end that is far": (
        {"for": None, "until": "2027-11-16T08:00:00Z"},
        "until: expected a time after the beginning and at most",
    ),
    "over before now": ({"from": "2026-11-16T01:00:00Z", "for": "1h"}, "from: expected a time to come, at most 90d ahead"),
    "a beginning that is far": ({"from": "2027-11-16T01:00:00Z"}, "from: expected a time to come, at most 90d ahead"),
    "no reason": ({"reason": "\u202e \x00"}, "reason: expected why, for whoever wonders at the silence"),
    "an unknown key": ({"forever": True}, "Object contains unknown field `forever`"),
    "a time without its zone": ({"for": None, "until": "2026-11-17T00:00:00"}, "until: Expected `datetime` with a timezone"),
}


@pytest.mark.parametrize(("said", "message"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_muted_is_told(looking: Both, writer: Writer, said: dict[str, Any], message: str) -> None:
    """In a sentence, the same both ways; nothing is written."""
    with pytest.raises(Misconfigured) as caught:
        writer.mute({key: value for key, value in {**SAID, **said}.items() if value is not None})
    assert str(caught.value).startswith(message)
    assert looking.journal.read("mute") == []


def test_all_that_is_wrong_comes_at_once(writer: Writer) -> None:
    """Nobody has to try three times."""
    with pytest.raises(Misconfigured) as caught:
        writer.mute({"match": {"class": "x"}, "by": "ana"})
    assert [mistake.key for mistake in caught.value.mistakes] == ["class", "for", "reason"]


def test_words_of_a_list_are_known(views: Views) -> None:
    """A filter that does nothing would be believed."""
    with pytest.raises(Misconfigured, match="language: unknown, expected one of all"):
        views.mutes({"language": "es"})


def shown(renderable: Any) -> str:
    """What a terminal of 200 columns shows, with single spaces."""
    console = Console(width=200, force_terminal=False, record=True, file=None)
    with console.capture() as capture:
        console.print(renderable)
    return "\n".join(" ".join(line.split()) for line in capture.get().splitlines())


def test_the_table_says_what_is_silent_when_and_why() -> None:
    """Texts of people do nothing to a terminal."""
    windows = (Window("Europe/Berlin", ("mon", "tue")),)
    typed = Mute(
        id="a1", match={"language": ("es", "ko"), "service": ("a\x1bb",)}, reason="[bold]x", starts_at=NOW, ends_at=NOW + HOUR
    )
    waits = msgspec.structs.replace(typed, match={}, author="an\na", starts_at=NOW + HOUR / 2)
    gone = msgspec.structs.replace(typed, removed_at=NOW)
    rows = [row_of(one, NOW) for one in (msgspec.structs.replace(KNOWN, windows=windows), typed, waits, gone)]
    table = shown(mute_table.mutes(rows))
    assert "f11e active language=es without an end; mon,tue 00:00-24:00 Europe/Berlin known low (ana) · file" in table
    assert "a1 active language=es,ko service=ab until 2026-11-16 09:30 [bold]x" in table
    assert "a1 waiting everything from 2026-11-16 09:00 until 2026-11-16 09:30 [bold]x (an a)" in table
    assert "until 2026-11-16 09:30, removed 2026-11-16 08:30" in table


def test_an_alert_says_that_it_is_muted(looking: Both) -> None:
    """Until when, or without an end; by which mute, and why."""
    looking.writer.mute(SAID)
    told = shown(terminal.alerts(looking.views.alerts({"language": "es"})))
    assert f"muted until 2026-11-16 12:30 ({looking.views.mutes({})[0]['id']}): we look" in told
    looking.of_file = [KNOWN]
    assert "muted (f11e): known low" in shown(terminal.alerts(looking.views.alerts({"language": "es"})))
    assert "muted" not in shown(terminal.alerts([msgspec.to_builtins(SPANISH)]))
