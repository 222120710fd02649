"""An incident as the alerting station makes it, and tiny waits."""

from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from agent.alerting.changes import Change
from agent.alerting.incident import Evidence, Incident, fingerprint
from agent.notify.base import Message, Thread
from agent.notify.dedup import Reason
from agent.notify.notification import Notification
from agent.notify.render import Renderer
from agent.notify.retry import Patience

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
