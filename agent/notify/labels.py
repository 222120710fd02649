"""Labels and annotations of an incident, for receivers that speak Prometheus' language: Alertmanager and its webhook.

Labels are an alert's identity: nothing that changes while it fires is among them but the severity, whose change makes
another alert on purpose. What comes from a log or a rule is cleaned, and never takes the place of a label of ours.
https://prometheus.io/docs/alerting/latest/clients/
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from agent.alerting.incident import Incident
from agent.notify import words
from agent.notify.base import Message
from agent.notify.text import capital, clean, one_line, quoted

OURS: Final = ("alertname", "service", "environment", "language", "class", "severity")
LONGEST_ANNOTATION: Final = 2000

_NO_NAME: Final = re.compile(r"[^a-zA-Z0-9_]")
_WEB: Final = re.compile(r"https?://[^\s\"<>\\^`{|}]+")


def labels_of(incident: Incident) -> dict[str, str]:
    """What the alert is known by; empty values are left out."""
    ours = {
        "alertname": f"Babelwatch{incident.class_.capitalize()}",
        "service": incident.service,
        "environment": incident.environment,
        "language": incident.language,
        "class": incident.class_,
        "severity": incident.severity,
    }
    return _named(incident.labels, ours, one_line)


def annotations_of(incident: Incident) -> dict[str, str]:
    """What is said about it: ours, and those of the rule, of which some are addresses."""
    ours = {"summary": title_of(incident), "description": incident.summary, "fingerprint": incident.fingerprint}
    ours |= {"advice": words.advice(incident)} if incident.state == "firing" else {}
    return _named({**incident.annotations, **incident.links}, ours, lambda text: one_line(text, LONGEST_ANNOTATION))


def alert_of(incident: Incident, link: str = "") -> dict[str, Any]:
    """An alert without its end; it begins at the same time whenever it is sent."""
    starts = starts_at(incident)
    return {
        "labels": labels_of(incident),
        "annotations": annotations_of(incident),
        **({"startsAt": rfc3339(starts)} if starts else {}),
        "generatorURL": link or next((url for url in map(web_address, incident.links.values()) if url), ""),
    }


def alert_of_test(message: Message) -> dict[str, Any]:
    """The alert of a test: one that no real incident has."""
    return {
        "labels": {"alertname": "BabelwatchTest", "severity": "info"},
        "annotations": {
            "summary": one_line(message.title),
            "description": one_line(message.text, LONGEST_ANNOTATION),
        },
        "startsAt": rfc3339(message.at),
        "generatorURL": first_link(message),
    }


def title_of(incident: Incident) -> str:
    """`−4.9 points of recall in Korean (ko)`."""
    return one_line(capital(words.what([incident], str)))


def starts_at(incident: Incident) -> datetime | None:
    """When it was first told, the same in every message about it."""
    return incident.fired_at or incident.began_at or incident.pending_since


def first_link(message: Message) -> str:
    """Where to read on, if anywhere."""
    return next((url for url in (web_address(link.url) for link in message.links) if url), "")


def web_address(text: str) -> str:
    """An address that a receiver takes for one, in ASCII; empty where it is none."""
    return quoted(text) if _WEB.fullmatch(clean(text)) else ""


def rfc3339(time: datetime) -> str:
    """`2026-11-16T08:14:00Z`."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _named(theirs: Mapping[str, str], ours: Mapping[str, str], tidy: Any) -> dict[str, str]:
    """Ours win, also those that are empty; names are made such as every Alertmanager takes."""
    named = {_name(name): value for name, value in theirs.items() if _name(name) not in ours} | dict(ours)
    return {name: tidied for name, value in named.items() if name and (tidied := _utf8(tidy(value)))}


def _name(text: str) -> str:
    name = _NO_NAME.sub("_", one_line(text)).lstrip("_")
    return f"_{name}" if name[:1].isdigit() else name


def _utf8(text: str) -> str:
    return text.encode("utf-8", "ignore").decode()
