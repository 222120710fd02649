"""Which section of the runbook an incident leads to, and its address. Pure; the text is `docs/runbook.md`."""

from typing import Final, Literal

from msgspec.structs import replace

from agent.alerting import blind
from agent.alerting.incident import Cause, Incident
from agent.alerting.rule import LABELS, SHARES
from agent.alerting.unchecked import check_of
from agent.alerting.weighing import GOLDEN
from agent.notify.trouble import receiver_of

Section = Literal[
    "drop", "gap", "low", "vanished", "share", "lag", "golden", "first-look", "check", "receiver", "lost", "caught-up"
]
"""The kinds of rules, and what is told without a rule."""
PATH: Final = "/runbook"
LINK: Final = "runbook"
"""What the link is called; an annotation of this name, which the rule gives, takes its place."""


def section(incident: Incident) -> Section:
    """The kind of the rule that leads it, or what else it is; a rule may have any name, so that is not asked."""
    match incident.class_:
        case "change":
            return _of_change(incident)
        case "level":
            return _of_level(incident)
        case "volume":
            return "vanished"
        case "monitor":
            return _of_own(incident)


def of_cause(cause: Cause) -> str:
    """The section of a cause."""
    return f"cause-{cause}"


def linked(incident: Incident, external_url: str | None) -> Incident:
    """With a link to its section where the pages have an address; that of its rule wins."""
    if external_url is None:
        return incident
    address = f"{external_url.rstrip('/')}{PATH}#{section(incident)}"
    return replace(incident, links={LINK: address, **incident.links})


def _of_change(incident: Incident) -> Section:
    if (incident.rule or "").startswith(GOLDEN):
        return "golden"
    return "share" if incident.metric in SHARES.values() else "drop"


def _of_level(incident: Incident) -> Section:
    """A first look is of no one rule."""
    if incident.rule is None:
        return "first-look"
    return "gap" if incident.metric == LABELS else "low"


def _of_own(incident: Incident) -> Section:
    if receiver_of(incident):
        return "receiver"
    if check_of(incident):
        return "check"
    if incident.fingerprint == blind.FINGERPRINT:
        return "lag"
    return "caught-up" if incident.severity == "info" else "lost"
