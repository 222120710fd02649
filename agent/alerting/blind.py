"""Whether the agent sees what happens: the rule on its own blindness, on wall time. Pure."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from msgspec.structs import replace

from agent.alerting.finding import links_of
from agent.alerting.incident import ALL, Incident, Severity, fingerprint, own_incident
from agent.alerting.rule import LagRule

MINUTE = timedelta(minutes=1)
FINGERPRINT: Final = fingerprint("", "", ALL, "monitor")  # of this one incident


class Reason(StrEnum):
    """What is known of the agent's sight."""

    SEES = "sees"
    JUST_BEGUN = "just_begun"
    NOTHING_YET = "nothing_yet"
    BLIND = "blind"
    UNWATCHED = "unwatched"


def decide(as_of: datetime | None, started: datetime, now: datetime, rule: LagRule | None) -> Reason:
    """Blind is who has not evaluated anything newer than so many minutes, for as long; an agent that begins may catch up first.

    No rule: nobody asks.
    """
    if rule is None:
        return Reason.UNWATCHED
    patience = rule.for_minutes * MINUTE
    if as_of is None:
        return Reason.NOTHING_YET
    if now - as_of < patience:
        return Reason.SEES
    return Reason.JUST_BEGUN if now - started < patience else Reason.BLIND


def incident(as_of: datetime, now: datetime, rule: LagRule) -> Incident:
    """The alert: known by the moment up to which everything was evaluated, so that all replicas tell the same one."""
    severity: Severity = "warning" if rule.severity == "auto" else rule.severity
    minutes = (now - as_of) // MINUTE
    return own_incident(
        FINGERPRINT,
        severity,
        now,
        cause="ingest",
        began_at=as_of,
        pending_since=as_of,
        rule=rule.name,
        links=links_of(rule),
        labels=rule.labels,
        annotations=rule.annotations,
        summary=(
            f"babelwatch is blind: nothing newer than {as_of.astimezone(UTC):%Y-%m-%d %H:%M} UTC has been evaluated for {minutes} min."
            " Until it goes on, no alert does not mean that all is well."
        ),
    )


def over(firing: Incident, reason: Reason, now: datetime) -> Incident:
    """The end of it."""
    sees = "babelwatch sees again: evaluation has caught up, and what happened meanwhile is evaluated."
    unwatched = f"No longer watched whether babelwatch is blind: the rule {firing.rule} was removed."
    summary = unwatched if reason is Reason.UNWATCHED else sees
    return replace(firing, state="resolved", resolved_at=now, summary=summary)
