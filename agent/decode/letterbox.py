"""Dead letters that were kept, to look at or to feed again: read from the topic, from the file, or from memory (the twin).

A letter that was fed again stays where it is, and a mark with its id comes after it: whoever reads passes over both. So
what cannot be read yet, or was not asked for, is still there the next time.
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError

from agent.clock import Clock
from agent.decode.dead_letter import Kept, letter_id, number_of
from agent.decode.sink import FileSink, Line, MemorySink, older
from agent.errors import Unreachable
from agent.records import Partition
from agent.source.clients import close, prove

FED: Final = "fed"  # stands where a letter has its reason
LATEST_MS: Final = 253_370_764_800_000  # the year 9999: a producer may stamp its records as it likes
POLL_MS: Final = 500
PATIENCE: Final = 60  # polls that bring nothing before the end is reached
LetterOrMark = Kept | str  # a mark is the id of a letter that was fed again


class LetterBox(Protocol):
    """What was rejected and kept."""

    def letters(self) -> Iterator[Kept]:
        """Letters that were not fed again, each once, in the order they came; raises RetryLater."""

    def mark_fed(self, letters: Sequence[Kept]) -> None:
        """Pass over these letters from now on; raises RetryLater when that cannot be kept."""

    def close(self) -> None:
        """Let go of what is held."""


class MemoryBox:
    """The in-memory twin, over a sink in memory."""

    def __init__(self, sink: MemorySink, clock: Clock) -> None:
        self._sink = sink
        self._clock = clock
        self._fed: list[LetterOrMark] = []

    def letters(self) -> Iterator[Kept]:
        """The list's letters."""
        return _open(lambda: [*map(self._kept, list(self._sink.letters)), *self._fed])

    def _kept(self, written: Any) -> Kept:
        source, (message, reason, detail) = written
        at = self._clock.now()
        return Kept(source, message.offset, at, message.partition, reason, detail, message.value, message.key, len(message.value))

    def mark_fed(self, letters: Sequence[Kept]) -> None:
        """Remember the ids."""
        self._fed += [letter.id for letter in letters]

    def close(self) -> None:
        """Nothing is held."""


class FileBox:
    """The file of dead letters, and the full one before it."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock

    def letters(self) -> Iterator[Kept]:
        """The letters of both files; what is no line of a letter is passed over."""
        try:
            yield from _open(self._rows)
        except OSError as error:
            raise Unreachable(f"{self._path} cannot be read: {error.strerror}") from error

    def _rows(self) -> Iterator[LetterOrMark]:
        with ExitStack() as stack:  # both are opened at once: a full file gets another name
            files = [stack.enter_context(path.open("rb")) for path in (older(self._path), self._path) if path.exists()]
            for file in files:
                written = datetime.fromtimestamp(os.fstat(file.fileno()).st_mtime, UTC)
                for line in file:
                    try:
                        yield _of_line(msgspec.json.decode(line, type=Line), written)
                    except msgspec.MsgspecError:
                        continue  # torn by a crash: its letter was written again

    def mark_fed(self, letters: Sequence[Kept]) -> None:
        """Append a mark for each letter; the file is never full for that, or letters that were not fed yet would be dropped."""
        now = self._clock.now()
        sink = FileSink(self._path, self._clock, limit=sys.maxsize)
        sink.append(Line(letter.source, letter.offset, FED, "", b"", at=now) for letter in letters)

    def close(self) -> None:
        """Nothing is held between calls."""


class KafkaBox:
    """The dead-letter topic, read by nobody's group from its beginning to its end."""

    def __init__(self, consumer: KafkaConsumer, producer: KafkaProducer, topic: str) -> None:
        """The consumer is assigned here; it needs `auto_offset_reset="earliest"`, since retention may remove what is read next."""
        self._consumer = consumer
        self._producer = producer
        self._topic = topic

    def letters(self) -> Iterator[Kept]:
        """The topic's letters; what others wrote into it is passed over."""
        try:
            yield from _open(self._rows)
        except KafkaError as error:
            raise Unreachable(f"topic {self._topic} cannot be read: {type(error).__name__}") from error

    def _rows(self) -> Iterator[LetterOrMark]:
        if self._topic not in self._consumer.topics():
            raise Unreachable(f"there is no topic {self._topic}: an agent that runs makes it")
        logs = [TopicPartition(self._topic, number) for number in self._consumer.partitions_for_topic(self._topic)]
        self._consumer.assign(logs)
        self._consumer.seek_to_beginning(*logs)
        for record in self._records(self._consumer.end_offsets(logs)):
            if row := _of_record(record):
                yield row

    def _records(self, ends: dict[TopicPartition, int]) -> Iterator[Any]:
        """All records below these offsets; positions pass the holes that transactions and compaction leave."""
        quiet = 0
        while any(self._consumer.position(log) < end for log, end in ends.items()):
            polled = self._consumer.poll(timeout_ms=POLL_MS)
            quiet = 0 if polled else quiet + 1
            if quiet > PATIENCE:
                raise Unreachable(f"topic {self._topic} cannot be read to its end: nothing comes")
            for log, records in polled.items():
                yield from (record for record in records if record.offset < ends[log])

    def mark_fed(self, letters: Sequence[Kept]) -> None:
        """Write a record without a value under each letter's key, after the letter: in a compacted topic it is its end."""
        headers = [("reason", FED.encode())]
        try:
            prove(self._producer.send(self._topic, key=letter.id.encode(), headers=headers) for letter in letters)
        except KafkaError as error:
            raise Unreachable(f"topic {self._topic} cannot be written: {type(error).__name__}") from error

    def close(self) -> None:
        """Close both clients."""
        self._consumer.close()
        close(self._producer)


def _open(read: Callable[[], Iterable[LetterOrMark]]) -> Iterator[Kept]:
    """Letters without a mark, each once. Reads twice, so that no value waits in memory for the end; of ids their hash does."""
    over = {hash(row) for row in read() if isinstance(row, str)}
    for row in read():
        if not isinstance(row, str) and (known := hash(row.id)) not in over:
            over.add(known)
            yield row


def _of_line(line: Line, written: datetime) -> LetterOrMark:
    if line.reason == FED:
        return letter_id(line.source, line.offset)
    partition = None if line.topic is None else Partition(line.topic, line.partition)
    at = line.at or written
    return Kept(line.source, line.offset, at, partition, line.reason, line.detail, line.value, None, len(line.value))


def _of_record(record: Any) -> LetterOrMark | None:
    """A letter, a mark, or None for what is neither: anybody may have written into the topic."""
    headers = {name: value or b"" for name, value in record.headers}
    source, _, offset = _text(record.key).rpartition(":")
    at, reason = number_of(offset), _text(headers.get("reason"))
    if at is None or not reason:
        return None
    if record.value is None:
        return letter_id(source, at)
    size = max(number_of(_text(headers.get("cut_from"))) or 0, len(record.value))
    written = datetime.fromtimestamp(min(max(record.timestamp, 0), LATEST_MS) / 1000, UTC)
    detail, key = _text(headers.get("detail")), headers.get("key")
    return Kept(source, at, written, _partition(headers), reason, detail, record.value, key, size)


def _partition(headers: dict[str, bytes]) -> Partition | None:
    topic, number = _text(headers.get("topic")), number_of(_text(headers.get("partition")))
    return Partition(topic, number) if topic and number is not None else None


def _text(value: bytes | None) -> str:
    return (value or b"").decode("utf-8", "replace")
