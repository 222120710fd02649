"""A webhook: whatever reads Alertmanager's webhook reads this one, and can be sure who sent it and that it is new.

The body is that of Alertmanager's version 4. `webhook-id` is the message's own, the same however often it is sent, so
that a receiver can drop what it has; with a `secret` each try is signed, with its time, as Standard Webhooks has it.
https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import hmac
import json
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final, Unpack

from agent.alerting.finding import loudest_first
from agent.alerting.incident import Incident
from agent.notify.base import Message, Receipt
from agent.notify.labels import alert_of, alert_of_test, first_link, rfc3339
from agent.notify.post import Poster, Way, as_bytes

MOST_ALERTS: Final = 200
NEVER: Final = "0001-01-01T00:00:00Z"
PREFIX: Final = "whsec_"
_PLAIN_ID: Final = re.compile(r"[A-Za-z0-9_:-]{1,200}")


class WebhookNotifier:
    """Posts each message to `url`, signed where there is a `secret`: `whsec_` and base64, or any other text."""

    def __init__(
        self,
        name: str,
        url: str,
        *,
        secret: str | None = None,
        **way: Unpack[Way],
    ) -> None:
        self.name = name
        self._poster = Poster(to="the webhook", **way)
        self._url = url
        self._key = None if secret is None else key_of(secret)

    def __repr__(self) -> str:
        return f"WebhookNotifier({self.name!r}, <secret>)"

    def escape(self, text: str) -> str:
        """Programs are told the raw incident."""
        return text

    def send(self, message: Message) -> Receipt:
        """Post the message, or raise `TransportError`; nothing is posted of a deployment."""
        if message.kind != "deployment":
            content = as_bytes(body_of(message, self.name))
            self._poster.post(self._url, content, _headers(message.id, content, self._key, self._poster.clock.now()))
        return {}

    def send_report(self, message: Message) -> None:
        """Post a report, signed as any message, or raise `TransportError`."""
        self.send(message)

    def preview(self, message: Message) -> str:
        """The body of the request, as JSON."""
        return json.dumps(body_of(message, self.name), ensure_ascii=False, indent=2)


def key_of(secret: str) -> bytes:
    """The bytes that sign."""
    return b64decode(secret.removeprefix(PREFIX)) if secret.startswith(PREFIX) else secret.encode()


def body_of(message: Message, receiver: str) -> dict[str, Any]:
    """The message as Alertmanager would send it."""
    alerts = _alerts(message)
    common = _common(alert["labels"] for alert in alerts)
    link = first_link(message)
    return {
        **_report(message, link),
        "receiver": receiver,
        "status": "firing" if any(alert["status"] == "firing" for alert in alerts) else "resolved",
        "alerts": alerts[:MOST_ALERTS],
        "notification_reason": _reason(message),
        "groupLabels": {name: common[name] for name in ("service", "environment") if name in common},
        "commonLabels": common,
        "commonAnnotations": _common(alert["annotations"] for alert in alerts),
        "routeLabels": {},
        "externalURL": link.rpartition("/reports" if message.bulletin else "/alerts")[0],
        "version": "4",
        "groupKey": f'{{}}:{{report="{message.bulletin.week}"}}' if message.bulletin else f'{{}}:{{thread="{message.thread.key}"}}',
        "truncatedAlerts": max(len(alerts) - MOST_ALERTS, 0),
    }


def _report(message: Message, link: str) -> dict[str, Any]:
    """What no Alertmanager sends: `kind` tells a report from alerts, of which it holds none."""
    return {"kind": "report", "report": {**message.bulletin._asdict(), "url": link}} if message.bulletin else {}


def _alerts(message: Message) -> list[dict[str, Any]]:
    """What fires first, and of that the loudest: what is beyond the bound is the least of it."""
    if message.kind == "test":
        test = alert_of_test(message)
        return [{"status": "firing", **test, "endsAt": NEVER, "fingerprint": _hash(message.thread.key)}]
    link = first_link(message)
    told = [each for each in message.standing or message.incidents if each.state != "pending"]
    return [_alert(incident, link) for incident in loudest_first(told)]


def _alert(incident: Incident, link: str) -> dict[str, Any]:
    over = incident.state == "resolved"
    return {
        "status": "resolved" if over else "firing",
        "startsAt": NEVER,
        **alert_of(incident, link),
        "endsAt": rfc3339(incident.resolved_at) if over and incident.resolved_at else NEVER,
        "fingerprint": incident.fingerprint,
    }


def _common(tables: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """What all have in common."""
    first, *others = [*tables] or [{}]
    return {name: value for name, value in first.items() if all(other.get(name) == value for other in others)}


def _reason(message: Message) -> str:
    """Alertmanager's own words where it has some."""
    if message.kind == "update":
        ended = any(incident.state == "resolved" for incident in message.incidents)
        return "some alerts resolved" if ended else "new alerts added"
    words = {"firing": "first notification", "resolved": "all alerts resolved", "reminder": "repeat interval elapsed"}
    return words.get(message.kind, message.kind)


def _headers(message_id: str, content: bytes, key: bytes | None, now: datetime) -> dict[str, str]:
    """Who sent it, and when: signed again at each try, since receivers refuse old ones."""
    plain = message_id if _PLAIN_ID.fullmatch(message_id) else _hash(message_id)
    stamp = str(int(now.timestamp()))
    headers = {"webhook-id": plain, "webhook-timestamp": stamp}
    if key is not None:
        digest = hmac.digest(key, f"{plain}.{stamp}.".encode() + content, "sha256")
        headers["webhook-signature"] = f"v1,{b64encode(digest).decode()}"
    return headers


def _hash(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
