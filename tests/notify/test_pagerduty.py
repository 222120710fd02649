"""What leaves the machine for PagerDuty: the event it wants, small enough, under one key a thread."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.alerting.incident import Evidence
from agent.notify import pagerduty as wire
from agent.notify.base import Deployments, Field, Link, Message, Thread, TransportError
from agent.notify.integrations import INTEGRATIONS
from agent.notify.pagerduty import PagerDutyNotifier
from tests.notify.examples import KOREAN, deployed, ended, followed, incident, message, resolved
from tests.notify.stubs import Answer, PagerDutyStub
from tests.notify.test_contract import KEY


def body(one: Message) -> Any:
    """What is sent."""
    return json.loads(wire._within(wire.LARGEST, wire._events(one, KEY)))


def test_an_event_is_whole(pagerduty: PagerDutyStub) -> None:
    """Every field that PagerDuty sorts, groups or shows by."""
    INTEGRATIONS["pagerduty"](name="pager", routing_key=KEY, url=f"{pagerduty.base}/").send(message())
    (event,) = pagerduty.arrived
    details = event["payload"].pop("custom_details")
    assert event == {
        "routing_key": KEY,
        "event_action": "trigger",
        "dedup_key": KOREAN.fingerprint,
        "payload": {
            "summary": message().title,
            "source": "help",
            "severity": "warning",
            "timestamp": "2026-11-16T08:30:00Z",
            "component": "help",
            "group": "prod",
            "class": "change",
        },
        "links": [
            {"href": "https://babelwatch.example/alerts/9f2c41d0", "text": "Alert"},
            {"href": "https://wiki.example/babelwatch", "text": "Runbook"},
        ],
        "client": "babelwatch",
        "client_url": "https://babelwatch.example/alerts/9f2c41d0",
    }
    assert (details["text"], details["Severity"]) == (message().text, "warning")
    (facts,) = details["incidents"]
    assert (facts["class"], facts["began_at"], facts["drop"]) == ("change", "2026-11-16T08:14:00Z", 0.074)
    assert facts["evidence"][0]["z"] == 5.12
    assert "resolved_at" not in facts


def test_a_thread_is_one_incident(pagerduty: PagerDutyStub) -> None:
    """Fire, update, reminder and end have one key; only the end resolves."""
    notifier = PagerDutyNotifier("pager", KEY, url=pagerduty.base)
    for each in (message(), followed({}), followed({}, kind="reminder"), ended({})):
        notifier.send(each)
    assert [event["event_action"] for event in pagerduty.arrived] == ["trigger", "trigger", "trigger", "resolve"]
    assert {event["dedup_key"] for event in pagerduty.arrived} == {KOREAN.fingerprint}
    assert {request.path for request in pagerduty.requests} == {"/v2/enqueue"}


def test_the_severity_is_that_of_the_loudest_that_fires() -> None:
    """An update about a quiet one does not make the page quieter, and a loud one that is over does."""
    quiet, loud = incident(severity="info"), incident(severity="critical", fingerprint="b")
    over = resolved(severity="critical", fingerprint="b")
    assert body(followed({}, incidents=(quiet,), standing=(quiet, loud)))["payload"]["severity"] == "critical"
    assert body(followed({}, incidents=(over,), standing=(quiet, over)))["payload"]["severity"] == "info"


def test_a_deployment_pages_nobody(pagerduty: PagerDutyStub) -> None:
    """It is a change event, with what was deployed."""
    notifier = PagerDutyNotifier("pager", KEY, url=pagerduty.base)
    assert isinstance(notifier, Deployments)
    notifier.send_deployment(deployed())
    assert pagerduty.requests[0].path == "/v2/change/enqueue"
    (event,) = pagerduty.arrived
    assert event.keys() == {"routing_key", "payload", "links"}
    assert event["payload"]["summary"] == "Deployed: v43 in kb-en · help"
    assert (event["payload"]["source"], event["payload"]["timestamp"]) == ("help", "2026-11-16T08:30:00Z")
    assert event["payload"]["custom_details"]["index_version"] == "v43"


@pytest.mark.parametrize(
    ("status", "permanent"),
    [(400, True), (403, True), (404, True), (413, True), (200, True), (429, False), (500, False), (503, False)],
)
def test_what_pagerduty_refuses(status: int, permanent: bool, pagerduty: PagerDutyStub) -> None:  # noqa: FBT001  a table's column
    """202 is the only success."""
    pagerduty.answers.append(Answer(status, ""))
    with pytest.raises(TransportError) as caught:
        PagerDutyNotifier("pager", KEY, url=pagerduty.base).send(message())
    assert caught.value.permanent is permanent


def test_a_long_key_becomes_its_hash() -> None:
    """PagerDuty takes 255 characters."""
    long = body(message(thread=Thread("m1", "x" * 256)))["dedup_key"]
    assert len(long) == 32
    assert body(message(thread=Thread("m1", "x" * 255)))["dedup_key"] == "x" * 255


def test_details_are_dropped_by_rule() -> None:
    """First the workings, then incidents, whose number is told, and the event is always small enough."""
    many = tuple(incident(fingerprint=str(n), evidence=tuple(Evidence("r" * 200, "m", 0.1) for _ in range(60))) for n in range(300))
    brief = body(message(incidents=many[:100]))["payload"]["custom_details"]
    assert len(brief["incidents"]) == 100
    assert "evidence" not in brief["incidents"][0]
    wordy = tuple(incident(fingerprint=str(n), summary="한" * 2000) for n in range(300))
    fewer = body(message(incidents=wordy))["payload"]["custom_details"]
    assert (len(fewer["incidents"]), fewer["incidents_left_out"]) == (20, 280)
    none = body(message(incidents=wordy, text="한" * 400_000))["payload"]["custom_details"]
    assert (none["incidents_left_out"], len(none["text"])) == (300, 2000)
    assert "custom_details" not in body(message(fields=tuple(Field(f"{n}", "한" * 2000) for n in range(200))))["payload"]


ANYTHING = st.text(st.characters(codec=None), max_size=400)


@settings(max_examples=50)
@given(text=ANYTHING, title=ANYTHING, name=ANYTHING, times=st.integers(1, 3000), count=st.integers(0, 40))
def test_any_message_is_an_event_that_pagerduty_takes(text: str, title: str, name: str, times: int, count: int) -> None:
    """Within 512 KB, in valid UTF-8, with a summary and a source."""
    incidents = tuple(incident(service=name, summary=text * 20, exemplars=(text,) * 20, fingerprint=f"{n}") for n in range(count))
    one = message(text=text * times, title=title * times, incidents=incidents, links=(Link(title, f"https://x.example/{text}"),))
    content = wire._within(wire.LARGEST, wire._events(one, KEY))
    event = json.loads(content.decode("utf-8"))
    assert len(content) <= 512_000
    assert 1 <= len(event["payload"]["summary"]) <= 1024
    assert event["payload"]["source"]
    assert all(link["href"].startswith("https://x.example/") and link["href"].isprintable() for link in event["links"])
