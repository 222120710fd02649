"""What a person does with an incident: when it can be done, what doing it twice is, and how the incident is shown with it."""

from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from agent.alerting.action import Action, Name, again, ended_by, given_up, handled, is_automatic, is_open, refusal
from agent.alerting.incident import IncidentClass, State
from tests.notify.examples import KOREAN, NOW, incident, resolved

LATER = NOW + timedelta(minutes=5)
ACK = Action(KOREAN.fingerprint, KOREAN.began_at, "ack", NOW, note="I look", by="ann")
ACCEPT = replace(ACK, action="accept", at=LATER, note="", by="")
CLOSE = replace(ACK, action="close", at=LATER, verdict="false", note="a load test", by="bob")


def test_each_action_on_each_incident_is_one() -> None:
    """The same whoever says what; another for another action, another incident, the same one when it comes again."""
    assert replace(ACK, at=LATER, note="", by="", verdict="real").id == ACK.id
    others = [
        replace(ACK, action="accept"),
        replace(ACK, fingerprint="0a1b"),
        replace(ACK, began_at=LATER),
        replace(ACK, began_at=None),
    ]
    assert len({ACK.id, *(other.id for other in others)}) == 5


def test_done_twice_the_first_time_counts() -> None:
    """A second note replaces the first; what is left out stays."""
    assert again(ACK, replace(ACK, at=LATER, note="", by="")) == ACK
    assert again(ACK, replace(ACK, at=LATER, note="found it", by="bob")) == replace(ACK, note="found it", by="bob")
    assert again(ACK, replace(ACK, at=LATER, note="", by="bob")) == ACK


def test_another_verdict_is_news() -> None:
    """It counts from when it was given, so that whoever acts on it hears of it."""
    changed = replace(CLOSE, verdict="real", at=LATER + timedelta(hours=1))
    assert again(CLOSE, changed) == changed


def test_an_incident_is_shown_with_what_was_done() -> None:
    """Acknowledged since the first word, whatever it was; note and name are the newest that were given."""
    shown = handled(KOREAN, [CLOSE, ACK])
    assert (shown.acknowledged_at, shown.accepted_at, shown.verdict) == (NOW, None, "false")
    assert (shown.note, shown.handled_by) == ("a load test", "bob")
    shown = handled(KOREAN, [ACCEPT, ACK])
    assert (shown.acknowledged_at, shown.accepted_at, shown.verdict, shown.note, shown.handled_by) == (
        NOW,
        LATER,
        None,
        "I look",
        "ann",
    )
    assert handled(KOREAN, [CLOSE]).acknowledged_at == LATER


@pytest.mark.parametrize("began", [NOW, None])
def test_what_was_done_with_another_one_is_not_shown(began: datetime | None) -> None:
    """The fingerprint comes again with the next fall; nobody has looked at that one."""
    assert handled(incident(began_at=began), [ACK, CLOSE]) == incident(began_at=began)


def test_what_a_person_has_ended_is_not_open() -> None:
    """Also before the evaluator has come to that minute; who only looks at it ends nothing."""
    assert is_open(KOREAN)
    assert is_open(handled(KOREAN, [ACK]))
    assert [is_open(handled(KOREAN, [done])) for done in (ACCEPT, CLOSE)] == [False, False]
    assert not is_open(resolved())


@pytest.mark.parametrize(
    ("class_", "action", "word"),
    [
        ("change", "ack", ""),
        ("change", "accept", ""),
        ("change", "close", ""),
        ("level", "accept", "no fall"),
        ("monitor", "accept", "no fall"),
        ("level", "ack", ""),
        ("volume", "close", ""),
    ],
)
def test_only_a_fall_can_be_accepted(class_: IncidentClass, action: Name, word: str) -> None:
    """Nothing else is compared with a baseline that could move."""
    assert word in refusal(incident(class_=class_), action)
    assert bool(refusal(incident(class_=class_), action)) == bool(word)


@pytest.mark.parametrize(("action", "word"), [("ack", "is over"), ("accept", "is over"), ("close", "")])
def test_what_is_over_can_only_be_judged(action: Name, word: str) -> None:
    """A verdict can come weeks later."""
    assert refusal(resolved(), action).startswith(word)
    assert bool(refusal(resolved(), action)) == bool(word)


@pytest.mark.parametrize(
    ("days", "class_", "state", "ends"),
    [
        (14, "change", "firing", True),
        (13.9, "change", "firing", False),
        (20, "level", "firing", False),
        (20, "change", "resolved", False),
    ],
)
def test_a_fall_of_which_nobody_says_anything_ends_after_fourteen_days(
    days: float, class_: IncidentClass, state: State, *, ends: bool
) -> None:
    """By itself, which its end says; levels stand as long as they are low."""
    incident = replace(KOREAN, class_=class_, state=state, fired_at=NOW - timedelta(days=days))
    action = given_up(incident, NOW)
    assert (action is not None) is ends
    if action is not None:
        over = ended_by(action, incident, NOW)
        assert over is not None
        assert is_automatic(over)
        assert is_automatic(handled(over, [replace(ACK, fingerprint=over.fingerprint, began_at=over.began_at)]))
