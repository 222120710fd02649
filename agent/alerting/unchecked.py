"""An active check that fails or is missed is told of, as an incident of its own with an end. Pure."""

from datetime import datetime
from typing import Final

from msgspec.structs import replace

from agent.alerting.incident import ALL, OWN, Incident, fingerprint, own_incident

LABEL: Final = "check"
"""The label that names the check."""


def incident(kind: str, name: str, since: datetime, said: str) -> Incident:
    """What is not known meanwhile, and why; `said` is what the check said."""
    what = words(kind, name)
    return own_incident(
        _fingerprint(kind, name),
        "warning",
        since,
        f"The {what} did not run: {said or 'it said nothing'}. Until it does, nothing is known from it.",
        began_at=since,
        pending_since=since,
        labels={LABEL: what},
        advice=f"Run it by hand: `babelwatch {'golden run DATASET --name' if kind == 'golden' else 'probe run --probe'} {name}`.",
    )


def over(firing: Incident, now: datetime) -> Incident:
    """It runs again."""
    summary = f"The {firing.labels[LABEL]} runs again."
    return replace(firing, state="resolved", resolved_at=now, summary=summary, advice="")


def check_of(incident: Incident) -> str | None:
    """Which check an incident says has failed, in words."""
    name = incident.labels.get(LABEL)
    return name if name is not None and incident.class_ == OWN else None


def words(kind: str, name: str) -> str:
    """`golden set “support”`."""
    return f"{'golden set' if kind == 'golden' else 'probe'} “{name}”"


def _fingerprint(kind: str, name: str) -> str:
    return fingerprint(kind, name, ALL, OWN)
