"""What a person does with an incident: looks at it, accepts the new level, or ends it with a verdict. Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from agent.alerting.incident import Incident
from agent.alerting.summary import points
from agent.language.codes import display_name
from agent.records import row_id

Name = Literal["ack", "accept", "close"]
Verdict = Literal["real", "false", "expected"]

PATIENCE: Final = timedelta(days=14)
AUTOMATIC: Final = "babelwatch, after 14 days"
"""Who has accepted what nobody did anything about."""


class Action(Struct, frozen=True):
    """Something that a person did with the incident of this fingerprint that began at `began_at`.

    `ack`: somebody looks at it. `accept`: the new level becomes the baseline. `close`: it is over, and what it was.
    """

    fingerprint: str
    began_at: datetime | None
    action: Name
    at: datetime
    verdict: Verdict | None = None
    note: str = ""
    by: str = ""

    @property
    def id(self) -> str:
        """The same for the same action on the same incident: done twice it is one row."""
        return row_id(f"{self.fingerprint}/{self.began_at and self.began_at.isoformat()}/{self.action}")


def given_up(incident: Incident, now: datetime) -> Action | None:
    """The acceptance of a fall that fires for 14 days: it ends the page, and leaves the fixed reference where it is."""
    if incident.class_ != "change" or incident.state != "firing" or incident.fired_at is None or now - incident.fired_at < PATIENCE:
        return None
    return Action(incident.fingerprint, incident.began_at, "accept", now, by=AUTOMATIC)


def is_automatic(incident: Incident) -> bool:
    """Whether it was accepted by time and not by a person."""
    return incident.accepted_at is not None and incident.handled_by == AUTOMATIC


def again(before: Action, now: Action) -> Action:
    """The action done once more: the first time counts, unless the verdict is another one; what is left out stays.

    A note stays that of its author: who does it again without a word does not sign the other's.
    """
    at = before.at if before.verdict == now.verdict else now.at
    signed = now.by or before.by if now.note or not before.note else before.by or now.by
    return replace(now, at=at, note=now.note or before.note, by=signed)


def refusal(incident: Incident, action: Name) -> str:
    """Why this cannot be done with the incident; empty where it can."""
    if incident.state == "resolved" and action != "close":
        return "is over: only a verdict can be given, with `close`"
    if incident.class_ != "change" and action == "accept":
        return "is no fall, so that there is no baseline to move: `close` it with the verdict `expected`"
    return ""


def is_about(action: Action, incident: Incident) -> bool:
    """Whether the action was done with this very incident: the fingerprint comes again, the time does not."""
    return (action.fingerprint, action.began_at) == (incident.fingerprint, incident.began_at)


def handled(incident: Incident, actions: Iterable[Action]) -> Incident:
    """The incident with what was done with it; whoever accepts or closes it has looked at it too."""
    done = sorted((action for action in actions if is_about(action, incident)), key=lambda action: action.at)
    if not done:
        return incident
    by = next((action.by for action in reversed(done) if action.by), incident.handled_by)
    return replace(
        incident,
        acknowledged_at=done[0].at,
        accepted_at=next((action.at for action in done if action.action == "accept"), incident.accepted_at),
        verdict=next((action.verdict for action in done if action.action == "close"), None),
        note=next((action.note for action in reversed(done) if action.note), ""),
        handled_by=AUTOMATIC if is_automatic(incident) else by,
    )


def ended_by_hand(incident: Incident) -> bool:
    """Whether it is over because a person said so."""
    handled = incident.verdict is not None or incident.accepted_at is not None
    return handled and incident.state == "resolved" and not is_automatic(incident)


def is_open(incident: Incident) -> bool:
    """Whether it asks for somebody: what a person has ended is over for people before the evaluator has come to that minute."""
    return incident.state != "resolved" and incident.verdict is None and incident.accepted_at is None


def ended_by(action: Action, incident: Incident, now: datetime) -> Incident | None:
    """The firing incident as a person ended it; None where the action ends nothing."""
    if incident.state != "firing" or not is_about(action, incident) or action.action == "ack":
        return None
    fallen = f" It had fallen {points(incident.drop)} points." if incident.class_ == "change" and incident.drop else ""
    note = f" “{action.note}”" if action.note else ""
    summary = f"{display_name(incident.language)}: {_word(action)}.{note}{fallen}"
    return replace(handled(incident, [action]), state="resolved", resolved_at=now, summary=summary)


def _word(action: Action) -> str:
    if action.by == AUTOMATIC:
        return (
            "still fallen after 14 days, and nothing more is sent of that: the new level counts as usual, its fixed reference stays"
        )
    by = f" by {action.by}" if action.by else ""
    return (
        f"accepted{by}: the new level is the usual one from now on"
        if action.action == "accept"
        else f"closed{by} as {action.verdict}"
    )
