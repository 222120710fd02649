"""What a message says, and that no string from a log gets into it as it came."""

import logging
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from msgspec.structs import replace

from agent.alerting.incident import Evidence
from agent.alerting.triage.advice import ADVICE
from agent.notify.base import Kind, Message, Thread
from agent.notify.dedup import Reason
from agent.notify.notification import Notification
from agent.notify.page import Places
from agent.notify.posting import Moment, deployment
from agent.notify.render import LONGEST_TITLE, TEMPLATES, Renderer
from agent.notify.text import LONGEST_VALUE
from tests.notify.examples import CHANGE, KOREAN, NOW, incident, monitor, notification, of, rendered, resolved, said

RTL = "\u202eevil\u2066\u200f"
HOSTILE = f"<!channel> {{{{7*7}}}} <script>alert(1)</script> {RTL}\x1b[31m\r\nforged line {{% raw %}} `$(reboot)` '"
KINDS: tuple[Kind, ...] = tuple(TEMPLATES)
MUTE = """Mute: babelwatch mute add --service help --environment prod --class change --language ko --for 4h --reason "…\""""


def of_kind(kind: Kind, **changes: Any) -> Notification:
    """A notification of this kind, with these values in all that is told."""
    if kind == "deployment":
        told = {name: changes.get(name, "x") or "" for name in msgspec.to_builtins(CHANGE) if name not in {"at", "new_model"}}
        return deployment("chat", replace(CHANGE, at=NOW, **told), Moment(NOW, NOW))
    state = "resolved" if kind == "resolved" else "firing"
    others = [incident(**{"language": f"l{number}", **changes, "state": state, "fingerprint": f"f{number}"}) for number in range(2)]
    reason = {"update": Reason.ESCALATED, "reminder": Reason.REPEAT_DUE, "resolved": Reason.RESOLVED}.get(kind, Reason.FIRST)
    several = others if kind == "update" else []
    return notification(incident(**{**changes, "state": state}), *several, kind=kind, reason=reason)


