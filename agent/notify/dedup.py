"""Whether a receiver is told of an incident now: pure, and the answer is a named reason.

The reason is a field of the log line, a label of the metric and the name of a test.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Literal, NamedTuple

from agent.alerting.finding import SEVERITIES
from agent.alerting.incident import Confirmed, Incident, Severity, State

TRY_AGAIN: Final = timedelta(hours=1)
"""After a receiver has refused a message for good: somebody may have mended it."""


class Reason(StrEnum):
    """Why a receiver is told, or why not."""

    FIRST = "first"
    REOPENED = "reopened"
    ESCALATED = "escalated"
    WEIGHED = "weighed"  # confirmed, or not confirmed, by a second kind of evidence
    REPEAT_DUE = "repeat_due"
    RESOLVED = "resolved"
    DEPLOYMENT = "deployment"
    REPORT = "report"
    MUTED = "muted"
    INHIBITED = "inhibited"
    NOT_WORTH_TELLING = "not_worth_telling"
    NEVER_FIRED = "never_fired"
    ALREADY_SENT = "already_sent"
    ACKNOWLEDGED = "acknowledged"
    FAILED_LATELY = "failed_lately"

    @property
    def tells(self) -> bool:
        """Whether a message goes out."""
        return self in TELLING

    @property
    def begins(self) -> bool:
        """Whether it begins a thread."""
        return self in {Reason.FIRST, Reason.REOPENED}


TELLING: Final = frozenset({
    Reason.FIRST, Reason.REOPENED, Reason.ESCALATED, Reason.WEIGHED, Reason.REPEAT_DUE, Reason.RESOLVED, Reason.DEPLOYMENT,
    Reason.REPORT,
})  # fmt: skip


class Told(NamedTuple):
    """What a receiver is told last of an incident; `follows_up`: that its channel can add to what it was told.

    `before`: what it was told earlier, until this has arrived.
    """

    state: State
    severity: Severity
    confirmed: Confirmed
    at: datetime
    outcome: Literal["queued", "sent", "failed"] = "sent"
    follows_up: bool = False
    before: "Told | None" = None


def decide(incident: Incident, told: Told | None, now: datetime, repeat: timedelta | None) -> Reason:
    """Weigh an incident against what the receiver was told of it last; `repeat` None: never told again.

    An end is told only to those who were told of the fire. What fires again under the same identity is told again: a
    message too many does less harm than a silent fall.
    """
    if incident.state == "pending":
        return Reason.NOT_WORTH_TELLING
    if told is not None and told.outcome == "failed" and told.state == incident.state and now - told.at < TRY_AGAIN:
        return Reason.FAILED_LATELY
    known = heard(told)
    if incident.state == "resolved":
        return _of_end(known)
    if known is None:
        return Reason.FIRST
    return Reason.REOPENED if known.state == "resolved" else _of_fire(incident, known, now, repeat)


def heard(told: Told | None) -> Told | None:
    """What has arrived, or is still to be sent: what was refused for good is not."""
    return heard(told.before) if told is not None and told.outcome == "failed" else told


def _of_end(told: Told | None) -> Reason:
    if told is None:
        return Reason.NEVER_FIRED
    return Reason.RESOLVED if told.state == "firing" else Reason.ALREADY_SENT


def _of_fire(incident: Incident, told: Told, now: datetime, repeat: timedelta | None) -> Reason:
    if SEVERITIES.index(incident.severity) > SEVERITIES.index(told.severity):
        return Reason.ESCALATED
    if told.follows_up and incident.confirmed != told.confirmed:
        return Reason.WEIGHED
    if incident.confirmed == "no" or repeat is None or now - told.at < repeat:
        return Reason.ALREADY_SENT
    return Reason.ACKNOWLEDGED if incident.acknowledged_at else Reason.REPEAT_DUE
