"""Whether any rule still looks at what an incident is about: after an edit of the rules it could fire for ever. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final

from msgspec.structs import replace

from agent.alerting.incident import ALL, Incident
from agent.alerting.rule import DropRule, GapRule, LowRule, Rule, ShareRule, VanishedRule
from agent.alerting.summary import RARE
from agent.language.codes import display_name

SEVERAL: Final = (ALL, RARE)  # what stands for several languages, of which a rule may name some


class Reason(StrEnum):
    """What the rules of now have to do with an incident."""

    WATCHED = "watched"
    REMOVED = "removed"
    LEFT_OUT = "left_out"

    @property
    def text(self) -> str:
        """What became of its rule, in words."""
        return "was removed" if self is Reason.REMOVED else "leaves it out now"


def decide(incident: Incident, rules: Sequence[Rule]) -> Reason:
    """Whether one of the rules can end it; what the agent says of itself is no rule's of these."""
    if incident.class_ == "monitor" or any(_admits(rule, incident) for rule in _enders(incident, rules)):
        return Reason.WATCHED
    return Reason.LEFT_OUT if any(rule.name == incident.rule for rule in rules) else Reason.REMOVED


def ended(incident: Incident, rules: Sequence[Rule], now: datetime) -> Incident | None:
    """The firing incident as it ends because nothing looks at it any more; None where something does."""
    reason = decide(incident, rules)
    if incident.state != "firing" or reason is Reason.WATCHED:
        return None
    summary = f"{display_name(incident.language)}: no longer watched: its rule {incident.rule} {reason.text}."
    return replace(incident, state="resolved", resolved_at=now, summary=summary)


def _enders(incident: Incident, rules: Iterable[Rule]) -> list[Rule]:
    """Which rules see the recovery of such an incident: of a fall those that read its measures, of a level the one that leads it."""
    if incident.class_ == "volume":
        return [rule for rule in rules if isinstance(rule, VanishedRule)]
    if incident.class_ == "level":
        return [rule for rule in rules if isinstance(rule, GapRule | LowRule) and rule.name == incident.rule]
    measures = {incident.metric, *(one.metric for one in incident.evidence)}
    return [rule for rule in rules if isinstance(rule, DropRule | ShareRule) and measures.intersection(_measures(rule))]


def _measures(rule: DropRule | ShareRule) -> Sequence[str]:
    return rule.as_fall().measures if isinstance(rule, ShareRule) else rule.measures


def _admits(rule: Rule, incident: Incident) -> bool:
    """Whether its place is meant; in which collection it fell is one answer of several, and not asked."""
    place = {"service": incident.service, "environment": incident.environment, "language": incident.language}
    asked = (one for one in rule.where if one.field in place and not (one.field == "language" and incident.language in SEVERAL))
    return all(one.admits(place[one.field]) for one in asked)
