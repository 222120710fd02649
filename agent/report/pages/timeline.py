"""What happened with an incident, in order: deployments, what the rules saw, who was told, what people did. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Final, Literal, NamedTuple

from agent.alerting.action import AUTOMATIC, Action
from agent.alerting.incident import Incident, is_own
from agent.alerting.summary import version_text
from agent.notify import words
from agent.notify.dedup import Reason
from agent.notify.mute import Mute
from agent.notify.page import LONGEST_SUMMARY
from agent.notify.text import capital, one_line
from agent.report.pages.past import Deployed, Past, Stage, Told
from agent.report.pages.shown import when
from agent.store.base import MINUTE

Kind = Literal["deployed", "began", "pending", "fired", "weighed", "told", "people", "resolved"]

ORDER: Final[Sequence[Kind]] = ("deployed", "began", "pending", "fired", "weighed", "told", "people", "resolved")
"""Of what happened at the same time."""
SOON: Final = MINUTE
NEWS: Final[Mapping[Reason, str]] = {
    Reason.FIRST: "the first message",
    Reason.REOPENED: "that it fires again",
    Reason.ESCALATED: "that it is louder now",
    Reason.WEIGHED: "what a golden set says of it",
    Reason.REPEAT_DUE: "that it still fires",
    Reason.RESOLVED: "that it is over",
}
DONE: Final = {"ack": "Acknowledged", "accept": "Accepted", "close": "Closed"}


class Moment(NamedTuple):
    """Something that happened; `times` in a row, the last time at `until`."""

    at: datetime
    kind: Kind
    what: str
    more: str = ""
    times: int = 1
    until: datetime | None = None


def timeline(incident: Incident, past: Past, now: datetime) -> list[Moment]:
    """Everything up to now, the newest last; the same thing many times in a row is one line."""
    moments = [
        *map(_deployed, past.deployed),
        *_life(incident, past.stages),
        *_changes([one for one in past.stages if one.incident.state == "firing"]),
        *(Moment(one.at, "weighed", "A golden set was asked", one_line(one.sentence, LONGEST_SUMMARY)) for one in past.weighings),
        *_told(past.told),
        *map(_act, past.actions),
        *(moment for mute in past.mutes for moment in _mute(mute) if moment.at <= now),
    ]
    return list(_in_a_row(sorted(moments, key=lambda one: (one.at, ORDER.index(one.kind)))))


def _deployed(one: Deployed) -> Moment:
    where = f" in {one_line(one.change.collection)}" if one.change.collection else ""
    return Moment(one.change.at, "deployed", f"Deployed: {version_text(one.change)}{where}", _said(one.by, one.note))


def _life(incident: Incident, stages: Sequence[Stage]) -> Iterator[Moment]:
    """From its beginning to its end."""
    first = next((one.incident for one in stages if one.incident.state == "firing"), incident)
    if incident.began_at:
        yield Moment(incident.began_at, "began", "Began", _between(incident))
    if incident.pending_since and not is_own(incident):
        yield Moment(incident.pending_since, "pending", "Pending: a rule saw it for the first time", _patience(first))
    if incident.fired_at:
        judged = incident.class_ in words.JUDGES_QUALITY
        signal = capital(words.SIGNALS[first.confirmed]) + "." if judged else ""
        told = "" if incident.state == "firing" else one_line(first.summary, LONGEST_SUMMARY) if first is not incident else ""
        yield Moment(incident.fired_at, "fired", f"Fired as {first.severity}", f"{signal} {told}".strip())
    if incident.resolved_at:
        yield Moment(incident.resolved_at, "resolved", "Resolved", one_line(incident.summary, LONGEST_SUMMARY))


def _between(incident: Incident) -> str:
    if incident.began_between is None or incident.began_between[1] - incident.began_between[0] <= MINUTE:
        return ""
    low, high = incident.began_between
    return f"95 % interval: {when(low)} to {when(high)}"


def _patience(incident: Incident) -> str:
    """How long it has to last, where its strongest evidence says so."""
    workings = incident.evidence[0].workings if incident.evidence else None
    return f"It fires after {workings.for_minutes} such minutes in a row." if workings else ""


def _changes(stages: Iterable[Stage]) -> Iterator[Moment]:
    """How loud and how certain it became."""
    for before, after in pairwise(stages):
        was, now = before.incident, after.incident
        if was.severity != now.severity:
            yield Moment(after.at, "fired", f"Severity: {now.severity}, it was {was.severity}")
        if was.confirmed != now.confirmed:
            yield Moment(after.at, "weighed", f"Signal: {words.SIGNALS[now.confirmed]}; it was {words.SIGNALS[was.confirmed]}")


def _told(told: Iterable[Told]) -> Iterator[Moment]:
    """One moment for all receivers that heard the same at the same time."""
    groups: defaultdict[tuple[datetime, str, str], list[str]] = defaultdict(list)
    for one in told:
        at = one.notification.at.replace(second=0, microsecond=0)
        groups[at, *_became(one)].append(one_line(one.notification.receiver))
    for (at, what, more), receivers in groups.items():
        yield Moment(at, "told", what.format(", ".join(dict.fromkeys(receivers))), more)


def _became(told: Told) -> tuple[str, str]:
    """What became of a message, with a place for the receivers, and what it was."""
    news, delivery = NEWS.get(told.notification.reason, "a message"), told.delivery
    if delivery is None:
        return "Waits to be told: {}", news
    if delivery.outcome == "failed":
        return "Could not be told: {}", one_line(delivery.error or news, LONGEST_SUMMARY)
    if delivery.outcome == "replaced":
        return "Not told: {}", f"{news}; a later message says all of it"
    late = delivery.at - told.notification.posted_at > SOON
    return "Told: {}", f"{news}, which arrived at {when(delivery.at)}" if late else news


def _act(action: Action) -> Moment:
    verdict = f" as {action.verdict}" if action.verdict else ""
    if action.by == AUTOMATIC:
        return Moment(action.at, "people", "Ended by itself: it had fired for 14 days")
    by = f" by {one_line(action.by)}" if action.by else ""
    return Moment(action.at, "people", f"{DONE[action.action]}{verdict}{by}", one_line(action.note, LONGEST_SUMMARY))


def _mute(mute: Mute) -> Iterator[Moment]:
    by = f" by {one_line(mute.author)}" if mute.author else ""
    if since := mute.starts_at or mute.created_at:
        until = f" until {when(mute.ends_at)}" if mute.ends_at else ""
        yield Moment(since, "people", f"Muted{by}{until}", one_line(mute.reason, LONGEST_SUMMARY))
    if mute.removed_at:
        yield Moment(mute.removed_at, "people", "The mute was ended")
    elif mute.ends_at:
        yield Moment(mute.ends_at, "people", "The mute was over")


def _said(by: str, note: str) -> str:
    lead = f"announced by {one_line(by)}" if by else ""
    return ": ".join(part for part in (lead, one_line(note, LONGEST_SUMMARY)) if part)


def _in_a_row(moments: Iterable[Moment]) -> Iterator[Moment]:
    """The same several times in a row is told once."""
    held: Moment | None = None
    for one in moments:
        if held is not None and (held.kind, held.what, held.more) == (one.kind, one.what, one.more):
            held = held._replace(times=held.times + 1, until=one.at)
            continue
        if held is not None:
            yield held
        held = one
    if held is not None:
        yield held
