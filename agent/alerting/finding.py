"""What is in breach for one language at one minute, and how loud that is: what every class of incident shares."""

from collections.abc import Iterable
from typing import NamedTuple, Protocol

from msgspec.structs import replace

from agent.alerting.incident import Cause, Confirmed, Evidence, Incident, IncidentClass, Severity, fingerprint
from agent.alerting.rule import Rule
from agent.alerting.statistics import Figures

GRAVE = 0.10  # a fall of ten points, with ...
EXCESS = 1.0  # ... at least one excess failure a minute
GRAVE_AFTER_DEPLOYMENT = 0.05
SEVERITIES: tuple[Severity, ...] = ("info", "warning", "critical")


class Subject(NamedTuple):
    """What an incident is about: one language of a service, in one class."""

    service: str
    environment: str
    language: str
    class_: IncidentClass


def subject_of(incident: Incident) -> Subject:
    """What an incident is about."""
    return Subject(incident.service, incident.environment, incident.language, incident.class_)


def fingerprint_of(subject: Subject) -> str:
    """The identity of an incident about this."""
    return fingerprint(*subject)


class Finding(Protocol):
    """What is in breach now."""

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Each rule and measure in breach, the strongest first."""

    @property
    def confirmed(self) -> Confirmed:
        """Whether evidence other than scores agrees."""

    def incident(self) -> Incident:
        """The incident as it would read now, pending."""


class Loudness(NamedTuple):
    """What makes an incident loud; `excess_per_minute` is the number of queries a minute that fail and did not before."""

    cause: Cause
    confirmed: Confirmed
    drop: float
    excess_per_minute: float


def severity(class_: IncidentClass, why: Loudness) -> Severity:
    """Levels and volumes inform; a fall warns; confirmed and large, or after a deployment, it is critical."""
    if class_ in {"level", "volume"}:
        return "info"
    grave = why.drop >= GRAVE and why.excess_per_minute >= EXCESS
    after_deployment = why.cause == "deployment" and why.drop >= GRAVE_AFTER_DEPLOYMENT
    return "critical" if why.confirmed == "yes" and (grave or after_deployment) else "warning"


def severity_of(incident: Incident) -> Severity:
    """How loud an incident is whose cause was found after it fired; never less than it was."""
    why = Loudness(incident.cause, incident.confirmed, incident.drop or 0.0, 0.0)
    return louder(incident.severity, severity(incident.class_, why))


def louder(one: Severity, other: Severity) -> Severity:
    """The more severe of the two."""
    return max(one, other, key=SEVERITIES.index)


def loudest_first(incidents: Iterable[Incident]) -> list[Incident]:
    """In the order in which they are told: what fires before what is over, by severity, then by how far it fell."""
    return sorted(
        incidents, key=lambda one: (one.state != "firing", -SEVERITIES.index(one.severity), -(one.drop or 0.0), one.language)
    )


def draft(subject: Subject, rule: Rule, why: Loudness, evidence: tuple[Evidence, ...], figures: Figures) -> Incident:
    """A pending incident with the figures of its strongest evidence."""
    incident = Incident(
        fingerprint=fingerprint(*subject),
        class_=subject.class_,
        state="pending",
        severity=severity(subject.class_, why) if rule.severity == "auto" else rule.severity,
        cause=why.cause,
        confirmed=why.confirmed,
        language=subject.language,
        service=subject.service,
        environment=subject.environment,
        rule=rule.name,
        metric=evidence[0].metric,
        evidence=evidence,
        links=links_of(rule),
        labels=rule.labels,
        annotations=rule.annotations,
    )
    return with_figures(incident, figures)


def links_of(rule: Rule) -> dict[str, str]:
    """Where the rule says to read on: its annotations that are addresses, such as a runbook or a dashboard."""
    return {name: text for name, text in rule.annotations.items() if text.startswith(("http://", "https://"))}


def with_figures(incident: Incident, figures: Figures) -> Incident:
    """The incident with these figures."""
    return replace(
        incident,
        current=figures.current,
        baseline=figures.baseline,
        drop=figures.drop,
        ci95=figures.ci95,
        z=figures.z,
        scale_minutes=figures.scale_minutes,
        n=figures.n,
        n_baseline=figures.n_baseline,
    )
