"""PagerDuty, through the Events API: one PagerDuty incident a thread, from its fire to its end.

`dedup_key` is the fingerprint that the thread began with, so that the same message sent again changes nothing. PagerDuty
shows what it is sent as it is: strings need no escaping, only an end. 202 is the success; too large a body is refused, so
details are dropped by rule. Deployments stand beside the incidents and page nobody.
https://developer.pagerduty.com/docs/send-alert-event
https://developer.pagerduty.com/docs/send-change-event
"""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final, Unpack

import msgspec
from httpx import codes

from agent.alerting.finding import loudest_first
from agent.alerting.incident import Incident
from agent.notify.base import Link, Message, Receipt, TransportError
from agent.notify.labels import rfc3339, web_address
from agent.notify.post import Poster, Way, as_bytes
from agent.notify.text import one_line

EVENTS: Final = "https://events.pagerduty.com"
LARGEST: Final = 500_000
SUMMARY: Final = 1024
DEDUP_KEY: Final = 255
DETAIL: Final = 2000
LINKS: Final = 20
HIDDEN: Final = "<secret>"
FEWER: Final = (100, 20, 5, 1)
LENGTHY: Final = ("evidence", "where", "exemplars")


class PagerDutyNotifier:
    """Sends events with a `routing_key`, which is an integration's secret; `url` is another base, such as the EU's."""

    def __init__(
        self,
        name: str,
        routing_key: str,
        *,
        url: str = EVENTS,
        **way: Unpack[Way],
    ) -> None:
        self.name = name
        self._poster = Poster(to="PagerDuty", **way)
        self._routing_key = routing_key
        self._base = f"{url.rstrip('/')}/v2"

    def __repr__(self) -> str:
        return f"PagerDutyNotifier({self.name!r}, <secret>)"

    def escape(self, text: str) -> str:
        """Nothing is special here."""
        return text

    def send(self, message: Message) -> Receipt:
        """Trigger or resolve, or raise `TransportError`."""
        if message.kind == "deployment":
            self.send_deployment(message)
        else:
            self._post("enqueue", _within(LARGEST, _events(message, self._routing_key)))
        return {}

    def send_deployment(self, message: Message) -> None:
        """Record a change event."""
        self._post("change/enqueue", as_bytes(_change(message, self._routing_key)))

    def preview(self, message: Message) -> str:
        """The body of the request, as JSON, without the key."""
        body = _change(message, HIDDEN) if message.kind == "deployment" else next(_events(message, HIDDEN))
        return json.dumps(body, ensure_ascii=False, indent=2)

    def _post(self, path: str, content: bytes) -> None:
        answer = self._poster.post(f"{self._base}/{path}", content)
        if answer.status_code != codes.ACCEPTED:
            raise TransportError("PagerDuty's answer was not 202: is this the URL of its Events API?", permanent=True)


def _events(message: Message, routing_key: str) -> Iterator[dict[str, Any]]:
    """The event, then the same with fewer and fewer details."""
    event = _event(message, routing_key)
    for details in _fewer_details(message):
        yield {**event, "payload": {**event["payload"], "custom_details": details}}
    yield event


def _event(message: Message, routing_key: str) -> dict[str, Any]:
    links = _links(message.links)
    return {
        "routing_key": routing_key,
        "event_action": "resolve" if message.kind == "resolved" else "trigger",
        "dedup_key": dedup_key(message.thread.key),
        "payload": _payload(message),
        "links": links,
        "client": "babelwatch",
        **({"client_url": links[0]["href"]} if links else {}),
    }


def _payload(message: Message) -> dict[str, Any]:
    loudest = loudest_of(message)
    facts = {
        "component": loudest.service,
        "group": loudest.environment,
        "class": loudest.class_,
    } if loudest else {}  # fmt: skip
    return {
        "summary": one_line(message.title, SUMMARY) or "babelwatch",
        "source": one_line(loudest.service if loudest else "") or "babelwatch",
        "severity": loudest.severity if loudest else "info",
        "timestamp": rfc3339(message.at),
        **{key: tidy for key, value in facts.items() if (tidy := one_line(value))},
    }


def loudest_of(message: Message) -> Incident | None:
    """The loudest of the thread that fires; of one that is over, the loudest there was."""
    every = message.standing or message.incidents
    return next(iter(loudest_first(every)), None)


def dedup_key(key: str) -> str:
    """The fingerprint; a longer key than PagerDuty takes becomes its hash."""
    return key if 0 < len(key) <= DEDUP_KEY else blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _fewer_details(message: Message) -> Iterator[dict[str, Any]]:
    """Everything; without what is long; fewer incidents and how many were left out; no incident."""
    facts = [_facts(incident) for incident in message.standing or message.incidents]
    brief = [{key: value for key, value in each.items() if key not in LENGTHY} for each in facts]
    told = {one_line(label): one_line(value, DETAIL) for label, value in message.fields} | {"text": message.text}
    yield {**told, "incidents": facts}
    yield {**told, "incidents": brief}
    for most in (most for most in FEWER if most < len(brief)):
        yield {**told, "incidents": brief[:most], "incidents_left_out": len(brief) - most}
    yield {**told, "text": one_line(message.text, DETAIL), "incidents_left_out": len(brief)}


def _within(limit: int, bodies: Iterator[dict[str, Any]]) -> bytes:
    """The first body that is small enough, else the last."""
    content = b""
    for body in bodies:
        content = as_bytes(body)
        if len(content) <= limit:
            break
    return content


def _facts(incident: Incident) -> dict[str, Any]:
    """An incident under the names of its JSON, without what is empty."""
    plain = msgspec.to_builtins(incident, builtin_types=(datetime,))
    return {key: _tidy(value) for key, value in plain.items() if value not in (None, "", (), [], {})}


def _tidy(value: Any) -> Any:
    if isinstance(value, str):
        return one_line(value, DETAIL)
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, dict):
        return {one_line(key): _tidy(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_tidy(each) for each in value]
    return value


def _links(links: Sequence[Link]) -> list[dict[str, str]]:
    found = [{"href": href, "text": one_line(label)} for label, url in links if (href := web_address(url))]
    return found[:LINKS]


def _change(message: Message, routing_key: str) -> dict[str, Any]:
    change = message.change
    details = _tidy(msgspec.to_builtins(change, builtin_types=(datetime,))) if change else {}
    return {
        "routing_key": routing_key,
        "payload": {
            "summary": one_line(message.title, SUMMARY) or "babelwatch",
            "source": one_line(change.service if change else "") or "babelwatch",
            "timestamp": rfc3339(change.at if change else message.at),
            "custom_details": {**{k: v for k, v in details.items() if v}, "text": one_line(message.text, DETAIL)},
        },
        "links": _links(message.links),
    }
