"""The port of station 7: what a channel is, what it is given, and how it says that it could not deliver.

A message is made for one channel: its strings are already escaped for it, so that a channel only lays them out. The raw
incident goes along for what is never shown as text (a colour, a dedup key).
"""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

from agent.alerting.incident import Incident
from agent.errors import BabelwatchError


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
class Message:
    """What is told about one incident: title, paragraphs parted by blank lines, short facts, links."""

    incident: Incident
    title: str
    text: str
    fields: tuple[Field, ...] = ()
    links: tuple[Link, ...] = ()


class Notifier(Protocol):
    """A channel that tells people; one integration is one file and one row in `integrations.py`."""

    @property
    def name(self) -> str:
        """The receiver's name in the configuration."""

    def escape(self, text: str) -> str:
        """Make a string from a log harmless in this channel; every such string passes here before any template."""

    def send(self, message: Message) -> None:
        """Deliver, or raise `TransportError`."""
