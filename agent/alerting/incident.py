"""An incident: one break of one language is one incident, whatever number of rules sees it."""

from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any, Final, Literal, NamedTuple

from msgspec import Struct, field

IncidentClass = Literal["change", "level", "volume", "monitor"]
State = Literal["pending", "firing", "resolved"]
Severity = Literal["info", "warning", "critical"]
Cause = Literal["fleet", "ingest", "deployment", "tagging", "cross_lingual", "translation", "fallback", "low_resource", "unknown"]
Confirmed = Literal["yes", "no", "unconfirmed"]

ALL: Final = "*"
"""The language of an incident that is about all of them, or about none."""
OWN: Final[IncidentClass] = "monitor"
"""The class of what the agent says of itself."""
TELL_ENDS: Final = timedelta(days=7)
"""So long its end is said again: where it was told, or a store, may have been away."""


class Workings(Struct, frozen=True):
    """How a fall was decided, with every figure: se^2 = phi (variance / n + variance_baseline / n_baseline) + tau^2.

    Means, variances, drop, `tau` (a standard deviation), `se` and `threshold` in 0..1 and its square; the window is
    [start, end). `baseline` says against what: `version`, `canary` (the same minutes on the old version), `trailing`,
    `reference`. `z_needed` and `threshold` are what the rule asks for, `relative` says that the fall counts as a part of its rate.
    """

    baseline: Literal["version", "canary", "trailing", "reference"]
    start: datetime
    end: datetime
    n: int
    mean: float
    expected: float
    n_baseline: float
    variance: float
    variance_baseline: float
    phi: float
    tau: float
    se: float
    drop: float
    z: float
    z_needed: float
    threshold: float
    min_events: int
    for_minutes: int
    relative: bool = False


class Evidence(Struct, frozen=True):
    """What one rule and measure says inside an incident; drops in 0..1, `n` is the queries it saw.

    `language` where the incident is of several. `ci95`: the 95 % interval of the drop, where no workings give it.
    """

    rule: str
    metric: str
    drop: float
    z: float | None = None
    n: int | None = None
    workings: Workings | None = None
    language: str | None = None
    ci95: tuple[float, float] | None = None


class Part(Struct, frozen=True):
    """How much of a fall one part of the traffic bears, and which share of the queries it has (0..1); below 0 it improved."""

    dimension: Literal["collection", "document_language", "version"]
    value: str
    share: float
    of_queries: float


class MutedBy(Struct, frozen=True):
    """The mute that keeps an incident silent."""

    id: str
    reason: str


class Incident(Struct, frozen=True):
    """The state of one incident as of its last transition; rates and drops in 0..1, times aware and in UTC.

    The single figures (`rule` to `n_baseline`) are those of the strongest evidence. `began_between` is the 95 % interval of the
    begin, `where` the parts that the fall is divided among, `advice` what to do. `queries` and `users` (distinct sessions; None
    where the log has none) are those since it began. `labels` and `annotations` are those of the rule, `links` the annotations
    that are addresses. Field names are fixed: they are the JSON that `alerts`, `replay` and `backtest` print. What a person did
    with it (`acknowledged_at` to `handled_by`) is joined when it is read (`action.handled`); `note` and `handled_by` are the
    newest ones. So is who keeps it silent (`muted_by`) and until when; muted without an end it has no `muted_until`.
    """

    fingerprint: str
    class_: IncidentClass = field(name="class")
    state: State
    severity: Severity
    cause: Cause
    confirmed: Confirmed
    language: str
    service: str
    environment: str
    began_at: datetime | None = None
    began_between: tuple[datetime, datetime] | None = None
    pending_since: datetime | None = None
    fired_at: datetime | None = None
    resolved_at: datetime | None = None
    rule: str | None = None
    metric: str | None = None
    current: float | None = None
    baseline: float | None = None
    drop: float | None = None
    ci95: tuple[float, float] | None = None
    z: float | None = None
    scale_minutes: int | None = None
    n: int | None = None
    n_baseline: int | None = None
    queries: int | None = None
    users: int | None = None
    embedding_model: str | None = None
    index_version: str | None = None
    collection: str | None = None
    evidence: tuple[Evidence, ...] = ()
    where: tuple[Part, ...] = ()
    advice: str = ""
    exemplars: tuple[str, ...] = ()
    links: dict[str, str] = {}
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    summary: str = ""
    acknowledged_at: datetime | None = None
    accepted_at: datetime | None = None
    verdict: str | None = None
    note: str = ""
    handled_by: str = ""
    muted_until: datetime | None = None
    muted_by: MutedBy | None = None


class Identity(NamedTuple):
    """One incident: the fingerprint comes again, the time at which it began does not."""

    fingerprint: str
    began_at: datetime | None


def identity_of(incident: Incident) -> Identity:
    """What tells an incident from all others."""
    return Identity(incident.fingerprint, incident.began_at)


def own_incident(name: str, severity: Severity, fired_at: datetime, summary: str, **others: Any) -> Incident:
    """What the agent says of itself, which is about no language and no service; `name` is its fingerprint."""
    usual: dict[str, Any] = {"state": "firing", "cause": "unknown"}
    return Incident(
        fingerprint=name,
        class_=OWN,
        severity=severity,
        confirmed="yes",
        language=ALL,
        service="",
        environment="",
        fired_at=fired_at,
        summary=summary,
        **{**usual, **others},
    )


def is_own(incident: Incident) -> bool:
    """Whether the agent says it of itself."""
    return incident.class_ == OWN


def is_standing(incident: Incident) -> bool:
    """Whether nothing broke: it is low whatever is deployed."""
    return incident.class_ == "level"


def is_news(incident: Incident) -> bool:
    """Whether it is told and never ends: a first look, a digest, records that were lost. What ends was pending, or began."""
    return incident.pending_since is None and (not is_own(incident) or incident.began_at is None)


def is_to_know(incident: Incident, now: datetime) -> bool:
    """Whether it fires, or ended lately: who was told that it fires hears that it is over."""
    lately = incident.resolved_at is not None and now - incident.resolved_at < TELL_ENDS
    return incident.state == "firing" or lately


def fingerprint(service: str, environment: str, language: str, class_: IncidentClass) -> str:
    """The identity of an incident, the same whenever it comes again: 16 hexadecimal digits."""
    parts = "\0".join((service, environment, language, class_))
    return blake2b(parts.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
