"""Alertmanager: each incident is an alert, sent to every Alertmanager of the list, and again each minute while it fires.

Alertmanager itself groups, mutes, repeats and tells. It takes an alert for over when it is not told of it for a while, so
that a lost agent ends its alerts within four minutes; an alert that ended is sent for five minutes more, in case that an
Alertmanager was away. A change of severity is a change of labels: the old alert ends, and a new one begins.
A bad alert in a request is answered with 400 while the good ones are taken, so 400 is not tried again.
https://prometheus.io/docs/alerting/latest/clients/
"""

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple, Unpack
from urllib.parse import urlsplit

from agent.alerting.incident import Incident
from agent.clock import SystemClock
from agent.notify.base import Message, Receipt, TransportError
from agent.notify.labels import alert_of, alert_of_test, first_link, rfc3339, starts_at
from agent.notify.post import Poster, Way
from agent.notify.runbook import LINK

INTERVAL: Final = timedelta(minutes=1)
LASTS: Final = 4 * max(INTERVAL, timedelta(minutes=1))
AFTERWARDS: Final = timedelta(minutes=5)

Alert = dict[str, Any]


class Superseded(NamedTuple):
    """An alert that ended because its incident goes on under other labels."""

    alert: Alert
    ended: datetime


class Ledger:
    """Under which labels each incident was told; forgotten with the process, when the old alert runs out by itself."""

    def __init__(self) -> None:
        self._told: dict[str, Alert] = {}
        self._superseded: list[Superseded] = []

    def alerts(self, incidents: Iterable[Incident], link: str, now: datetime) -> list[Alert]:
        """The alerts of these incidents, after those that they take the place of."""
        current = [self._followed(incident, link, now) for incident in incidents]
        named = [alert["labels"] for alert in current]
        self._superseded = [old for old in self._superseded if now - old.ended <= AFTERWARDS and old.alert["labels"] not in named]
        return [*(_until(old.alert, old.ended) for old in self._superseded), *current]

    def _followed(self, incident: Incident, link: str, now: datetime) -> Alert:
        before = self._told.pop(incident.fingerprint, None)
        alert = alert_of(incident, link or (before or {}).get("generatorURL", ""))
        alert["annotations"] = {**_runbook(before), **alert["annotations"]}
        if before and before["labels"] != alert["labels"]:
            self._superseded.append(Superseded(before, now))
        if incident.state == "resolved":
            return _until(alert, max(filter(None, (incident.resolved_at or now, starts_at(incident)))))
        self._told[incident.fingerprint] = alert
        return _until(alert, now + LASTS)


class AlertmanagerNotifier:
    """Sends to all of `urls`; with `username` and `password`, or with a bearer `token`."""

    def __init__(
        self,
        name: str,
        urls: Sequence[str],
        *,
        username: str | None = None,
        password: str | None = None,
        token: str | None = None,
        **way: Unpack[Way],
    ) -> None:
        self.name = name
        self._clock = way.get("clock") or SystemClock()
        self._headers = _authorization(username, password, token)
        self._ways = [(Poster(to=f"Alertmanager at {_host(url)}", **way), _endpoint(url)) for url in urls]
        self._ledger = Ledger()

    def __repr__(self) -> str:
        return f"AlertmanagerNotifier({self.name!r}, {', '.join(poster.to for poster, _ in self._ways)})"

    def escape(self, text: str) -> str:
        """Alertmanager is told the raw incident; its own templates escape."""
        return text

    def send(self, message: Message) -> Receipt:
        """Tell every Alertmanager; one of them is enough, since all are told again each minute."""
        now = self._clock.now()
        if message.kind == "test":
            self._tell([_until(alert_of_test(message), now + LASTS)], least=len(self._ways))
        elif message.kind != "deployment":
            self._tell(self._ledger.alerts(_worth_telling(message, now), first_link(message), now), least=1)
        return {}

    def preview(self, message: Message) -> str:
        """The body of the request, as JSON, but for the end, which moves on with time."""
        link, told = first_link(message), () if message.kind == "test" else _worth_telling(message, message.at)
        alerts = [_preview(one, link) for one in told] or ([alert_of_test(message)] if message.kind == "test" else [])
        return json.dumps(alerts, ensure_ascii=False, indent=2)

    def sustain(self, incidents: Sequence[Incident], now: datetime) -> None:
        """Tell once more what fires, and what ended within the last five minutes; whoever does not take it is in trouble."""
        alerts = self._ledger.alerts([each for each in incidents if _lives(each, now)], "", now)
        self._tell(alerts, least=len(self._ways))

    def _tell(self, alerts: Sequence[Alert], *, least: int) -> None:
        """So many have to take it; what the others did not take is raised after all were told."""
        failures = list(self._failures(alerts)) if alerts else []
        if len(self._ways) - len(failures) < least:
            waits = [failure.retry_after for failure in failures if failure.retry_after is not None]
            permanent = all(failure.permanent for failure in failures)
            raise TransportError("; ".join(map(str, failures)), permanent=permanent, retry_after=max(waits, default=None))

    def _failures(self, alerts: Sequence[Alert]) -> Iterator[TransportError]:
        for poster, endpoint in self._ways:
            try:
                poster.post(endpoint, alerts, self._headers)
            except TransportError as failure:
                yield failure


def _runbook(before: Alert | None) -> dict[str, str]:
    """The link that it had: what is told again each minute comes without a message, and must not lose it."""
    return {name: text for name, text in (before or {}).get("annotations", {}).items() if name == LINK}


def _worth_telling(message: Message, now: datetime) -> list[Incident]:
    """All of the thread in its newest state; what ended long ago only if the message is about it."""
    about = {incident.fingerprint for incident in message.incidents}
    told = message.standing or message.incidents
    return [each for each in told if each.state != "pending" and (each.fingerprint in about or _lives(each, now))]


def _lives(incident: Incident, now: datetime) -> bool:
    if incident.state == "resolved":
        return incident.resolved_at is not None and now - incident.resolved_at <= AFTERWARDS
    return incident.state == "firing"


def _preview(incident: Incident, link: str) -> Alert:
    alert = alert_of(incident, link)
    return _until(alert, incident.resolved_at) if incident.resolved_at else alert


def _until(alert: Alert, end: datetime) -> Alert:
    return {**alert, "endsAt": rfc3339(end)}


def _endpoint(url: str) -> str:
    return f"{url.rstrip('/')}/api/v2/alerts"


def _host(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2]


def _authorization(username: str | None, password: str | None, token: str | None) -> dict[str, str]:
    if token is not None:
        return {"Authorization": f"Bearer {token}"}
    if username is None:
        return {}
    return {"Authorization": "Basic " + b64encode(f"{username}:{password or ''}".encode()).decode()}
