"""What a message says, and that no string from a log gets into it as it came."""

import logging
from pathlib import Path
from typing import get_args

import pytest

from agent.alerting.incident import Cause, Confirmed, Evidence, IncidentClass
from agent.alerting.triage.advice import ADVICE
from agent.notify import words
from agent.notify.base import Message
from agent.notify.render import Renderer, safe_view
from agent.notify.text import LONGEST_VALUE
from tests.notify.examples import KOREAN, incident, resolved

RTL = "\u202eevil\u2066\u200f"
HOSTILE = f"<!channel> {{{{7*7}}}} <script>alert(1)</script> {RTL}\x1b[31m\r\nforged line {{% raw %}}"
MARKED = str.upper  # an escape that shows on every string it touched


def plain(text: str) -> str:
    """An escape that changes nothing."""
    return text


def rendered(message: Message) -> str:
    """Everything a message says."""
    return "\n".join([message.title, message.text, *map(str, message.fields), *map(str, message.links)])


def test_a_firing_message_says_all_that_is_known() -> None:
    """Summary first, then what to do, evidence and examples; facts and links beside them."""
    message = Renderer(external_url="https://babelwatch.example/").render(KOREAN, plain)
    assert message.title == "Warning: retrieval got worse in Korean (ko) · help · prod"
    assert message.text.split("\n\n") == [
        KOREAN.summary,
        "What to do: Compare index version v42 with the one before it, or roll it back.",
        "Evidence:\n• drop, hit_rate: −7.4 points (z 5.1)\n• drop, similarity_mean: −3.1 points",
        "Examples:\n• evt-1\n• evt-2",
    ]
    assert dict(message.fields) == {
        "Severity": "warning",
        "Signal": "score signal, unconfirmed",
        "Since": "2026-11-16 08:14 UTC",
        "Probable cause": "a deployment",
        "Language": "Korean (ko)",
        "Service": "help",
        "Environment": "prod",
        "Index version": "v42",
        "Embedding model": "all-MiniLM-L6-v2",
    }
    assert dict(message.links) == {
        "Alert": "https://babelwatch.example/alerts/9f2c41d0",
        "Runbook": "https://wiki.example/babelwatch",
    }


def test_only_parts_that_exist_are_said() -> None:
    """Nothing is printed as None, and no heading stands over nothing."""
    bare = incident(
        cause="unknown",
        began_at=None,
        index_version=None,
        embedding_model=None,
        evidence=(),
        exemplars=(),
        links={},
        environment="",
    )
    message = Renderer().render(bare, plain)
    assert message.text == f"{KOREAN.summary}\n\nWhat to do: {ADVICE['unknown']}"
    assert [label for label, _ in message.fields] == ["Severity", "Signal", "Language", "Service"]
    assert message.links == ()
    assert "None" not in rendered(message)


def test_a_resolved_message_says_since_when_and_until_when() -> None:
    """The end is told with its time, without advice."""
    message = Renderer().render(resolved(), plain)
    assert message.title == "Resolved: retrieval got worse in Korean (ko) · help · prod"
    assert message.text == KOREAN.summary
    assert dict(message.fields)["Resolved"] == "2026-11-16 08:30 UTC"


def test_a_fleet_wide_incident_names_all_languages() -> None:
    """`*` is no language."""
    assert "in all languages" in Renderer().render(incident(language="*", cause="fleet"), plain).title


def test_a_blind_agent_has_no_language_and_no_signal() -> None:
    """What is wrong with the agent itself is no score signal."""
    message = Renderer().render(incident(class_="monitor", language="*"), plain)
    assert message.title == "Warning: babelwatch cannot see · help · prod"
    assert words.ADVICE_BLIND in message.text
    assert "Signal" not in dict(message.fields)


@pytest.mark.parametrize("cause", get_args(Cause))
def test_every_cause_has_words_and_advice(cause: Cause) -> None:
    """A cause that nobody wrote advice for would break the message."""
    assert cause in words.CAUSES
    assert words.advice(incident(cause=cause))
    assert "{" not in words.advice(incident(cause=cause, index_version=None))


def test_every_class_and_confirmation_has_words() -> None:
    """The tables of words are complete."""
    assert set(words.TITLES) == set(get_args(IncidentClass))
    assert set(words.SIGNALS) == set(get_args(Confirmed))


def test_advice_for_low_resource_names_the_three_remedies() -> None:
    """A language that was weak from the start has three ways out."""
    text = Renderer().render(incident(cause="low_resource"), plain).text
    assert "Use a language-specific index, query translation or a multilingual model." in text


