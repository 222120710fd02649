"""An incident as the alerting station makes it, the messages about it, and tiny waits."""

from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from agent.alerting.changes import Change
from agent.alerting.incident import Evidence, Incident, fingerprint
from agent.notify.base import Field, Link, Message, Receipt, Thread, TransportError
from agent.notify.dedup import Reason
from agent.notify.notification import Notification
from agent.notify.render import Renderer
from agent.notify.retry import Patience
from agent.notify.trouble import Trouble

NOW = datetime(2026, 11, 16, 8, 30, tzinfo=UTC)
KOREAN = Incident(
    fingerprint="9f2c41d0",
    class_="change",
    state="firing",
    severity="warning",
    cause="deployment",
    confirmed="unconfirmed",
    language="ko",
    service="help",
    environment="prod",
    began_at=datetime(2026, 11, 16, 8, 14, tzinfo=UTC),
    pending_since=datetime(2026, 11, 16, 8, 19, tzinfo=UTC),
    fired_at=datetime(2026, 11, 16, 8, 24, tzinfo=UTC),
    rule="drop",
    metric="hit_rate",
    drop=0.074,
    embedding_model="all-MiniLM-L6-v2",
    index_version="v42",
    evidence=(Evidence("drop", "hit_rate", 0.074, 5.12), Evidence("drop", "similarity_mean", 0.031)),
    exemplars=("evt-1", "evt-2"),
    links={"runbook": "https://wiki.example/babelwatch"},
    summary="Korean hit rate fell 7.4 points (95 % CI 4.0 to 10.7): 82.1 % in the last 4 h against 89.4 % before.",
)
QUICK = Patience(attempts=5, timeout=5.0, wait_initial=0.001, wait_max=0.002, wait_jitter=0.001)


def incident(**changes: Any) -> Incident:
    """The Korean incident, with other values where they are given."""
    return replace(KOREAN, **changes)


def resolved(**changes: Any) -> Incident:
    """The same incident, over."""
    return incident(state="resolved", resolved_at=NOW, **changes)


def refusing(receiver: str) -> Incident:
    """A receiver that refuses messages."""
    trouble = Trouble(receiver)
    trouble.failed(TransportError("gone", permanent=True), NOW, waiting=0)
    found = trouble.incident(NOW)
    assert found is not None
    return found


def message(**changes: Any) -> Message:
    """The first message about the Korean incident, with other values where they are given; what it is about also stands."""
    incidents = changes.get("incidents", (KOREAN,))
    usual: dict[str, Any] = {
        "id": "m1",
        "kind": "firing",
        "at": NOW,
        "thread": Thread("m1", KOREAN.fingerprint),
        "title": "Warning: retrieval got worse in Korean (ko) · help · prod",
        "text": f"{KOREAN.summary}\n\nWhat to do: roll back v42.",
        "incidents": incidents,
        "standing": incidents,
        "fields": (Field("Severity", "warning"), Field("Since", "2026-11-16 08:14 UTC")),
        "links": (
            Link("Alert", "https://babelwatch.example/alerts/9f2c41d0"),
            Link("Runbook", "https://wiki.example/babelwatch"),
        ),
    }
    return Message(**(usual | changes))


def followed(receipt: Receipt, **changes: Any) -> Message:
    """A later message of the same thread, whose first one was answered with this receipt."""
    return message(**({"id": "m2", "kind": "update", "thread": Thread("m1", KOREAN.fingerprint, receipt)} | changes))


def ended(receipt: Receipt, **changes: Any) -> Message:
    """The end of the thread."""
    title = "Resolved: retrieval got worse in Korean (ko)"
    return followed(receipt, **({"id": "m3", "kind": "resolved", "title": title, "incidents": (resolved(),)} | changes))


def deployed(**changes: Any) -> Message:
    """A message of a deployment."""
    change = Change("help", "prod", "kb-en", "all-MiniLM-L6-v2", "v43", NOW)
    usual = {"kind": "deployment", "title": "Deployed: v43 in kb-en · help", "incidents": (), "change": change}
    return message(**(usual | changes))


def of(language: str, **changes: Any) -> Incident:
    """An incident of another language, with its own identity."""
    return incident(language=language, fingerprint=fingerprint("help", "prod", language, "change"), **changes)


def monitor(name: str = "m", **changes: Any) -> Incident:
    """What the agent says of itself."""
    return incident(class_="monitor", language="*", fingerprint=fingerprint("", "", name, "monitor"), **changes)


def notification(*incidents: Incident, **changes: Any) -> Notification:
    """One about these, which begins a thread."""
    usual: dict[str, Any] = {
        "id": "n1",
        "receiver": "chat",
        "kind": "firing",
        "reason": Reason.FIRST,
        "group": "chat/help/prod/change/deployment/",
        "at": NOW,
        "posted_at": NOW,
        "incidents": incidents or (KOREAN,),
    }
    given = {**usual, **changes}
    return Notification(**{"thread": given["id"], "key": given["incidents"][0].fingerprint, **given})


CHANGE = Change(
    service="help",
    environment="prod",
    collection="kb",
    embedding_model="e5",
    index_version="v42",
    at=datetime(2026, 11, 16, 8, tzinfo=UTC),
)


def rendered(note: Notification, renderer: Renderer | None = None) -> Message:
    """The message of a notification alone in its thread, for a channel where nothing is special."""
    return (renderer or Renderer()).message(note, Thread(note.thread, note.key), note.incidents, str)


def said(message: Message) -> str:
    """Everything that a message says."""
    return "\n".join([message.title, message.text, *map(str, message.fields), *map(str, message.links)])
