"""A webhook that Alertmanager's readers read, and that a receiver can trust."""

import base64
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from agent.clock import FakeClock, SystemClock
from agent.notify.base import Link, TransportError
from agent.notify.integrations import INTEGRATIONS
from agent.notify.post import as_bytes
from agent.notify.webhook import WebhookNotifier, body_of
from tests.notify.examples import KOREAN, NOW, deployed, ended, followed, incident, message, resolved
from tests.notify.stubs import Answer, Stub

REAL = Path(__file__).parent / "data"
BASE64 = "whsec_" + base64.b64encode(b"0123456789abcdef01234567").decode()


def body(**changes: Any) -> dict[str, Any]:
    """The body of a message."""
    return body_of(message(**changes), "hook")


def real(name: str) -> dict[str, Any]:
    """A body as Alertmanager itself sent it."""
    found: dict[str, Any] = json.loads((REAL / f"webhook-0.34.2-{name}.json").read_text("utf-8"))
    return found


def shape(value: Any) -> Any:
    """The names and the types of a body."""
    if isinstance(value, dict):
        return {key: shape(each) for key, each in value.items()}
    return [shape(each) for each in value[:1]] if isinstance(value, list) else type(value)


TABLES = ("labels", "annotations", "groupLabels", "commonLabels", "commonAnnotations")


def untabled(body: dict[str, Any]) -> Any:
    """A body's shape without the names of labels, which are everyone's own."""
    alerts = [{**alert, "labels": {}, "annotations": {}} for alert in body["alerts"]]
    return shape({**body, **{key: {} for key in TABLES if key in body}, "alerts": alerts})


@pytest.mark.parametrize("name", ["firing", "some-resolved", "resolved"])
def test_the_shape_is_alertmanagers(name: str) -> None:
    """Field by field and type by type."""
    changes: dict[str, Any] = {
        "firing": {},
        "some-resolved": {
            "kind": "update",
            "incidents": (resolved(fingerprint="b"),),
            "standing": (KOREAN, resolved(fingerprint="b")),
        },
        "resolved": {"kind": "resolved", "incidents": (resolved(),)},
    }[name]
    ours, theirs = body(**changes), real(name)
    assert untabled(ours) == untabled(theirs)
    for key in ("status", "version", "notification_reason", "truncatedAlerts"):
        assert ours[key] == theirs[key]
    assert sorted({alert["status"] for alert in ours["alerts"]}) == sorted({alert["status"] for alert in theirs["alerts"]})
    nothing = "0001-01-01T00:00:00Z"
    for each in (ours, theirs):
        assert all((alert["endsAt"] == nothing) == (alert["status"] == "firing") for alert in each["alerts"])


def test_a_body_is_whole() -> None:
    """What a reader of Alertmanager's webhook uses."""
    one = body(incidents=(incident(), incident(language="ja", fingerprint="b")))
    assert (one["receiver"], one["status"], one["externalURL"]) == ("hook", "firing", "https://babelwatch.example")
    assert one["groupLabels"] == {"service": "help", "environment": "prod"}
    assert "language" not in one["commonLabels"]
    assert one["commonLabels"]["alertname"] == "BabelwatchChange"
    assert {alert["fingerprint"] for alert in one["alerts"]} == {"b", KOREAN.fingerprint}
    assert one["alerts"][0]["startsAt"] == "2026-11-16T08:24:00Z"


def test_the_group_stays_the_same_through_a_thread() -> None:
    """Its key is that of the thread."""
    bodies = [body_of(each, "hook") for each in (message(), followed({}), ended({}))]
    assert {each["groupKey"] for each in bodies} == {'{}:{thread="9f2c41d0"}'}
    assert [each["status"] for each in bodies] == ["firing", "firing", "resolved"]


def test_too_many_alerts_are_cut_by_rule() -> None:
    """What is over goes first, then what is quiet; how many is told."""
    over = tuple(resolved(fingerprint=f"o{n}") for n in range(150))
    quiet = tuple(incident(fingerprint=f"q{n}", severity="info") for n in range(150))
    loud = tuple(incident(fingerprint=f"l{n}", severity="critical") for n in range(10))
    one = body(incidents=(*over, *quiet, *loud))
    assert (len(one["alerts"]), one["truncatedAlerts"]) == (200, 110)
    kinds = [alert["fingerprint"][0] for alert in one["alerts"]]
    assert kinds == ["l"] * 10 + ["q"] * 150 + ["o"] * 40


def test_a_deployment_is_not_posted(hook: Stub) -> None:
    """Alertmanager has no such thing."""
    WebhookNotifier("hook", hook.url).send(deployed())
    assert hook.requests == []


@pytest.mark.parametrize("secret", [BASE64, "plain text, ü"], ids=["base64", "text"])
def test_the_signature_is_that_of_standard_webhooks(secret: str, hook: Stub) -> None:
    """Its reference implementation accepts what we send, and nothing that was changed on the way."""
    INTEGRATIONS["webhook"](name="hook", url=hook.url, secret=secret).send(message())
    (request,) = hook.requests
    verifier = Webhook(secret if secret.startswith("whsec_") else secret.encode())
    assert verifier.verify(request.body, dict(request.headers))["version"] == "4"
    assert request.headers["webhook-id"] == "m1"
    with pytest.raises(WebhookVerificationError):
        verifier.verify(request.body.replace(b"warning", b"info"), dict(request.headers))


def test_each_try_is_signed_anew(hook: Stub) -> None:
    """The same id, since it is the same message; another time, since receivers refuse old ones."""
    clock = FakeClock(SystemClock().now() - timedelta(hours=2))
    notifier = WebhookNotifier("hook", hook.url, secret=BASE64, clock=clock)
    hook.answers.append(Answer(503, ""))
    with pytest.raises(TransportError):
        notifier.send(message())
    clock.advance(timedelta(hours=2))
    notifier.send(message())
    first, again = hook.requests
    assert (first.headers["webhook-id"], first.body) == (again.headers["webhook-id"], again.body)
    assert first.headers["webhook-signature"] != again.headers["webhook-signature"]
    Webhook(BASE64).verify(again.body, dict(again.headers))


def test_without_a_secret_nothing_is_signed(hook: Stub) -> None:
    """The id is there all the same."""
    WebhookNotifier("hook", hook.url).send(message(at=NOW, id="a\r\nb", links=(Link("x", "javascript:1"),)))
    headers = hook.requests[0].headers
    assert "webhook-signature" not in headers
    assert headers["webhook-id"].isalnum()
    assert hook.arrived[0]["externalURL"] == ""


ANYTHING = st.text(st.characters(codec=None), max_size=300)


@given(name=ANYTHING, text=ANYTHING, identity=ANYTHING)
def test_any_message_is_a_body(name: str, text: str, identity: str) -> None:
    """Valid JSON in valid UTF-8."""
    one = message(incidents=(incident(service=name, summary=text, links={name: text}, labels={name: text}),), id=identity)
    assert json.loads(as_bytes(body_of(one, name)).decode("utf-8"))["alerts"]
