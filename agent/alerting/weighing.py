"""What a golden run says of an incident that scores alone have opened: confirmed, not confirmed, or nothing certain. Pure."""

from collections.abc import Iterable
from datetime import datetime
from operator import attrgetter
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from agent.alerting.incident import Confirmed, Evidence, Identity, Incident, identity_of
from agent.alerting.minutes import end_of
from agent.alerting.summary import UNCONFIRMED
from agent.records import row_id

GOLDEN: Final = "golden:"
"""What stands before the name of a golden set where evidence names its rule."""


class Weighing(Struct, frozen=True):
    """Labelled queries were asked because of the incident of this fingerprint that began at `began_at`.

    `rule` names the golden set and `metric` the measure, `drop` (0..1), its 95 % interval `ci95` and `n` are those of the paired
    comparison; `sentence` says it to people.
    """

    fingerprint: str
    began_at: datetime | None
    at: datetime
    confirmed: Confirmed
    rule: str
    metric: str
    drop: float
    n: int
    sentence: str
    ci95: tuple[float, float] | None = None

    @property
    def id(self) -> str:
        """One a golden set and incident: weighed again, the newest counts."""
        return row_id(f"{self.fingerprint}/{self.began_at and self.began_at.isoformat()}/{self.rule}")


class Weighings:
    """Those that wait for the evaluator to come to their minute."""

    def __init__(self) -> None:
        self._waiting: list[Weighing] = []

    def add(self, weighings: Iterable[Weighing]) -> None:
        """Take them in, in any order."""
        self._waiting = sorted([*self._waiting, *weighings], key=attrgetter("at"))

    def due(self, minute: int) -> list[Weighing]:
        """Those of before the end of this minute, oldest first; they wait no longer."""
        due = [one for one in self._waiting if one.at <= end_of(minute)]
        self._waiting = self._waiting[len(due) :]
        return due


def weighed(incident: Incident, weighing: Weighing) -> Incident | None:
    """The incident with this in it; None where it is about another one, or already over. What is confirmed stays confirmed."""
    if incident.state != "firing" or identity_of(incident) != Identity(weighing.fingerprint, weighing.began_at):
        return None
    evidence = Evidence(weighing.rule, weighing.metric, weighing.drop, n=weighing.n, ci95=weighing.ci95)
    others = tuple(one for one in incident.evidence if (one.rule, one.metric) != (weighing.rule, weighing.metric))
    with_it = replace(incident, evidence=(*others, evidence), summary=_said(incident, weighing))
    certain = incident.confirmed == "yes" or weighing.confirmed == "unconfirmed"
    return with_it if certain else replace(with_it, confirmed=weighing.confirmed)


def is_weighed(incident: Incident) -> bool:
    """Whether a golden run has said something of it."""
    return any(map(is_golden, incident.evidence))


def is_golden(evidence: Evidence) -> bool:
    """Whether labelled queries of a golden set say it."""
    return evidence.rule.startswith(GOLDEN)


def _said(incident: Incident, weighing: Weighing) -> str:
    """The summary does not say any more that nothing has confirmed it."""
    before = incident.summary
    if weighing.confirmed != "unconfirmed":
        before = before.replace(f"{UNCONFIRMED}: ", "").replace(f" {UNCONFIRMED.capitalize()}.", "")
    return f"{weighing.sentence} {before}".strip()
