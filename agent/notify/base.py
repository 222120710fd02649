"""The port of station 7: what a channel is, what it is given, and how it says that it could not deliver.

A message is made for one channel: its strings are already escaped for it, so that a channel only lays them out. The raw
incidents go along for what is never shown as text (a colour, a dedup key) and for channels that speak to programs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple, Protocol, runtime_checkable

from agent.alerting.changes import Change
from agent.alerting.incident import Incident
from agent.errors import BabelwatchError
from agent.notify.bulletin import Bulletin

Kind = Literal["firing", "update", "reminder", "resolved", "deployment", "report", "test"]
"""`update`: more, or other, of what was told already; `resolved`: all that the thread is about is over."""

Receipt = Mapping[str, str]
"""What a channel answered to a message and needs to follow up on it; kept in the journal, so never a secret."""


class TransportError(BabelwatchError):
    """A channel did not take a message; its text never holds a secret.

    `permanent`: trying again cannot help. `retry_after`: the seconds that the channel asked us to wait.
    """

    def __init__(self, text: str, *, permanent: bool, retry_after: float | None = None) -> None:
        super().__init__(text)
        self.permanent = permanent
        self.retry_after = retry_after


class Field(NamedTuple):
    """One short fact with its label, such as `Severity: warning`."""

    label: str
    value: str


class Link(NamedTuple):
    """Where to read on."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Thread:
    """The messages about one break, from the fire to its end.

    `id` is that of its first message, `key` the fingerprint of the incident it began with, `receipt` the channel's answer
    to the first message: empty while there is none.
    """

    id: str
    key: str
    receipt: Receipt = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What a receiver is told in one go: of one incident, of several with one cause, of a deployment, or of a week.

    `id` stays the same however often the message is sent. `incidents` are those that this message is about, the loudest
    first; `standing` all of the thread in their newest state. `text` has paragraphs parted by blank lines. `bulletin` is the
    report that a message of kind `report` brings, as it was made.
    """

    id: str
    kind: Kind
    at: datetime
    thread: Thread
    title: str
    text: str
    incidents: tuple[Incident, ...] = ()
    standing: tuple[Incident, ...] = ()
    change: Change | None = None
    bulletin: Bulletin | None = None
    fields: tuple[Field, ...] = ()
    links: tuple[Link, ...] = ()

    @property
    def begins(self) -> bool:
        """Whether it is the first of its thread."""
        return self.thread.id == self.id


class Notifier(Protocol):
    """A channel that tells people; one integration is one file and one row in `integrations.py`."""

    @property
    def name(self) -> str:
        """The receiver's name in the configuration."""

    def escape(self, text: str) -> str:
        """Make a string from a log harmless in this channel; every such string passes here before any template."""

    def send(self, message: Message) -> Receipt:
        """Deliver, or raise `TransportError`; sent again under the same id it is one message, where the channel can do that."""


@runtime_checkable
class Deployments(Protocol):
    """A channel that wants to know of deployments too, which page nobody."""

    def send_deployment(self, message: Message) -> None:
        """Deliver a message of kind `deployment`, or raise `TransportError`."""


@runtime_checkable
class Reports(Protocol):
    """A channel that takes weekly reports; one that pages does not."""

    def send_report(self, message: Message) -> None:
        """Deliver a message of kind `report`, or raise `TransportError`; sent again under the same id as any message."""


@runtime_checkable
class Sustained(Protocol):
    """A channel that forgets what it is not told again and again."""

    def sustain(self, incidents: Sequence[Incident], now: datetime) -> None:
        """Tell once more, each minute, what was told and fires, or ended within the last minutes; or raise `TransportError`."""


@runtime_checkable
class Previewed(Protocol):
    """A channel that can show what it would send."""

    def preview(self, message: Message) -> str:
        """What goes over the wire, as text for a person, without any secret."""
