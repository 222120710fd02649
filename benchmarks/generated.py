"""A log without end, made of the demo's searches with fresh ids and times, for measurements."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice

import msgspec

from agent.demo.traffic import events
from agent.records import Partition, RawMessage
from agent.source.base import Polled

START = datetime(2026, 11, 1, tzinfo=UTC)
PER_MINUTE = 10_000
PATTERNS = 20_000
PARTITION = Partition("generated", 0)
ID = b"event-%018d"


def values(count: int, made: Iterable[bytes] | None = None) -> Iterator[bytes]:
    """`count` native events, 10,000 a minute in event time, each with an id of its own; `made`: what they are copies of."""
    patterns = cycle([cut(each) for each in made or _of_the_demo()])
    for minute in range(-(-count // PER_MINUTE)):
        stamp = (START + timedelta(minutes=minute)).strftime("%Y-%m-%dT%H:%M:%S.000Z").encode()
        first = minute * PER_MINUTE
        for number, (head, tail) in enumerate(islice(patterns, min(PER_MINUTE, count - first)), first):
            yield head % (ID % number, stamp) + tail


def _of_the_demo() -> Iterator[bytes]:
    """The demo's searches, each with a query of its own."""
    made = islice(events(START, START + timedelta(days=1), PER_MINUTE, update_at=START + timedelta(minutes=1)), PATTERNS)
    return (msgspec.json.encode(event | {"query": f"{event['query']} {number:x}"}) for number, event in enumerate(made))


def cut(encoded: bytes) -> tuple[bytes, bytes]:
    """An event in two: the head with places for id and time, the tail as it is."""
    query = encoded.index(b'"query"')
    return b'{"event_id":"%s","timestamp":"%s",', encoded[query:]


class GeneratedSource:
    """A log that is made while it is read."""

    def __init__(self, count: int, made: Iterable[bytes] | None = None) -> None:
        self.count = count
        self._values = values(count, made)
        self._position = 0
        self._assigned = frozenset({PARTITION})
        self._paused = True

    def poll(self, max_records: int, timeout_s: float) -> Polled:  # noqa: ARG002 - never makes wait
        """The next events."""
        assigned, self._assigned = self._assigned, frozenset()
        taken = [] if self._paused else list(islice(self._values, max_records))
        messages = [RawMessage(PARTITION, number, value) for number, value in enumerate(taken, self._position)]
        self._position += len(taken)
        return Polled({PARTITION: messages} if messages else {}, assigned, exhausted=self._position >= self.count)

    def position(self, partition: Partition) -> int:  # noqa: ARG002
        """The event that is made next."""
        return self._position

    def seek(self, partition: Partition, offset: int) -> None:
        """It only goes forwards."""

    def pause(self, partition: Partition) -> None:  # noqa: ARG002
        """Make nothing until it is resumed."""
        self._paused = True

    def resume(self, partition: Partition) -> None:  # noqa: ARG002
        """Go on."""
        self._paused = False

    def start_position(self, partition: Partition) -> int:  # noqa: ARG002
        """The beginning."""
        return 0

    def first_position(self, partition: Partition) -> int:  # noqa: ARG002
        """The beginning."""
        return 0

    def end_positions(self) -> Mapping[Partition, int]:
        """How many there will be."""
        return {PARTITION: self.count}

    def identity(self, partition: Partition) -> str:
        """One log a run."""
        return f"{partition.topic}/{self.count}"

    def commit(self, positions: Mapping[Partition, int]) -> None:
        """Nobody asks."""

    def close(self) -> None:
        """Nothing is held."""
