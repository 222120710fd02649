"""The page of one alert: what it is, what to do, what happened, how it was decided, and what can be done with it. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from agent.alerting.action import Name as ActionName
from agent.alerting.action import Verdict, is_open, refusal
from agent.alerting.incident import Incident, identity_of, is_own
from agent.errors import Misconfigured, Mistake
from agent.notify import words
from agent.notify.labels import web_address
from agent.notify.mute import Mute
from agent.notify.page import LONGEST_SUMMARY, LONGEST_URL, MOST_EXEMPLARS, SHORT, mute_line, trace_address
from agent.notify.runbook import PATH, of_cause, section
from agent.notify.text import capital, one_line, shorten
from agent.report import explain
from agent.report.pages import alerts
from agent.report.pages.alerts import MuteRow, begun, headline, lasts
from agent.report.pages.around import Around
from agent.report.pages.decision import Decision, decisions
from agent.report.pages.known import Fact, facts
from agent.report.pages.past import Past
from agent.report.pages.timeline import Moment, timeline
from agent.times import parse_time

MARGIN: Final = timedelta(hours=6)
"""So much before and after it the language's page shows."""
DO: Final[Mapping[ActionName, tuple[str, str]]] = {
    "ack": ("Acknowledge", "Somebody looks at it: it stays open and shows who and when, and reminders stop."),
    "accept": ("Accept", "This is how it is now: the alert is over, and the new level is what is usual from here on."),
    "close": ("Close", "It is over, and this is what it was."),
}
VERDICTS: Final[Mapping[Verdict, str]] = {
    "real": "it broke, and is mended or known; its time is not taken for usual",
    "false": "there was nothing; its time counts as usual",
    "expected": "it was so on purpose, such as a test; its time counts as usual",
}
LENGTHS: Final = ("1h", "4h", "1d", "7d")


class Link(NamedTuple):
    """An address that can be followed; None: a name alone."""

    name: str
    url: str | None = None


class Button(NamedTuple):
    """Something that can be done with it now, and what that does."""

    action: ActionName
    name: str
    does: str


class Silence(NamedTuple):
    """What a mute of it would be about: the fields of its form, and the same in words."""

    match: Mapping[str, str]
    told: str


class Other(NamedTuple):
    """Another incident of the same fingerprint."""

    incident: Incident
    at: str
    lasted: timedelta | None


class AlertPage(NamedTuple):
    """`is_newest`: what is done with this fingerprint is done with this one. `around`: words of the language's page around it."""

    incident: Incident
    headline: str
    lasts: timedelta | None
    is_open: bool
    is_newest: bool
    summary: str
    advice: str
    commands: Sequence[str]
    facts: Sequence[Fact]
    moments: Sequence[Moment]
    chart: Around | None
    traces: Sequence[Link]
    links: Sequence[Link]
    around: Mapping[str, str]
    decisions: Sequence[Decision]
    explained: str
    buttons: Sequence[Button]
    silence: Silence | None
    mute: MuteRow | None
    others: Sequence[Other]


def asked(words: Mapping[str, str], now: datetime) -> datetime | None:
    """The time of an earlier incident, where the address names one; raises Misconfigured."""
    if unknown := sorted(words.keys() - {"at"}):
        raise Misconfigured([Mistake("", key, "unknown, expected `at`") for key in unknown])
    try:
        return parse_time(words["at"], now) if words.get("at") else None
    except ValueError as expected:
        raise Misconfigured([Mistake("", "at", f"expected {expected}")]) from expected


class Known(NamedTuple):
    """What was read: the incident, all of its fingerprint, whether people can act on it, its past, its chart, and the mute in force."""

    incident: Incident
    same: Sequence[Incident]
    can_act: bool
    past: Past
    chart: Around | None = None
    rests_on: str = ""
    mute: Mute | None = None


