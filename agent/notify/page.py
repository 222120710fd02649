"""What a template is given: the incidents of a message, with every string from a log made harmless for its channel."""

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple
from urllib.parse import quote

import msgspec

from agent.alerting.changes import Change
from agent.alerting.incident import ALL, Incident
from agent.alerting.summary import duration, version_text
from agent.notify import words
from agent.notify.base import Field, Link
from agent.notify.notification import Notification
from agent.notify.text import capital, clean, one_line, quoted, shorten
from agent.notify.words import Escape

LONGEST_SUMMARY: Final = 2000
LONGEST_URL: Final = 2000
LONGEST_COMMAND: Final = 600
MOST_INCIDENTS: Final = 20
MOST_EVIDENCE: Final = 10
MOST_EXEMPLARS: Final = 5
SHORT: Final = 8  # of a fingerprint
TRACE_ID: Final = re.compile(r"[0-9a-f]{32}")
MINUTE: Final = timedelta(minutes=1)


class Page(NamedTuple):
    """The names that a template may use; `incident` is the loudest, `more` how many are not among `incidents`."""

    kind: str
    lead: str
    subject: str
    incident: dict[str, Any]
    incidents: tuple[dict[str, Any], ...]
    more: int
    firing: int
    over: int
    advice: str
    mute: str
    explain: str
    late_since: datetime | None
    fields: tuple[Field, ...]
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Places:
    """Where links lead: the base of the agent's pages, and the address of a trace with `{trace_id}` in it.

    `options`: how a command finds this agent, such as `--config FILE`.
    """

    external_url: str | None = None
    trace_url: str | None = None
    options: str = ""


def page(notification: Notification, standing: Sequence[Incident], places: Places, escape: Escape) -> Page:
    """Everything about a notification of incidents; `standing`: all of its thread."""
    incidents, first = notification.incidents, notification.incidents[0]
    return Page(
        kind=notification.kind,
        lead="Test" if notification.kind == "test" else words.lead(first, notification.reason),
        subject=words.subject(incidents, escape),
        incident=safe_view(first, escape),
        incidents=tuple(safe_view(one, escape) for one in incidents[:MOST_INCIDENTS]),
        more=max(len(incidents) - MOST_INCIDENTS, 0),
        firing=sum(one.state == "firing" for one in standing),
        over=sum(one.state == "resolved" for one in standing),
        advice=escape(one_line(words.advice(first), LONGEST_SUMMARY)),
        mute=escape(_placed(mute_line(incidents), places)),
        explain=escape(_placed(f"babelwatch alerts explain {first.fingerprint[:SHORT]}", places)),
        late_since=notification.late_since,
        fields=tuple(_fields(incidents, escape)),
        links=() if notification.kind == "test" else tuple(_links(incidents, places, escape)),
    )


def safe_view(incident: Incident, escape: Escape) -> dict[str, Any]:
    """The incident under the names of its JSON, with every value made harmless; times stay times, links stand elsewhere."""
    view = msgspec.to_builtins(incident, builtin_types=(datetime,))
    view["evidence"] = view["evidence"][:MOST_EVIDENCE]
    view["exemplars"] = view["exemplars"][:MOST_EXEMPLARS]
    del view["links"]
    safe = _harmless(view, lambda text: escape(one_line(text)))
    safe["summary"] = escape(one_line(incident.summary, LONGEST_SUMMARY))
    safe["subject"] = words.subject([incident], escape)
    safe["language_name"] = escape(one_line(words.language_of(incident)))
    return dict(safe)


def _harmless(value: Any, escape: Escape) -> Any:
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, dict):
        return {key: _harmless(each, escape) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_harmless(each, escape) for each in value]
    return value


def safe_change(change: Change, escape: Escape) -> dict[str, Any]:
    """A deployment under the names of its JSON, and `version`: what was deployed, in words."""
    view = msgspec.to_builtins(change, builtin_types=(datetime,))
    safe = _harmless(view, lambda text: escape(one_line(text)))
    return {**safe, "version": escape(one_line(version_text(change)))}


def _placed(command: str, places: Places) -> str:
    return f"{command} {places.options}" if command and places.options else command


def mute_line(incidents: Sequence[Incident]) -> str:
    """The command that silences just these, ready to paste: names from a log are quoted for the shell.

    Empty where there is nothing to name, as with what the agent says of itself, and where no one command is about just these.
    """
    first = incidents[0]
    if first.class_ == "monitor" or len({(one.service, one.environment, one.class_) for one in incidents}) > 1:
        return ""
    told: dict[str, set[str]] = {"service": {first.service}, "environment": {first.environment}, "class": {first.class_}}
    told["language"] = {one.language for one in incidents}
    return _fitting([f"--{name} {shlex.quote(clean(value))}" for name, values in told.items() for value in sorted(values)])


