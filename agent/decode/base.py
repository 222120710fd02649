"""The port of the second station: bytes to events. A record of the native format is one retrieval, a record of spans has any number.

What a record means may hang on those before it in its partition, and on nothing else: so whoever begins `window` records
before a position reads all that follow it as the one who was there.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from agent.decode.dead_letter import DeadLetter
from agent.records import Accepted, RawMessage

NO_SPANS: Final[Mapping[str, int]] = {}


class Decoded(NamedTuple):
    """What some messages were: events and dead letters, each in the order of their offsets.

    `spans` counts by what became of them; a message that is no spans has none.
    """

    accepted: list[Accepted]
    rejected: list[DeadLetter]
    spans: Mapping[str, int] = NO_SPANS


class Reader(Protocol):
    """Reads the messages of one partition, in their order."""

    def read(self, messages: Sequence[RawMessage], now_ms: int) -> Decoded:
        """What these messages are; nothing in a message raises. `now_ms`: epoch milliseconds."""


class Decoder(Protocol):
    """Makes readers. `window`: how many records before a position are read again, to know what came before it."""

    @property
    def window(self) -> int:
        """Records."""

    def reader(self) -> Reader:
        """A reader that has read nothing yet."""