def slack_like(text: str) -> str:
    """Angle brackets are what does harm there."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def message_of(note: Notification, renderer: Renderer | None = None) -> Message:
    """As a channel gets it in which angle brackets do harm."""
    return (renderer or Renderer()).message(note, Thread(note.thread, note.key), note.incidents, slack_like)


def test_a_firing_message_says_all_that_is_known() -> None:
    """The number in the title; summary first, then what to do, evidence, examples, and how to silence it."""
    message = rendered(notification(), Renderer(places=Places("https://babelwatch.example/")))
    assert message.title == "Warning: −7.4 points of hit rate in Korean (ko) · help · prod"
    assert message.text.split("\n\n") == [
        KOREAN.summary,
        "What to do: Compare index version v42 with the one before it, or roll it back.",
        "Evidence:\n• drop, hit rate: −7.4 points (z 5.1)\n• drop, mean best score: −3.1 points",
        "Examples:\n• evt-1\n• evt-2",
        f"Explain: babelwatch alerts explain 9f2c41d0\n{MUTE}",
    ]
    assert dict(message.fields)["Since"] == "2026-11-16 08:14 UTC"
    assert dict(message.links)["Alert"] == "https://babelwatch.example/alerts/9f2c41d0"
    assert (message.id, message.kind, message.at, message.begins) == ("n1", "firing", NOW, True)
    assert (message.incidents, message.standing) == ((KOREAN,), (KOREAN,))


def test_a_resolved_message_says_since_when_and_until_when() -> None:
    """Without advice, evidence, or a way to silence what is over."""
    message = rendered(of_kind("resolved", resolved_at=NOW))
    assert message.title == "Resolved: hit rate in Korean (ko) · help · prod"
    assert message.text == f"{KOREAN.summary}\n\nExplain: babelwatch alerts explain 9f2c41d0"
    assert dict(message.fields)["Resolved"] == "2026-11-16 08:30 UTC (after 16 min)"


def test_a_reminder_says_how_to_end_it() -> None:
    """With the command that acknowledges it."""
    message = rendered(of_kind("reminder"))
    assert message.title.startswith("Still warning: −7.4 points")
    assert "nobody has acknowledged it: babelwatch alerts ack 9f2c41d0" in message.text


def test_an_update_says_how_much_still_fires() -> None:
    """Where something is over, of all that the thread is about."""
    note = notification(resolved(), kind="update", reason=Reason.RESOLVED)
    message = Renderer().message(note, Thread("n0", "k"), (resolved(), of("ja"), of("de")), str)
    assert message.text.startswith("2 of 3 still fire.")
    assert not message.begins
    assert "still fire" not in rendered(of_kind("update")).text


def test_several_are_listed() -> None:
    """Each with its number, what is over as such, and the summary of the loudest."""
    message = rendered(notification(KOREAN, of("ja", state="resolved")))
    assert message.text.startswith(
        "• −7.4 points of hit rate in Korean (ko) · help · prod\n• over: hit rate in Japanese (ja) · help · prod\n"
    )
    assert KOREAN.summary in message.text


def test_two_hundred_incidents_are_one_readable_message() -> None:
    """Twenty by name, and where the others are."""
    message = rendered(notification(*(of(f"l{number}") for number in range(200))))
    assert message.title == "Warning: 200 languages: retrieval got worse, most in l0, −7.4 points · help · prod"
    assert message.text.count("•") == 21
    assert "• and 180 more: babelwatch alerts" in message.text
    assert len(message.text) < 5000


def test_what_is_late_says_so() -> None:
    """Of one and of several."""
    for told in ([KOREAN], [KOREAN, of("ja")]):
        text = rendered(notification(*told, late_since=NOW - timedelta(hours=1))).text
        assert "\n\nDelayed: this receiver could not be reached since 2026-11-16 07:30 UTC." in f"\n\n{text}"


def test_a_deployment_says_what_and_where() -> None:
    """The version in the title, the place in the facts."""
    message = rendered(deployment("chat", CHANGE, Moment(NOW, NOW)))
    assert message.title.startswith("Deployed: ")
    assert "v42" in message.title
    assert message.text == "First seen in the traffic at 2026-11-16 08:00 UTC."
    assert dict(message.fields) == {"Service": "help", "Environment": "prod", "Collection": "kb"}
    assert (message.change, message.incidents) == (CHANGE, ())


def test_a_test_says_that_it_is_one() -> None:
    """Nobody gets up for it."""
    message = rendered(of_kind("test"))
    assert message.title == "Test: nothing is wrong"
    assert KOREAN.summary in message.text
    assert ("What to do" in message.text, message.links) == (False, ())


BARE: dict[str, Any] = dict.fromkeys(
    ("began_at", "fired_at", "rule", "metric", "drop", "embedding_model", "index_version", "resolved_at", "ci95", "z")
) | {"evidence": (), "exemplars": (), "links": {}, "environment": "", "cause": "unknown"}


@pytest.mark.parametrize("kind", KINDS)
def test_only_parts_that_exist_are_said(kind: Kind) -> None:
    """Nothing is printed as None, no heading stands over nothing, and no paragraph is empty."""
    message = rendered(of_kind(kind, **BARE))
    assert "None" not in said(message)
    assert "\n\n\n" not in message.text
    assert not {"Evidence:", "Examples:"} & {*message.text.splitlines()}


def test_bare_means_bare() -> None:
    """Summary, advice and mute are what is left."""
    message = rendered(notification(incident(**BARE)))
    assert message.text.split("\n\n")[:2] == [KOREAN.summary, f"What to do: {ADVICE['unknown']}"]
    assert [label for label, _ in message.fields] == ["Severity", "Signal", "Language", "Service"]
    assert message.links == ()


NAMES = (
    "service",
    "environment",
    "language",
    "index_version",
    "embedding_model",
    "collection",
    "rule",
    "metric",
    "summary",
    "advice",
)
EVIL: dict[str, Any] = {
    **dict.fromkeys(NAMES, HOSTILE),
    "exemplars": (HOSTILE,),
    "evidence": (Evidence(HOSTILE, HOSTILE, 0.1, language=HOSTILE),),
    "links": {HOSTILE: f"https://x.example/{HOSTILE}"},
    "labels": {HOSTILE: HOSTILE},
    "annotations": {HOSTILE: HOSTILE},
}


@pytest.mark.parametrize("kind", KINDS)
def test_hostile_strings_stay_text(kind: Kind) -> None:
    """Template syntax is not read, marks of direction and control characters are gone, lines cannot be forged, nobody is pinged."""
    text = said(message_of(of_kind(kind, **EVIL), Renderer(places=Places("https://b.example", "https://t.example/{trace_id}"))))
    assert "{{7*7}}" in text
    assert "49" not in text
    assert "<" not in text
    assert "&lt;!channel&gt;" in text
    assert not any(mark in text for mark in [*RTL.replace("evil", ""), "\x1b", "\r", "\nforged"])


@pytest.mark.parametrize("kind", KINDS)
def test_huge_ids_are_shortened(kind: Kind) -> None:
    """A name of 10,000 characters takes one short line."""
    huge = dict.fromkeys(NAMES[:8], "y" * 10_000) | {"exemplars": ("x" * 10_000,)}
    message = rendered(of_kind(kind, **huge))
    assert "y" * LONGEST_VALUE not in said(message)
    assert "x" * LONGEST_VALUE not in said(message)
    assert len(message.title) <= LONGEST_TITLE


@pytest.mark.parametrize("kind", KINDS)
def test_letters_and_joiners_of_any_script_survive(kind: Kind) -> None:
    """Joiners and letters of right-to-left scripts are text, not marks."""
    name = "کتاب\u200cخانه"
    assert name in said(rendered(of_kind(kind, service=name)))


def test_an_operators_template_is_taken(tmp_path: Path) -> None:
    """A file of the same name in the folder wins; the other ones stay the bundled ones."""
    (tmp_path / "firing.txt.j2").write_text("Oh no: {{ incident.language }}\nsince {{ incident.began_at | when }}", "utf-8")
    renderer = Renderer(folder=tmp_path)
    message = rendered(notification(), renderer)
    assert (message.title, message.text) == ("Oh no: ko", "since 2026-11-16 08:14 UTC")
    assert rendered(of_kind("resolved"), renderer).title.startswith("Resolved:")


BROKEN = {
    "syntax": b"{% if %}",
    "unknown name": b"{{ incident.langage }}",
    "division": b"title {{ 1 / 0 }}",
    "unsafe": b"{{ incident.__class__.__mro__ }}{{ change.__class__.__mro__ }}",
    "changes what it is given": b"{{ incident.update({'summary': ''}) }}",
    "not text": b"\xff\xfe\xfa",
    "empty": b"  \n \n",
    "another file": b"{% include 'nowhere.j2' %}",
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("source", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_template_still_sends_a_plain_message(
    source: bytes, kind: Kind, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The summary goes out with a sentence on what is broken, and the log has an error."""
    (tmp_path / TEMPLATES[kind]).write_bytes(source)
    with caplog.at_level(logging.ERROR):
        message = rendered(of_kind(kind), Renderer(folder=tmp_path))
    assert f"The template {TEMPLATES[kind]} " in message.text
    assert message.title.split(" · ")[0] == rendered(of_kind(kind)).title.split(" · ")[0].removesuffix(" in x")
    assert message.text.startswith(KOREAN.summary) or kind == "deployment"
    assert dict(message.fields)["Service"]
    assert TEMPLATES[kind] in caplog.text


def test_what_a_broken_template_says_is_escaped(tmp_path: Path) -> None:
    """An error may quote the incident, so its text is escaped too."""
    (tmp_path / "firing.txt.j2").write_text("{{ incident['<!channel>'] }}", "utf-8")
    assert "<" not in message_of(notification(), Renderer(folder=tmp_path)).text


def test_every_kind_has_a_template() -> None:
    """A kind without one would break its message; a report is words already."""
    assert {*TEMPLATES, "report"} == set(get_args(Kind))


def test_what_the_agent_says_of_itself_has_no_language_and_no_signal() -> None:
    """And no command that would silence it."""
    message = rendered(notification(monitor(service="", environment="")))
    assert not {"Signal", "Language"} & {*dict(message.fields)}
    assert "Mute:" not in message.text