def test_no_string_reaches_a_template_unescaped() -> None:
    """Every value of the view went through the channel's escape, nested ones included; the names of its fields did not."""
    view = safe_view(incident(service="help", evidence=(Evidence("drop", "hit_rate", 0.1),)), MARKED)
    assert view["service"] == "HELP"
    assert view["evidence"][0]["rule"] == "DROP"
    assert view["exemplars"] == ["EVT-1", "EVT-2"]
    assert view["summary"] == KOREAN.summary.upper()


def test_hostile_strings_stay_text() -> None:
    """Template syntax is not read, marks of direction and control characters are gone, lines cannot be forged."""
    hostile = incident(
        service=HOSTILE,
        environment=HOSTILE,
        language=HOSTILE,
        index_version=HOSTILE,
        embedding_model=HOSTILE,
        exemplars=(HOSTILE,),
        evidence=(Evidence(HOSTILE, HOSTILE, 0.1),),
        links={HOSTILE: f"https://x.example/{HOSTILE}"},
        summary=HOSTILE,
    )
    said = rendered(Renderer().render(hostile, lambda text: text.replace("<", "&lt;")))
    assert "{{7*7}}" in said
    assert "49" not in said
    assert "<" not in said
    assert not any(mark in said for mark in [*RTL.replace("evil", ""), "\x1b", "\r", "\nforged"])


def test_huge_ids_are_shortened() -> None:
    """An id of 10,000 characters takes one short line."""
    said = rendered(Renderer().render(incident(exemplars=("x" * 10_000,), service="y" * 10_000), plain))
    assert "x" * (LONGEST_VALUE - 1) + "…" in said
    assert "x" * LONGEST_VALUE not in said
    assert "y" * LONGEST_VALUE not in said


def test_letters_and_joiners_of_any_script_survive() -> None:
    """Joiners and letters of right-to-left scripts are text, not marks."""
    name = "کتاب\u200cخانه"
    assert name in rendered(Renderer().render(incident(service=name), plain))


def test_links_that_are_not_http_are_left_out() -> None:
    """No scripts, no half URLs."""
    links = {"a": "javascript:alert(1)", "b": "https://x.example/" + "y" * 3000, "c": "http://x.example/é b"}
    assert Renderer().render(incident(links=links), plain).links == (("C", "http://x.example/%C3%A9%20b"),)


def test_an_operators_template_is_taken(tmp_path: Path) -> None:
    """A file of the same name in the folder wins; the other one stays the bundled one."""
    (tmp_path / "firing.txt.j2").write_text("Oh no: {{ incident.language }}\nsince {{ incident.began_at | when }}", "utf-8")
    renderer = Renderer(folder=tmp_path)
    message = renderer.render(KOREAN, plain)
    assert (message.title, message.text) == ("Oh no: ko", "since 2026-11-16 08:14 UTC")
    assert renderer.render(resolved(), plain).title.startswith("Resolved:")


BROKEN = {
    "syntax": b"{% if %}",
    "unknown name": b"{{ incident.langage }}",
    "division": b"title {{ 1 / 0 }}",
    "unsafe": b"{{ incident.__class__.__mro__ }}",
    "changes what it is given": b"{{ incident.update({'summary': ''}) }}",
    "not text": b"\xff\xfe\xfa",
    "empty": b"  \n \n",
}


@pytest.mark.parametrize("source", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_template_still_sends_a_plain_message(source: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The summary goes out with a sentence on what is broken, and the log has an error."""
    (tmp_path / "firing.txt.j2").write_bytes(source)
    with caplog.at_level(logging.ERROR):
        message = Renderer(folder=tmp_path).render(KOREAN, plain)
    assert message.title == "Firing: retrieval got worse in Korean (ko) · help · prod"
    assert message.text.startswith(f"{KOREAN.summary}\n\nThe template firing.txt.j2 ")
    assert dict(message.fields)["Severity"] == "warning"
    assert "firing.txt.j2" in caplog.text


def test_what_a_broken_template_says_is_escaped(tmp_path: Path) -> None:
    """An error may quote the incident, so its text is escaped too."""
    (tmp_path / "firing.txt.j2").write_text("{{ incident['<!channel>'] }}", "utf-8")
    assert "<" not in Renderer(folder=tmp_path).render(KOREAN, lambda text: text.replace("<", "&lt;")).text
