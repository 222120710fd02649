"""Incidents as they might be, for looking at messages and trying receivers: they name no real service."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace

from agent.alerting.changes import Change
from agent.alerting.incident import Evidence, Incident, Part, fingerprint
from agent.notify.base import Kind
from agent.notify.dedup import Reason
from agent.notify.notification import Notification
from agent.records import row_id

SERVICE: Final = "babelwatch-test"
MINUTES: Final = timedelta(minutes=1)


def notifications(receiver: str, now: datetime) -> Mapping[str, Notification]:
    """One for each template, by the template's name, and one of several languages."""
    korean, deployed = incident(now), Change(SERVICE, "test", "kb-ko", "minilm-l6", "2026-11-b", now - 20 * MINUTES)
    over = replace(
        korean,
        state="resolved",
        resolved_at=now,
        summary="Korean recall@10 is back: 91.2 % in the last 60 min (1,180 labelled queries) against 91.0 % at the same hours before.",
    )
    others = [
        replace(korean, language=tag, drop=drop, fingerprint=fingerprint(SERVICE, "test", tag, "change"))
        for tag, drop in (("ja", 0.061), ("th", 0.048))
    ]
    made = {
        "firing": (Reason.FIRST, (korean,)),
        "several": (Reason.FIRST, (korean, *others)),
        "update": (Reason.ESCALATED, (replace(korean, severity="critical", confirmed="yes"),)),
        "reminder": (Reason.REPEAT_DUE, (korean,)),
        "resolved": (Reason.RESOLVED, (over,)),
        "test": (Reason.FIRST, (replace(korean, severity="info"),)),
    }
    kinds: dict[str, Kind] = {
        "firing": "firing",
        "update": "update",
        "reminder": "reminder",
        "resolved": "resolved",
        "test": "test",
    }
    found = {name: _notification(receiver, now, kinds.get(name, "firing"), *given) for name, given in made.items()}
    return {**found, "deployment": _notification(receiver, now, "deployment", Reason.DEPLOYMENT, (), deployed)}


def incident(now: datetime) -> Incident:
    """Korean fell with a deployment, twenty minutes ago."""
    return Incident(
        fingerprint=fingerprint(SERVICE, "test", "ko", "change"),
        class_="change",
        state="firing",
        severity="warning",
        cause="deployment",
        confirmed="yes",
        language="ko",
        service=SERVICE,
        environment="test",
        began_at=now - 20 * MINUTES,
        began_between=(now - 22 * MINUTES, now - 18 * MINUTES),
        fired_at=now,
        rule="drop",
        metric="recall_at_k",
        current=0.836,
        baseline=0.91,
        drop=0.074,
        ci95=(0.04, 0.107),
        z=5.1,
        scale_minutes=15,
        n=412,
        n_baseline=9_870,
        queries=3_400,
        users=1_210,
        embedding_model="minilm-l6",
        index_version="2026-11-b",
        collection="kb-ko",
        evidence=(Evidence("drop", "recall_at_k", 0.074, 5.1), Evidence("drop", "hit_rate", 0.052, 3.9)),
        where=(Part("collection", "kb-ko", 0.93, 0.4),),
        exemplars=("4bf92f3577b34da6a3ce929d0e0e4736", "evt-00017"),
        summary=(
            "Korean recall@10 fell 7.4 points (95 % CI 4.0 to 10.7; first estimate, tends high): 83.6 % since index version 2026-11-b"
            " (412 labelled queries, 15 min) against 91.0 % at the same hours of the previous 14 days (9,870)."
        ),
    )


def _notification(  # noqa: PLR0913, PLR0917 - what a notification is made of
    receiver: str,
    now: datetime,
    kind: Kind,
    reason: Reason,
    incidents: tuple[Incident, ...],
    change: Change | None = None,
) -> Notification:
    id_ = row_id(f"{receiver}/{kind}/{now.isoformat()}")
    return Notification(
        id=id_,
        receiver=receiver,
        kind=kind,
        reason=reason,
        group="test",
        thread=id_,
        key=incidents[0].fingerprint if incidents else "",
        at=now,
        posted_at=now,
        incidents=incidents,
        change=change,
    )
