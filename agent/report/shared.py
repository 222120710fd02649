"""The journal as a command reads and writes it beside the agent: some kinds only, in the store or through the agent that holds it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from agent.clock import Clock
from agent.errors import Misconfigured, Mistake
from agent.probing.kept import KINDS, wrong
from agent.report.remote import Remote
from agent.report.said import Time, read
from agent.store.base import Entry, Journal

Row = dict[str, Any]


class Given(Struct, forbid_unknown_fields=True, frozen=True):
    """One row as it is sent."""

    id: str
    at: Time
    body: dict[str, Any]


class Rows(Struct, forbid_unknown_fields=True, frozen=True):
    """The rows of one kind."""

    rows: tuple[Given, ...]


class Span(Struct, forbid_unknown_fields=True, frozen=True):
    """From when to when, both included; None: ever."""

    since: Time | None = None
    until: Time | None = None


class SharedJournal:
    """What the API answers with: rows of the kinds that commands share with the agent."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal, self._clock = journal, clock

    def read(self, kind: str, words: Mapping[str, str]) -> list[Row]:
        """The rows of a kind; `words` are `since` and `until` in RFC 3339."""
        span = read(words, Span)
        found = self._journal.read(_shared(kind), span.since, span.until)
        return [{"id": entry.id, "at": entry.at.isoformat(), "body": dict(entry.body)} for entry in found]

    def write(self, kind: str, said: Mapping[str, Any]) -> Row:
        """Keep rows that these commands write; raises Misconfigured for any other: the agent reads them each minute."""
        entries = [Entry(_shared(kind), row.id, row.at, row.body) for row in read(said, Rows).rows]
        now = self._clock.now()
        if mistakes := [Mistake("", f"rows[{n}]", f"expected {why}") for n, one in enumerate(entries) if (why := wrong(one, now))]:
            raise Misconfigured(mistakes)
        self._journal.write(entries)
        return {"written": len(entries)}


class RemoteJournal:
    """Has the agent that holds the store read and write; the twin of its journal for these kinds."""

    def __init__(self, remote: Remote) -> None:
        self._remote = remote

    def write(self, entries: Sequence[Entry]) -> None:
        """Write rows, a request each: one may be large."""
        for entry in entries:
            row = {"id": entry.id, "at": entry.at.isoformat(), "body": dict(entry.body)}
            self._remote.post(f"/journal/{entry.kind}", {"rows": [row]})

    def read(self, kind: str, since: datetime | None = None, until: datetime | None = None) -> list[Entry]:
        """The rows of a kind in [since, until], oldest first."""
        words = {name: at.isoformat() for name, at in (("since", since), ("until", until)) if at}
        rows = self._remote.get(f"/journal/{kind}", words)
        return [Entry(kind, row["id"], datetime.fromisoformat(row["at"]), row["body"]) for row in rows]


def _shared(kind: str) -> str:
    if kind not in KINDS:
        raise Misconfigured([Mistake("", "kind", f"expected one of {', '.join(KINDS)}")])
    return kind
