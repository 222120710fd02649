"""What people write down: what they do with an incident, deployments that they announce, and mutes.

One function behind each command and its API: `StoreWriter` writes into the journal, `RemoteWriter` asks the agent that
holds the store. Notes come from outside: they are made one clean line here, and escaped wherever they are shown.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Protocol
from urllib.parse import quote

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from agent.alerting.action import Action, Verdict, again, refusal
from agent.alerting.action import Name as ActionName
from agent.alerting.incident import Incident
from agent.clock import Clock
from agent.errors import Misconfigured, Mistake
from agent.notify.mute import Mute
from agent.notify.text import clean
from agent.records import Name, row_id
from agent.report import mutes
from agent.report.actions import actions_since, entry_of, found, joined, unknown
from agent.report.muting import mute_of
from agent.report.query import NEWEST, OLDEST
from agent.report.remote import Remote
from agent.report.said import Note, Said, Time, read
from agent.report.views import all_incidents
from agent.store.base import Entry, Journal

Row = dict[str, Any]


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

    def mute(self, said: Said) -> Row:
        """Keep incidents silent for a while; returns the mute as it is shown."""

    def unmute(self, name: str) -> Row:
        """End the mute whose id begins so; returns it as it is shown from now on."""


class StoreWriter:
    """Writes into the journal of a store that this process has open."""

    def __init__(
        self, journal: Journal, clock: Clock, mutes_of_file: mutes.OfFile = mutes.none, labels: mutes.Labels = mutes.none
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._mutes_of_file = mutes_of_file
        self._labels = labels

    def act(self, fingerprint: str, action: ActionName, said: Said) -> Row:
        """Done twice it is one row; raises Misconfigured for what cannot be done, NotFound for no such incident."""
        body, now = read(said, BODIES[action]), self._clock.now()
        incident = found(all_incidents(self._journal, now), fingerprint)
        if reason := refusal(incident, action):
            raise Misconfigured([Mistake(incident.fingerprint, "", reason)])
        done = self._done(incident, action, body)
        self._journal.write([entry_of(done)])
        [shown] = mutes.silenced(joined([incident], actions_since(self._journal)), self._mutes(), now)
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
        body = read(said, Announcement)
        if mistakes := _mistakes(body):
            raise Misconfigured(mistakes)
        entry = _change(body, body.time or self._clock.now())
        self._journal.write([entry])
        return dict(entry.body)

    def mute(self, said: Said) -> Row:
        """Said twice within a minute it is one row; raises Misconfigured."""
        now = self._clock.now()
        mute = mute_of(said, self._labels(), now)
        self._journal.write([mutes.entry_of(mute, now)])
        return mutes.row_of(mute, now)

    def unmute(self, name: str) -> Row:
        """Its row stays, with the time; raises Misconfigured for one of the file, NotFound for none."""
        now = self._clock.now()
        mute = mutes.found(self._mutes(), name, now)
        if mute.source == "file":
            raise Misconfigured([Mistake(mute.id, "", "stands in the file of notify.mutes: take it out there")])
        if mute.removed_at is None:
            mute = replace(mute, removed_at=now)
            self._journal.write([mutes.entry_of(mute, now)])
        return mutes.row_of(mute, now)

    def _mutes(self) -> list[Mute]:
        return [*self._mutes_of_file(), *mutes.stored(self._journal)]


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

    def mute(self, said: Said) -> Row:
        """Keep incidents silent."""
        row: Row = self._remote.post("/mutes", said)
        return row

    def unmute(self, name: str) -> Row:
        """End a mute."""
        if not name.isalnum():
            raise mutes.unknown(name)  # it is part of a path
        row: Row = self._remote.delete(f"/mutes/{quote(name)}")
        return row


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
