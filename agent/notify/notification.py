"""What is kept of telling: a notification is written before it is sent, its delivery afterwards."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal, TypeVar

import msgspec
from msgspec import Struct

from agent.alerting.changes import Change
from agent.alerting.incident import Incident, is_own
from agent.notify.base import Kind
from agent.notify.dedup import Reason
from agent.store.base import Entry

OUTBOX: Final = "outbox"
DELIVERY: Final = "delivery"

Outcome = Literal["sent", "failed", "replaced"]
"""`replaced`: a later notification says all of it."""

T = TypeVar("T")


class Notification(Struct, frozen=True, kw_only=True):
    """One message to one receiver, before it has words.

    `thread` is the id of the first message about the same, `key` the fingerprint that one began with; `at` when it was
    decided, in the time of the log where that is replayed, `posted_at` on the wall. `week`: whose report it brings; the
    report itself is a row of its own, of the time `at`. `late_since`: it replaces others, of which the oldest could not be
    sent since then. `traceparent` is that of the evaluation that found it, as W3C writes it; empty where nothing is traced.
    """

    id: str
    receiver: str
    kind: Kind
    reason: Reason
    group: str
    thread: str
    key: str
    at: datetime
    posted_at: datetime
    incidents: tuple[Incident, ...] = ()
    change: Change | None = None
    week: str = ""
    late_since: datetime | None = None
    traceparent: str = ""

    @property
    def is_own(self) -> bool:
        """Whether it is about nothing but what the agent says of itself."""
        return bool(self.incidents) and all(map(is_own, self.incidents))

    @property
    def entry(self) -> Entry:
        """Its row."""
        return Entry(OUTBOX, self.id, self.posted_at, msgspec.to_builtins(self))


class Delivery(Struct, frozen=True, kw_only=True):
    """What became of a notification; `error` is a sentence without secrets, `receipt` what the channel answered."""

    id: str
    receiver: str
    outcome: Outcome
    reason: Reason
    at: datetime
    error: str | None = None
    receipt: dict[str, str] = {}

    @property
    def entry(self) -> Entry:
        """Its row."""
        return Entry(DELIVERY, self.id, self.at, msgspec.to_builtins(self))


def read(kind: type[T], body: Mapping[str, Any]) -> T:
    """A row's body as what it was."""
    return msgspec.convert(dict(body), kind)
