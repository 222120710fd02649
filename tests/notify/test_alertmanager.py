"""What leaves the machine for Alertmanagers: all of them, the same identity each time, and an end for what changed its labels."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from agent.clock import FakeClock
from agent.notify.alertmanager import AlertmanagerNotifier
from agent.notify.base import Sustained, TransportError
from agent.notify.integrations import INTEGRATIONS
from tests.notify.examples import KOREAN, NOW, ended, followed, incident, message, resolved
from tests.notify.stubs import AlertmanagerStub, Answer

MINUTE = timedelta(minutes=1)


@pytest.fixture
def clock() -> FakeClock:
    """The time that the notifier reads."""
    return FakeClock(NOW)


@pytest.fixture
def notifier(alertmanager: AlertmanagerStub, clock: FakeClock) -> AlertmanagerNotifier:
    """One Alertmanager behind a path prefix."""
    return AlertmanagerNotifier("am", [f"{alertmanager.url}/"], clock=clock)


def seen(stub: AlertmanagerStub) -> list[list[tuple[str, str, str]]]:
    """Of each request: severity, begin and end of each alert."""
    return [[(each["labels"]["severity"], each["startsAt"][11:], each["endsAt"][11:]) for each in sent] for sent in stub.arrived]


def test_an_alert_is_whole(alertmanager: AlertmanagerStub, notifier: AlertmanagerNotifier) -> None:
    """Labels, annotations, times, and the page to read on."""
    notifier.send(message())
    assert alertmanager.requests[0].path == "/am/api/v2/alerts"
    [[alert]] = alertmanager.arrived
    assert alert.keys() == {"labels", "annotations", "startsAt", "endsAt", "generatorURL"}
    assert alert["labels"]["alertname"] == "BabelwatchChange"
    assert (alert["startsAt"], alert["endsAt"]) == ("2026-11-16T08:24:00Z", "2026-11-16T08:34:00Z")
    assert alert["generatorURL"] == "https://babelwatch.example/alerts/9f2c41d0"


def test_it_is_sent_again_and_ends(alertmanager: AlertmanagerStub, notifier: AlertmanagerNotifier, clock: FakeClock) -> None:
    """Each minute with a later end and the same begin and link; after the end five minutes more, then no more."""
    assert isinstance(notifier, Sustained)
    notifier.send(message())
    notifier.sustain([KOREAN], NOW + MINUTE)
    clock.advance(2 * MINUTE)
    over = resolved()
    notifier.send(ended({}))
    for minutes in (3, 5, 6):
        notifier.sustain([over], NOW + minutes * MINUTE)
    assert seen(alertmanager) == [
        [("warning", "08:24:00Z", "08:34:00Z")],
        [("warning", "08:24:00Z", "08:35:00Z")],
        [("warning", "08:24:00Z", "08:30:00Z")],
        [("warning", "08:24:00Z", "08:30:00Z")],
        [("warning", "08:24:00Z", "08:30:00Z")],
    ]
    assert alertmanager.arrived[1][0]["generatorURL"] == "https://babelwatch.example/alerts/9f2c41d0"


def test_another_severity_ends_the_old_alert(
    alertmanager: AlertmanagerStub, notifier: AlertmanagerNotifier, clock: FakeClock
) -> None:
    """In the same request, and for five minutes more in case that an Alertmanager was away."""
    notifier.send(message())
    clock.advance(MINUTE)
    loud = incident(severity="critical")
    notifier.send(followed({}, incidents=(loud,)))
    notifier.sustain([loud], NOW + 6 * MINUTE)
    notifier.sustain([loud], NOW + 7 * MINUTE)
    old = ("warning", "08:24:00Z", "08:31:00Z")
    assert seen(alertmanager)[1:] == [
        [old, ("critical", "08:24:00Z", "08:35:00Z")],
        [old, ("critical", "08:24:00Z", "08:40:00Z")],
        [("critical", "08:24:00Z", "08:41:00Z")],
    ]


def test_a_severity_that_comes_back_is_not_ended(alertmanager: AlertmanagerStub, notifier: AlertmanagerNotifier) -> None:
    """The alert that fires again under its old labels is not sent as over too."""
    for severity in ("warning", "critical", "warning"):
        notifier.sustain([incident(severity=severity)], NOW)
    assert [severity for severity, _, end in seen(alertmanager)[-1] if end == "08:34:00Z"] == ["warning"]
    assert [severity for severity, _, end in seen(alertmanager)[-1] if end == "08:30:00Z"] == ["critical"]


@pytest.mark.parametrize("fired_at", [KOREAN.fired_at, NOW + MINUTE])
def test_an_end_never_comes_before_its_begin(fired_at: Any, alertmanager: AlertmanagerStub, notifier: AlertmanagerNotifier) -> None:
    """Alertmanager would refuse it."""
    notifier.send(message(kind="resolved", incidents=(resolved(fired_at=fired_at),)))
    [[alert]] = alertmanager.arrived
    assert alert["startsAt"] <= alert["endsAt"]


def test_what_is_not_told_yet_is_not_sent(alertmanager: AlertmanagerStub, notifier: AlertmanagerNotifier) -> None:
    """Neither a pending incident, nor a request without alerts."""
    notifier.sustain([incident(state="pending")], NOW)
    notifier.sustain([], NOW)
    assert alertmanager.requests == []


def test_what_ended_long_ago_is_not_raked_up(
    alertmanager: AlertmanagerStub, notifier: AlertmanagerNotifier, clock: FakeClock
) -> None:
    """Of the thread's other incidents only those that fire or ended lately go along."""
    clock.advance(30 * MINUTE)
    old = resolved(fingerprint="old", language="ja")
    notifier.send(followed({}, incidents=(KOREAN,), standing=(KOREAN, old)))
    [[alert]] = alertmanager.arrived
    assert alert["labels"]["language"] == "ko"


