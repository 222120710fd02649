"""Where dead letters go: a Kafka topic, a file, or memory (the twin); all three pass one contract suite.

A letter may be written twice (a crash before the flush), never less than once: its key is source and offset.
`agent.decode.letterbox` reads what is written here.
"""

import logging
import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import msgspec
from kafka import KafkaProducer
from kafka.errors import KafkaError

from agent.clock import Clock
from agent.decode.dead_letter import DeadLetter, letter_id
from agent.decode.topic import DeadLetterTopic
from agent.errors import RetryLater
from agent.source.clients import close, prove

log = logging.getLogger(__name__)

VALUE_LIMIT = 900_000  # producer and broker take a megabyte, uncompressed and with headers: a larger letter would never leave
KEY_LIMIT = 10_000  # a longer key is left out: it says which partition a message goes to, and that is known
FILE_LIMIT = 64 << 20


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


class Line(msgspec.Struct):
    """A letter as a line of JSON; `value` is Base64. The last three are missing in lines of older agents."""

    source: str
    offset: int
    reason: str
    detail: str
    value: bytes
    topic: str | None = None
    partition: int = 0
    at: datetime | None = None


class FileSink:
    """JSON lines, readable by the owner only, since they hold what users asked.

    A full file becomes `NAME.1`, and what was there before is gone: two files are all that is kept.
    """

    def __init__(self, path: Path, clock: Clock, limit: int = FILE_LIMIT) -> None:
        self._path = path
        self._clock = clock
        self._limit = limit

    def write(self, source: str, letters: Iterable[DeadLetter]) -> None:
        """Append one line a letter and sync it to the disk."""
        now = self._clock.now()
        self.append(_line(source, letter, now) for letter in letters)

    def append(self, lines: Iterable[Line]) -> None:
        """Append lines; raises RetryLater."""
        text = b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
        if not text:
            return
        try:
            self._rotate()
            with os.fdopen(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "rb+") as file:
                torn = file.seek(0, os.SEEK_END) and os.pread(file.fileno(), 1, file.tell() - 1) != b"\n"
                file.write(b"\n" * torn + text)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise RetryLater(f"dead letters cannot be written to {self._path}: {error.strerror}") from error

    def _rotate(self) -> None:
        if not self._path.exists() or self._path.stat().st_size < self._limit:
            return
        if older(self._path).exists():
            log.warning("%s is full: the dead letters of %s are dropped", self._path, older(self._path))
        self._path.replace(older(self._path))

    def close(self) -> None:
        """Nothing is held between writes."""


class KafkaSink:
    """The dead-letter topic: the raw value as it came, the reason in the headers.

    A value beyond VALUE_LIMIT is cut; the header `cut_from` says how long it was.
    """

    def __init__(self, producer: KafkaProducer, topic: DeadLetterTopic) -> None:
        self._producer = producer
        self._topic = topic
        self._looked = False

    def prepare(self) -> None:
        """See to it that the topic is there; raises RetryLater that says what to do."""
        self._topic.ensure()
        self._looked = True

    def write(self, source: str, letters: Iterable[DeadLetter]) -> None:
        """Send all letters and wait for the broker's word on each; after a failure the topic is looked at first."""
        rows = list(letters)
        if rows and not self._looked:
            self.prepare()
        try:
            prove(self._send(source, letter) for letter in rows)
        except KafkaError as error:
            self._looked = False
            raise self._topic.unwritable(error) from error

    def _send(self, source: str, letter: DeadLetter) -> Any:
        value = letter.message.value[:VALUE_LIMIT]
        key = letter_id(source, letter.message.offset).encode()
        return self._producer.send(self._topic.name, value=value, key=key, headers=_headers(source, letter))

    def close(self) -> None:
        """Close the producer and the topic."""
        close(self._producer)
        self._topic.close()


def older(path: Path) -> Path:
    """Where a full file goes."""
    return path.with_name(f"{path.name}.1")


def _line(source: str, letter: DeadLetter, now: datetime) -> Line:
    value, offset, log_ = letter.message.value, letter.message.offset, letter.message.partition
    return Line(source, offset, letter.reason, letter.detail, value, log_.topic, log_.number, now)


def _headers(source: str, letter: DeadLetter) -> list[tuple[str, bytes]]:
    message = letter.message
    said = {"reason": letter.reason, "detail": letter.detail, "source": source}
    whence = {"topic": message.partition.topic, "partition": str(message.partition.number)}
    cut = {"cut_from": str(len(message.value))} if len(message.value) > VALUE_LIMIT else {}
    key = [("key", message.key)] if message.key is not None and len(message.key) <= KEY_LIMIT else []
    return [*((name, text.encode()) for name, text in (said | whence | cut).items()), *key]
