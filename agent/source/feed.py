"""Messages back into the log they came from."""

from collections.abc import Sequence
from typing import Any, Protocol

from kafka import KafkaProducer
from kafka.errors import AuthorizationError, KafkaError

from agent.decode.dead_letter import Kept
from agent.errors import Unreachable
from agent.source.base import AGAIN
from agent.source.clients import prove


class Feed(Protocol):
    """Where letters that can be read now are put."""

    def feed(self, letters: Sequence[Kept]) -> None:
        """Put them there durably; raises RetryLater."""


class MemoryFeed:
    """The in-memory twin."""

    def __init__(self) -> None:
        self.fed: list[Kept] = []

    def feed(self, letters: Sequence[Kept]) -> None:
        """Keep them in a list."""
        self.fed += letters


class KafkaFeed:
    """The topic and the partition that each letter came from: there the agent knows its event id if it is fed twice.

    A header says that it is fed again, since what was rejected there once is not what it repeats.
    """

    def __init__(self, producer: KafkaProducer) -> None:
        self._producer = producer

    def feed(self, letters: Sequence[Kept]) -> None:
        """Value and key as they came."""
        try:
            prove(self._send(letter) for letter in letters)
        except AuthorizationError as error:
            raise Unreachable("the log's topic may not be written by this user: replay needs the right Write on it") from error
        except KafkaError as error:
            raise Unreachable(f"the log's topic cannot be written: {type(error).__name__}") from error

    def _send(self, letter: Kept) -> Any:
        assert letter.partition is not None, "a letter without a topic is another log's"
        topic, number = letter.partition
        partition = number if number in self._producer.partitions_for(topic) else None  # the topic may have fewer by now
        headers = [(AGAIN, letter.id.encode())]
        return self._producer.send(topic, value=letter.value, key=letter.key, headers=headers, partition=partition)