def test_a_test_is_no_incident(alertmanager: AlertmanagerStub, notifier: AlertmanagerNotifier) -> None:
    """A test with a sample incident makes an alert of its own, which ends by itself."""
    notifier.send(message(kind="test"))
    [[alert]] = alertmanager.arrived
    assert alert["labels"] == {"alertname": "BabelwatchTest", "severity": "info"}


def test_every_one_is_told(clock: FakeClock) -> None:
    """One that fails keeps no other waiting; what went wrong names hosts only, and is tried again unless nothing can help.

    Of news one that takes it is enough, since all are told again each minute; then none may fail.
    """
    with AlertmanagerStub() as one, AlertmanagerStub() as other:
        notifier = AlertmanagerNotifier("am", [one.url, other.url], clock=clock)
        one.answers += [Answer(503, ""), Answer(400, "bad"), Answer(400, "bad")]
        other.answers += [Answer(), Answer(429, "", (("Retry-After", "9"),)), Answer(401, "")]
        found = []
        for _ in range(3):
            with pytest.raises(TransportError) as caught:
                notifier.sustain([KOREAN], NOW)
            found.append((str(caught.value), caught.value.permanent, caught.value.retry_after))
        here, there = (stub.base.removeprefix("http://") for stub in (one, other))
        assert found == [
            (f"Alertmanager at {here} answered 503", False, None),
            (f"Alertmanager at {here} answered 400 (bad); Alertmanager at {there} answered 429", False, 9.0),
            (f"Alertmanager at {here} answered 400 (bad); Alertmanager at {there} answered 401", True, None),
        ]
        assert (one.tries, other.tries) == (3, 3)
        one.answers.append(Answer(503, ""))
        notifier.send(message())
        one.answers.append(Answer(503, ""))
        other.answers.append(Answer(503, ""))
        with pytest.raises(TransportError):
            notifier.send(message())


@pytest.mark.parametrize(
    ("keys", "header"),
    [
        ({}, None),
        ({"username": "ann", "password": "ü:x"}, "Basic YW5uOsO8Ong="),
        ({"token": "t"}, "Bearer t"),
    ],
)
def test_who_we_are(keys: dict[str, str], header: str | None, alertmanager: AlertmanagerStub) -> None:
    """Name and password, or a token, where one is set."""
    INTEGRATIONS["alertmanager"](name="am", urls=(alertmanager.url,), **keys).send(message())
    assert alertmanager.requests[0].headers.get("authorization") == header


def test_the_link_to_the_runbook_stays(alertmanager: AlertmanagerStub, notifier: AlertmanagerNotifier) -> None:
    """Also where the alert is sent again without a message: an annotation that comes and goes would be news each minute."""
    bare, url = incident(links={}), "https://babelwatch.example/runbook#drop"
    notifier.send(message(incidents=(replace(bare, links={"runbook": url}),)))
    notifier.sustain([bare], NOW + MINUTE)
    assert [alert["annotations"]["runbook"] for sent in alertmanager.arrived for alert in sent] == [url, url]
