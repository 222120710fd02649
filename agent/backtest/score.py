"""What the rules found against what truly happened: pure, each label and each incident with a named reason.

An incident answers a label when its class is one of the label's kind, its language is the label's (or one of them is `*`), and
it fired between the label's start and an hour after its end. The first one detects the label. An incident may answer several
labels, as a fleet-wide one does; a label is detected once.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

import numpy as np

from agent.alerting.incident import ALL, Incident
from agent.backtest.labels import CLASSES, Label

GRACE = timedelta(hours=1)  # a window of hours sees the end of a fall late


class Found(StrEnum):
    """What became of a label."""

    DETECTED = "detected"
    ALREADY_FIRING = "already_firing"  # the incident of an overlapping label went on: nobody is told twice
    MISSED = "missed"
    NOT_EVALUATED = "not_evaluated"  # it lies outside the evaluated minutes


class Worth(StrEnum):
    """What an incident was good for."""

    FIRST = "first"  # it detected a label
    AGAIN = "again"  # it answers labels that others had detected
    FALSE = "false"  # it answers none


class Judged(NamedTuple):
    """A label, what became of it, and how long after its start it was told."""

    label: Label
    found: Found
    delay: timedelta | None = None


class Score(NamedTuple):
    """Every label and every incident with its reason, in the order they were given."""

    labels: Sequence[Judged]
    incidents: Sequence[Worth]

    def counted(self) -> dict[str, Any]:
        """The figures; rates in 0..1, null where there is nothing to divide by."""
        delays = [judged.delay / timedelta(minutes=1) for judged in self.labels if judged.delay is not None]
        missed = sum(judged.found is Found.MISSED for judged in self.labels)
        false, fired = self.incidents.count(Worth.FALSE), len(self.incidents)
        return {
            "detected": len(delays),
            "missed": missed,
            "false": false,
            "delay_minutes": {"median": quantile(delays, 0.5), "p90": quantile(delays, 0.9)},
            "precision": (fired - false) / fired if fired else None,
            "recall": len(delays) / (len(delays) + missed) if delays or missed else None,
        }


def score(labels: Sequence[Label], incidents: Sequence[Incident], start: datetime, end: datetime) -> Score:
    """Match the incidents that fired in the evaluated time [start, end) with the labels."""
    fired = sorted((one for one in incidents if one.fired_at), key=_fired)
    truthful = [one for one in fired if any(answers(one, label) for label in labels)]
    judged = [_judge(label, truthful, start, end) for label in labels]
    first = {_identity(one) for label in labels if (one := _first(label, truthful)) is not None}
    worth = {_identity(one): Worth.FIRST if _identity(one) in first else Worth.AGAIN for one in truthful}
    return Score(judged, [worth.get(_identity(one), Worth.FALSE) for one in incidents if one.fired_at])


def answers(incident: Incident, label: Label) -> bool:
    """Whether the incident is what the label means, and fired while it lasted."""
    return _is_meant(incident, label) and label.start <= _fired(incident) and _fired(incident) - label.end <= GRACE


def quantile(values: Sequence[float], share: float) -> float | None:
    """The value that this share of all lies at or below; None of none."""
    return float(np.quantile(values, share)) if values else None


def _judge(label: Label, truthful: Iterable[Incident], start: datetime, end: datetime) -> Judged:
    if label.end <= start or label.start >= end:
        return Judged(label, Found.NOT_EVALUATED)
    begun = max(label.start, start)
    if any(_is_meant(one, label) and _fires_at(one, begun) for one in truthful):
        return Judged(label, Found.ALREADY_FIRING, timedelta(0))
    first = _first(label, truthful)
    return Judged(label, Found.MISSED) if first is None else Judged(label, Found.DETECTED, _fired(first) - begun)


def _first(label: Label, fired: Iterable[Incident]) -> Incident | None:
    return next((one for one in fired if answers(one, label)), None)


def _is_meant(incident: Incident, label: Label) -> bool:
    alike = incident.language == label.language or ALL in {incident.language, label.language}
    return alike and incident.class_ in CLASSES[label.kind]


def _fires_at(incident: Incident, time: datetime) -> bool:
    return _fired(incident) < time and (incident.resolved_at is None or incident.resolved_at > time)


def _fired(incident: Incident) -> datetime:
    assert incident.fired_at is not None, "an incident that only was pending is told to nobody"
    return incident.fired_at


def _identity(incident: Incident) -> tuple[str, datetime]:
    return incident.fingerprint, _fired(incident)
