"""Where dead letters go: a Kafka topic, a file, or memory (the twin); all three pass one contract suite.

A letter may be written twice (a crash before the flush), never less than once: its key is source and offset.
"""

import base64
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

from kafka import KafkaProducer
from kafka.errors import KafkaError

from agent.decode.dead_letter import DeadLetter
from agent.errors import RetryLater

PROOF_TIMEOUT_S = 5.0  # the future of each send is the only proof of delivery
VALUE_LIMIT = 900_000  # producer and broker take a megabyte, uncompressed and with headers: a larger letter would never leave


class DeadLetterSink(Protocol):
    """Keeps rejected messages."""

    def write(self, source: str, letters: Iterable[DeadLetter]) -> None:
        """Write all letters of one source durably; raises RetryLater when it cannot."""

    def close(self) -> None:
        """Let go of what is held."""


class MemorySink:
    """The in-memory twin."""

    def __init__(self) -> None:
        self.letters: list[tuple[str, DeadLetter]] = []

    def write(self, source: str, letters: Iterable[DeadLetter]) -> None:
        """Keep the letters in a list."""
        self.letters += [(source, letter) for letter in letters]

    def close(self) -> None:
        """Nothing is held."""


class FileSink:
    """JSON lines, readable by the owner only, since they hold what users asked."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, source: str, letters: Iterable[DeadLetter]) -> None:
        """Append one line a letter and sync it to the disk."""
        lines = "".join(json.dumps(_as_dict(source, letter)) + "\n" for letter in letters)
        if not lines:
            return
        try:
            with os.fdopen(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "w") as file:
                file.write(lines)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise RetryLater(f"dead letters cannot be written to {self._path}: {error.strerror}") from error

    def close(self) -> None:
        """Nothing is held between writes."""


class KafkaSink:
    """The dead-letter topic: the raw value as it came, the reason in the headers.

    A value beyond VALUE_LIMIT is cut; the header `cut_from` says how long it was.
    """

    def __init__(self, producer: KafkaProducer, topic: str) -> None:
        self._producer = producer
        self._topic = topic

    def write(self, source: str, letters: Iterable[DeadLetter]) -> None:
        """Send all letters and wait for the broker's word on each."""
        try:
            sent = [self._send(source, letter) for letter in letters]
            for future in sent:
                future.get(timeout=PROOF_TIMEOUT_S)
        except KafkaError as error:
            raise RetryLater(f"dead letters cannot be written to topic {self._topic}: {type(error).__name__}") from error

    def _send(self, source: str, letter: DeadLetter) -> Any:
        headers = [("reason", letter.reason.encode()), ("detail", letter.detail.encode()), ("source", source.encode())]
        key, value = f"{source}:{letter.message.offset}".encode(), letter.message.value
        if len(value) > VALUE_LIMIT:
            headers.append(("cut_from", str(len(value)).encode()))
        return self._producer.send(self._topic, value=value[:VALUE_LIMIT], key=key, headers=headers)

    def close(self) -> None:
        """Close the producer."""
        self._producer.close(timeout=5)


def _as_dict(source: str, letter: DeadLetter) -> dict[str, object]:
    value = base64.b64encode(letter.message.value).decode()
    return {"source": source, "offset": letter.message.offset, "reason": letter.reason, "detail": letter.detail, "value": value}