def _fitting(options: Sequence[str]) -> str:
    """Of too many languages it is all of the service, since half a command silences something else."""
    for given in (options, [option for option in options if not option.startswith("--language ")]):
        line = " ".join(("babelwatch mute add", *given, '--for 4h --reason "…"'))
        if len(line) <= LONGEST_COMMAND:
            return line
    return ""


def _fields(incidents: Sequence[Incident], escape: Escape) -> Iterator[Field]:
    """The short facts, only those that are there; of several incidents those that they share."""
    first, alone = incidents[0], len(incidents) == 1
    judged, over = first.class_ in words.JUDGES_QUALITY, all(one.state == "resolved" for one in incidents)

    def together(name: str) -> str:
        return words.shared(getattr(one, name) for one in incidents) or ""

    facts = {
        "Severity": first.severity,
        "Signal": words.SIGNALS[first.confirmed] if judged and alone else None,
        "Since": since(first) if alone else when(min((one.began_at for one in incidents if one.began_at), default=None)),
        "Resolved": ended(incidents) if over else None,
        "Reach": reach(first) if alone else None,
        "Probable cause": words.CAUSES[first.cause] if together("cause") else None,
        "Language": escape(one_line(words.language_of(first))) if alone and first.class_ != "monitor" else None,
        "Service": escape(one_line(together("service"))),
        "Environment": escape(one_line(together("environment"))),
        "Index version": escape(one_line(together("index_version"))),
        "Embedding model": escape(one_line(together("embedding_model"))),
    }
    return (Field(label, value) for label, value in facts.items() if value)


def reach(incident: Incident) -> str | None:
    """Whom it has reached: users where the log has sessions, else queries."""
    if incident.users:
        return f"about {incident.users:,} user{'s' * (incident.users > 1)}"
    return f"about {incident.queries:,} quer{'ies' if incident.queries > 1 else 'y'}" if incident.queries else None


def _links(incidents: Sequence[Incident], places: Places, escape: Escape) -> Iterator[Link]:
    """The alert's page, its language's, what the rule brings along, and traces; a URL too long to be whole is left out."""
    for label, url in _named(incidents, places).items():
        if len(url) <= LONGEST_URL and url.startswith(("http://", "https://")):
            yield Link(escape(capital(shorten(clean(label), 80))), escape(quoted(url)))


def _named(incidents: Sequence[Incident], places: Places) -> dict[str, str]:
    first, links = incidents[0], {}
    if places.external_url:
        base = places.external_url.rstrip("/")
        links["alert"] = f"{base}/alerts/{quote(first.fingerprint, safe='')}" if len(incidents) == 1 else f"{base}/alerts"
        if len(incidents) == 1 and first.language != ALL:
            links["language"] = f"{base}/languages/{quote(clean(first.language), safe='')}"
    links |= first.links
    traces = [id_ for id_ in first.exemplars if TRACE_ID.fullmatch(id_)]
    addresses = ((id_, trace_address(id_, places.trace_url)) for id_ in traces[:MOST_EXEMPLARS])
    return links | {f"trace {id_[:8]}": address for id_, address in addresses if address}


def trace_address(id_: str, trace_url: str | None) -> str | None:
    """Where the trace of a query stands; None of what is no trace id, and where there is no place for traces."""
    return quoted(trace_url.replace("{trace_id}", id_)) if trace_url and TRACE_ID.fullmatch(id_) else None


def since(incident: Incident) -> str | None:
    """`2026-11-16 08:14 UTC`, with its interval where that is wider than a minute."""
    if incident.began_at is None or incident.began_between is None:
        return when(incident.began_at)
    low, high = incident.began_between
    same_day = low.date() == high.date() == incident.began_at.date()
    form = "%H:%M" if same_day else "%m-%d %H:%M"
    return f"{when(incident.began_at)} ({low:{form}} to {high:{form}})" if high - low > MINUTE else when(incident.began_at)


def ended(incidents: Sequence[Incident]) -> str | None:
    """`2026-11-16 09:02 UTC (after 48 min)`: when the last of them ended, and how long after the first had begun."""
    last = max((one.resolved_at for one in incidents if one.resolved_at), default=None)
    first = min((one.began_at for one in incidents if one.began_at), default=None)
    if last is None or first is None:
        return when(last)
    return f"{when(last)} (after {duration(max((last - first) // MINUTE, 0))})"


def when(time: datetime | None) -> str | None:
    """`2026-11-16 08:14 UTC`."""
    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC") if time else None
