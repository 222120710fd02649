"""From verdicts to incidents: pending, firing, resolved. Pure: what is, what is seen now, and what becomes of it.

A fall is pending at its first breach and fires after enough consecutive evaluations in breach; a pending one that clears was
nothing and leaves no trace. A firing one ends by evidence of recovery alone: no data is never a resolution. What joins
an open incident is added silently.
"""

from typing import Final, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from agent.alerting.finding import Finding, louder
from agent.alerting.incident import Confirmed, Incident
from agent.alerting.minutes import end_of

KEPT: Final = (
    "state",
    "began_at",
    "began_between",
    "pending_since",
    "fired_at",
    "where",
    "advice",
    "exemplars",
)  # when labels take the lead


class Pace(NamedTuple):
    """How many consecutive evaluations it takes."""

    fire: int
    resolve: int


class Observation(NamedTuple):
    """One evaluation of one language.

    `in_a_row` is the number of evaluations in breach up to now, where the observer knows of more than it has shown.
    `recovered` is the sentence that says so when this evaluation shows recovery, `refuted` the same when labels show
    that only scores fell.
    """

    breach: Finding | None = None
    in_a_row: int = 1
    recovered: str = ""
    refuted: str = ""


class Standing(Struct, frozen=True):
    """An incident with the counts that its next step needs."""

    incident: Incident
    breaching: int = 1
    recovering: int = 0


def step(standing: Standing | None, seen: Observation, minute: int, pace: Pace) -> Standing | None:
    """What becomes of an incident at the end of this minute; None: there is none."""
    if standing is None or standing.incident.state == "pending":
        return _building(standing, seen, minute, pace)
    return _burning(standing, seen, minute, pace)


def transition(before: Standing | None, after: Standing | None) -> Incident | None:
    """The new state, if it is one to tell: firing or resolved. Pending comes and goes unsaid."""
    if after is None or after.incident.state == "pending" or (before is not None and before.incident.state == after.incident.state):
        return None
    return after.incident


def _building(standing: Standing | None, seen: Observation, minute: int, pace: Pace) -> Standing | None:
    if seen.breach is None:
        return None
    breaching = max(standing.breaching + 1 if standing else 1, seen.in_a_row)
    if standing and breaching < pace.fire:
        return replace(standing, breaching=breaching)
    incident = seen.breach.incident()
    since = standing.incident.pending_since if standing else end_of(minute)
    if breaching < pace.fire:
        return Standing(replace(incident, pending_since=since), breaching)
    began = standing.incident.began_at if standing else incident.began_at
    return Standing(replace(incident, state="firing", began_at=began, pending_since=since, fired_at=end_of(minute)), breaching)


def _burning(standing: Standing, seen: Observation, minute: int, pace: Pace) -> Standing:
    better = seen.recovered or seen.refuted
    recovering = standing.recovering + 1 if better else 0
    if recovering >= pace.resolve:
        return Standing(_resolved(standing.incident, seen, minute), 0, recovering)
    incident = _joined(standing.incident, seen.breach) if seen.breach is not None else standing.incident
    return Standing(incident, standing.breaching, recovering)


def _resolved(incident: Incident, seen: Observation, minute: int) -> Incident:
    confirmed: Confirmed = incident.confirmed if seen.recovered or incident.confirmed == "yes" else "no"
    return replace(
        incident, state="resolved", resolved_at=end_of(minute), confirmed=confirmed, summary=seen.recovered or seen.refuted
    )


def _joined(incident: Incident, finding: Finding) -> Incident:
    """The incident with new evidence in it; nothing changes while the same rules see the same measures.

    Where labels join what they had not confirmed, they lead: the figures become theirs; what was found out stays.
    """
    known = {(one.rule, one.metric) for one in incident.evidence}
    fresh = tuple(one for one in finding.evidence if (one.rule, one.metric) not in known)
    if not fresh:
        return incident
    now = finding.incident()
    severity = louder(incident.severity, now.severity)
    if finding.confirmed != "yes" or incident.confirmed == "yes":
        return replace(incident, severity=severity, evidence=(*incident.evidence, *fresh))
    kept = {name: getattr(incident, name) for name in KEPT}
    cause = now.cause if incident.cause == "unknown" else incident.cause
    return replace(now, severity=severity, cause=cause, evidence=(*fresh, *incident.evidence), **kept)
