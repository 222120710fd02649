"""Mutes in the journal and from the file, the mute that a person means by an id, and who is silent in what is shown."""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from agent.alerting.action import is_open
from agent.alerting.incident import Incident, MutedBy
from agent.errors import Misconfigured, Mistake, NotFound
from agent.notify.mute import Mute, State, muting, state, until
from agent.store.base import Entry, Journal

KIND: Final = "mute"
SHOWN: Final = 5

OfFile = Callable[[], Sequence[Mute]]
"""The mutes of the file, as it was read last."""
Labels = Callable[[], Collection[str]]
"""The labels that the rules of now give."""


def none() -> tuple[()]:
    """Where there is no file, and no rule with a label."""
    return ()


def entry_of(mute: Mute, now: datetime) -> Entry:
    """The mute's row: the same one when it is said twice, or removed."""
    return Entry(KIND, mute.id, mute.created_at or now, msgspec.to_builtins(mute))


def stored(journal: Journal) -> list[Mute]:
    """Every mute that somebody typed, also those that are over or removed, oldest first."""
    return [msgspec.convert(dict(entry.body), Mute) for entry in journal.read(KIND)]


def mutes_since(journal: Journal, now: datetime) -> list[Mute]:
    """The mutes that count now or later: neither over nor removed. Read anew, a new one counts at once."""
    return [mute for mute in stored(journal) if state(mute, now) in {State.ACTIVE, State.WAITING}]


def row_of(mute: Mute, now: datetime) -> dict[str, Any]:
    """A mute as it is shown."""
    now_is = state(mute, now)
    return {**msgspec.to_builtins(mute), "active": now_is is State.ACTIVE, "state": now_is.value}


def silenced(incidents: Iterable[Incident], mutes: Sequence[Mute], now: datetime) -> list[Incident]:
    """Each incident with the mute that keeps it silent; what is over needs none."""
    return [_silenced(incident, mutes, now) if is_open(incident) else incident for incident in incidents]


def _silenced(incident: Incident, mutes: Sequence[Mute], now: datetime) -> Incident:
    mute = muting(incident, mutes, now)
    if mute is None:
        return incident
    return replace(incident, muted_until=until(mute, now), muted_by=MutedBy(mute.id, mute.reason))


def found(mutes: Iterable[Mute], name: str, now: datetime) -> Mute:
    """The mute whose id begins so, one that still counts before those that are over or removed.

    Raises NotFound where there is none, Misconfigured where several begin so.
    """
    meant = [mute for mute in mutes if mute.id.startswith(name)] if name else []
    counting = [mute for mute in meant if state(mute, now) in {State.ACTIVE, State.WAITING}]
    ids = sorted({mute.id for mute in counting or meant})
    if not ids:
        raise unknown(name)
    if len(ids) > 1:
        more = ", …" if len(ids) > SHOWN else ""
        raise Misconfigured([Mistake(name, "", f"several ids begin so: {', '.join(ids[:SHOWN])}{more}")])
    return (counting or meant)[0]


def unknown(name: str) -> NotFound:
    """That nothing is called so."""
    return NotFound([Mistake(repr(name), "", "no mute has this id: `babelwatch mute list --all` shows them")])
