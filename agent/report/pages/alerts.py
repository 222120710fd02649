"""The page of all alerts: the loudest open one first, then what is over, then what is muted. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from msgspec.structs import replace

from agent.alerting.action import is_automatic, is_open
from agent.alerting.finding import SEVERITIES
from agent.alerting.incident import Incident
from agent.errors import Misconfigured, Mistake
from agent.notify.mute import Mute, State, state
from agent.notify.page import LONGEST_SUMMARY, reach
from agent.notify.text import capital, one_line
from agent.report.mute_table import recurring
from agent.report.mutes import row_of
from agent.report.pages import shown
from agent.report.query import FILTERS
from agent.report.views import NEVER, NO, matching

LATELY: Final = timedelta(days=14)
"""What is over for longer is shown when it is asked for."""
STATES: Final = ("firing", "pending", "resolved")


class Asked(NamedTuple):
    """What the address asks for: filters, a state (empty: any), and whether also what is over for long."""

    where: Mapping[str, str] = {}
    state: str = ""
    everything: bool = False


class AlertRow(NamedTuple):
    """One alert: the number first, how long it lasts or lasted, whom it has reached, and what people did with it."""

    incident: Incident
    headline: str
    lasts: timedelta | None
    reach: str
    people: Sequence[str]


class MuteRow(NamedTuple):
    """One mute: what it silences, until when, why and who; one of the file ends there and not here."""

    id: str
    silent: str
    until: str
    why: str
    who: str
    is_active: bool
    of_file: bool


class AlertsPage(NamedTuple):
    """`earlier`: how many are over for longer and not shown; `choices`: the values that each filter can have."""

    open: Sequence[AlertRow]
    over: Sequence[AlertRow]
    earlier: int
    mutes: Sequence[MuteRow]
    choices: Mapping[str, Sequence[str]]
    asked: Asked


def asked(words: Mapping[str, str]) -> Asked:
    """Read the words of an address; raises Misconfigured for what means nothing."""
    expected = (*FILTERS, "state", "all")
    mistakes = [Mistake("", key, f"unknown, expected one of {', '.join(expected)}") for key in sorted(words.keys() - {*expected})]
    if words.get("state", "") not in ("", *STATES):
        mistakes.append(Mistake("", "state", f"{words['state']!r}: expected one of {', '.join(STATES)}"))
    if mistakes:
        raise Misconfigured(mistakes)
    where = {key: words[key] for key in FILTERS if words.get(key)}
    return Asked(where, words.get("state", ""), words.get("all", "") not in NO)


def page(known: Sequence[Incident], mutes: Iterable[Mute], wanted: Asked, now: datetime) -> AlertsPage:
    """Of all incidents those that are wanted, with the mutes that count now or later."""
    meant = [one for one in matching(known, wanted.where) if wanted.state in ("", one.state)]
    over = sorted((one for one in meant if not is_open(one)), key=_ended, reverse=True)
    lately = [one for one in over if wanted.everything or now - _ended(one) < LATELY]
    return AlertsPage(
        [row(one, now) for one in sorted(filter(is_open, meant), key=loudness)],
        [row(one, now) for one in lately],
        len(over) - len(lately),
        [mute_row(one, now) for one in mutes if state(one, now) in {State.ACTIVE, State.WAITING}],
        {name: sorted({getattr(one, name) for one in known} - {""}) for name in ("language", "service", "environment")},
        wanted,
    )


def loudness(incident: Incident) -> tuple[object, ...]:
    """The place among open ones: what fires before what is pending, then severity, whom it has reached, and how far it fell."""
    reached = incident.users or incident.queries or 0
    return incident.state != "firing", -SEVERITIES.index(incident.severity), -reached, -(incident.drop or 0.0), incident.language


def headline(incident: Incident) -> str:
    """What it is, the number first, also once it is over."""
    return capital(shown.headline(replace(incident, state="firing")))


def row(incident: Incident, now: datetime) -> AlertRow:
    """An alert as a list shows it."""
    return AlertRow(incident, headline(incident), lasts(incident, now), reach(incident) or "", people(incident))


def begun(incident: Incident) -> datetime:
    """When it began, as far as that is known."""
    return incident.began_at or incident.pending_since or incident.fired_at or NEVER


def lasts(incident: Incident, now: datetime) -> timedelta | None:
    """How long it is open, or was; None for a piece of news, which has no beginning."""
    if incident.began_at is None:
        return None
    return (incident.resolved_at or now) - incident.began_at


def people(incident: Incident) -> list[str]:
    """What people did with it, in a few words each."""
    told = [f"muted until {shown.when(incident.muted_until)}" if incident.muted_until else "muted"] if incident.muted_by else []
    by = f" by {one_line(incident.handled_by)}" if incident.handled_by else ""
    if incident.verdict:
        return [*told, f"closed as {incident.verdict}{by}"]
    if incident.accepted_at:
        return [*told, "ended after 14 days" if is_automatic(incident) else f"accepted{by}"]
    return [*told, f"acknowledged{by}, {shown.when(incident.acknowledged_at)}"] if incident.acknowledged_at else told


def mute_row(mute: Mute, now: datetime) -> MuteRow:
    """A mute as the list shows it."""
    silent = ", ".join(f"{one_line(name)} {' or '.join(map(_value, values))}" for name, values in mute.match.items())
    return MuteRow(
        mute.id,
        silent or "everything",
        _until(mute, now),
        one_line(mute.reason, LONGEST_SUMMARY),
        one_line(mute.author),
        state(mute, now) is State.ACTIVE,
        mute.source == "file",
    )


def _value(value: str) -> str:
    return "of all languages together" if value == "*" else one_line(value) or "(none)"


def _until(mute: Mute, now: datetime) -> str:
    since = f"from {shown.when(mute.starts_at)} " if mute.starts_at and mute.starts_at > now else ""
    until = f"until {shown.when(mute.ends_at)}" if mute.ends_at else "without an end"
    return since + until + "".join(f"; {recurring(one)}" for one in row_of(mute, now)["windows"])


def _ended(incident: Incident) -> datetime:
    return incident.resolved_at or incident.accepted_at or incident.acknowledged_at or incident.fired_at or NEVER