def page(known: Known, now: datetime, trace_url: str | None = None) -> AlertPage:
    """Everything about it; `trace_url` has `{trace_id}` in it."""
    incident = known.incident
    newest = max(known.same, key=begun, default=incident)
    is_newest = identity_of(newest) == identity_of(incident)
    can_act = known.can_act and is_newest
    return AlertPage(
        incident=incident,
        headline=headline(incident),
        lasts=lasts(incident, now),
        is_open=is_open(incident),
        is_newest=is_newest,
        summary=one_line(incident.summary, LONGEST_SUMMARY),
        advice=one_line(words.advice(incident), LONGEST_SUMMARY) if is_open(incident) else "",
        commands=commands(incident) if can_act else (),
        facts=list(facts(incident, known.rests_on, now)),
        moments=timeline(incident, known.past, now),
        chart=known.chart,
        traces=traces(incident, trace_url),
        links=links(incident),
        around=around(incident, now),
        decisions=decisions(incident),
        explained=explain.text(incident),
        buttons=buttons(incident) if can_act else (),
        silence=silence(incident) if can_act else None,
        mute=alerts.mute_row(known.mute, now) if known.mute else None,
        others=[
            Other(one, begun(one).isoformat(), lasts(one, now)) for one in known.same if identity_of(one) != identity_of(incident)
        ],
    )


def buttons(incident: Incident) -> list[Button]:
    """What makes sense in its state: what is over can only be given a verdict, and only a fall has a level to accept."""
    done = {"ack": incident.acknowledged_at, "accept": incident.accepted_at, "close": None}
    possible = [action for action in DO if not refusal(incident, action) and not done[action]]
    if not is_open(incident):
        possible = [action for action in possible if action == "close"]
    return [_button(incident, action) for action in possible]


def _button(incident: Incident, action: ActionName) -> Button:
    name, does = DO[action]
    if action != "close" or is_open(incident):
        return Button(action, name, does)
    if incident.verdict:
        return Button(action, "Change the verdict", f"It was closed as {incident.verdict}; another verdict takes its place.")
    return Button(action, "Give a verdict", "It is over; a verdict says what it was.")


def silence(incident: Incident) -> Silence | None:
    """What a mute would be about; None where nothing is told anyway, or where it would silence more than this."""
    if is_own(incident) or not is_open(incident) or incident.muted_by:
        return None
    match = {
        "language": incident.language,
        "service": incident.service,
        "environment": incident.environment,
        "class": incident.class_,
    }
    place = " · ".join(one_line(name) for name in (incident.service, incident.environment) if name)
    who = one_line(words.language_of(incident))
    return Silence(match, f"{who}{f' in {place}' if place else ''}, class {incident.class_}")


def commands(incident: Incident) -> list[str]:
    """The same on a command line."""
    name = incident.fingerprint[:SHORT]
    done = [
        f"babelwatch alerts {action} {name}" for action in ("ack", "accept") if action in {one.action for one in buttons(incident)}
    ]
    closing = f"babelwatch alerts close {name} --verdict {'|'.join(VERDICTS)}"
    muting = mute_line([incident]) if is_open(incident) else ""
    return [f"babelwatch alerts explain {name}", *done, closing, *([muting] if muting else [])]


def traces(incident: Incident, trace_url: str | None) -> list[Link]:
    """Example queries: ids of traces lead there, others are ids."""
    return [Link(one_line(id_), trace_address(id_, trace_url)) for id_ in incident.exemplars[:MOST_EXEMPLARS]]


def links(incident: Incident) -> list[Link]:
    """Where the runbook tells of it, and where the rule says to read on; only what a browser opens over HTTP."""
    named = ((capital(shorten(one_line(name), 80)), web_address(url)) for name, url in incident.links.items())
    return [*runbook_links(incident), *(Link(name, url) for name, url in named if url and len(url) <= LONGEST_URL)]


def runbook_links(incident: Incident) -> list[Link]:
    """What to do about its kind, and about its cause, which nothing has that the agent says of itself."""
    kind = section(incident)
    about = Link(f"Runbook: {kind}", f"{PATH}#{kind}")
    cause = Link(f"Runbook: cause {incident.cause}", f"{PATH}#{of_cause(incident.cause)}")
    return [about] if is_own(incident) else [about, cause]


def around(incident: Incident, now: datetime) -> dict[str, str]:
    """The words with which the language's page shows this time and place."""
    start, end = begun(incident) - MARGIN, min((incident.resolved_at or now) + MARGIN, now)
    times = {"from": f"{start:%Y-%m-%dT%H:%M:%SZ}", "to": f"{end:%Y-%m-%dT%H:%M:%SZ}"}
    return times | {name: value for name in ("service", "environment") if (value := getattr(incident, name))}
