"""What people write down: what they do with an incident, and deployments that they announce.

One function behind each command and its API: `StoreWriter` writes into the journal, `RemoteWriter` asks the agent that
holds the store. Notes come from outside: they are made one clean line here, and escaped wherever they are shown.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Protocol, TypeVar
from urllib.parse import quote

import msgspec
from msgspec import Meta, Struct

from agent.alerting.action import Action, Verdict, again, refusal
from agent.alerting.action import Name as ActionName
from agent.alerting.incident import Incident
from agent.clock import Clock
from agent.errors import Misconfigured, Mistake
from agent.notify.text import clean
from agent.records import Name, row_id
from agent.report.actions import actions_since, entry_of, found, joined, unknown
from agent.report.query import NEWEST, OLDEST
from agent.report.remote import Remote
from agent.report.views import all_incidents
from agent.store.base import Entry, Journal

Row = dict[str, Any]
Said = Mapping[str, Any]
Note = Annotated[str, Meta(max_length=2000)]
Time = Annotated[datetime, Meta(tz=True)]
T = TypeVar("T")


class Remark(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What may be said of anything: a note, and who says it."""

    note: Note = ""
    by: Name = ""


class Closing(Remark, frozen=True, kw_only=True):
    """What is said when an incident is closed."""

    verdict: Verdict


class Announcement(Remark, frozen=True, kw_only=True):
    """A deployment that somebody announces."""

    service: Name = ""
    environment: Name = ""
    collection: Name = ""
    embedding_model: Name = ""
    index_version: Name = ""
    time: Time | None = None


BODIES: Final[Mapping[ActionName, type[Remark]]] = {"ack": Remark, "accept": Remark, "close": Closing}
NAMES: Final = ("service", "environment", "collection", "embedding_model", "index_version")


class Writer(Protocol):
    """Everything that can be written."""

    def act(self, fingerprint: str, action: ActionName, said: Said) -> Row:
        """Do something with an incident; returns the incident as it is shown from now on."""

    def announce(self, said: Said) -> Row:
        """Announce a deployment; returns it as it is shown."""


class StoreWriter:
    """Writes into the journal of a store that this process has open."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock

    def act(self, fingerprint: str, action: ActionName, said: Said) -> Row:
        """Done twice it is one row; raises Misconfigured for what cannot be done, NotFound for no such incident."""
        body, now = _read(said, BODIES[action]), self._clock.now()
        incident = found(all_incidents(self._journal, now), fingerprint)
        if reason := refusal(incident, action):
            raise Misconfigured([Mistake(incident.fingerprint, "", reason)])
        done = self._done(incident, action, body)
        self._journal.write([entry_of(done)])
        [shown] = joined([incident], actions_since(self._journal))
        row: Row = msgspec.to_builtins(shown)
        return row

    def _done(self, incident: Incident, action: ActionName, body: Remark) -> Action:
        verdict = body.verdict if isinstance(body, Closing) else None
        words = (verdict, clean(body.note), clean(body.by))
        fresh = Action(incident.fingerprint, incident.began_at, action, self._clock.now(), *words)
        before = [one for one in actions_since(self._journal) if one.id == fresh.id]
        return again(before[0], fresh) if before else fresh

    def announce(self, said: Said) -> Row:
        """Announced twice for the same minute it is one row; raises Misconfigured."""
        body = _read(said, Announcement)
        if mistakes := _mistakes(body):
            raise Misconfigured(mistakes)
        entry = _change(body, body.time or self._clock.now())
        self._journal.write([entry])
        return dict(entry.body)


class RemoteWriter:
    """Has the agent that holds the store write."""

    def __init__(self, remote: Remote) -> None:
        self._remote = remote

    def act(self, fingerprint: str, action: ActionName, said: Said) -> Row:
        """Do something with an incident."""
        if not fingerprint.isalnum():
            raise unknown(fingerprint)  # it is part of a path
        row: Row = self._remote.post(f"/alerts/{quote(fingerprint)}/{action}", said)
        return row

    def announce(self, said: Said) -> Row:
        """Announce a deployment."""
        row: Row = self._remote.post("/changes", said)
        return row


def _read(said: Said, kind: type[T]) -> T:
    try:
        return msgspec.convert(said, kind)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$.")
        raise Misconfigured([Mistake("", where.rstrip("`"), what)]) from error


def _mistakes(body: Announcement) -> list[Mistake]:
    """What a type cannot say."""
    mistakes = [
        Mistake("", name, "expected a name without line breaks and control characters")
        for name in NAMES
        if clean(getattr(body, name)) != getattr(body, name)
    ]
    if not (body.embedding_model or body.index_version):
        mistakes.append(Mistake("", "index_version", "expected what is deployed: an index version, an embedding model, or both"))
    if body.time and not OLDEST <= body.time < NEWEST:
        mistakes.append(Mistake("", "time", f"expected a time between {OLDEST:%Y} and {NEWEST:%Y}"))
    return mistakes


def _change(body: Announcement, at: datetime) -> Entry:
    """The row of an announced deployment, in the form of one that was noticed in the traffic."""
    where = {name: getattr(body, name) for name in NAMES}
    name = "/".join(("announced", *where.values(), f"{at.astimezone(UTC):%Y-%m-%dT%H:%M}"))
    told = {"at": at.astimezone(UTC), "new_model": False, "announced": True, "note": clean(body.note), "by": clean(body.by)}
    return Entry("change", row_id(name), at, msgspec.to_builtins({**where, **told}))
