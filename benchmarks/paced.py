"""A log that grows with a clock that is moved by hand: so many searches a second, on four partitions."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from agent.clock import Clock
from agent.records import Partition, RawMessage
from agent.source.base import Polled
from agent.source.memory import MemorySource
from benchmarks.generated import cut

PARTITIONS: Final = tuple(Partition("paced", number) for number in range(4))


class PacedSource(MemorySource):
    """Partitions that have what came until now; a record is made when it is read."""

    def __init__(self, clock: Clock, rate: int, made: Iterable[bytes]) -> None:
        """`rate`: events a second of the clock; `made`: events that are sent again and again, with fresh ids and times."""
        super().__init__("paced")
        self._clock, self._rate, self._begun = clock, rate, clock.now()
        self._patterns = [cut(each) for each in made]
        self._positions, self._assigned, self._paused = dict.fromkeys(PARTITIONS, 0), set(PARTITIONS), set(PARTITIONS)

    def poll(self, max_records: int, timeout_s: float) -> Polled:  # noqa: ARG002 - never makes wait
        """What has come, `max_records` at most."""
        assigned, self._assigned = frozenset(self._assigned), set()
        stamp, end = _stamp(self._clock.now()), self._end()
        records: dict[Partition, list[RawMessage]] = {}
        for partition in PARTITIONS:
            first = self._positions[partition]
            numbers = range(first, end)[: max_records // len(PARTITIONS)]
            if numbers and partition not in self._paused:
                records[partition] = [self._made(partition, number, stamp) for number in numbers]
                self._positions[partition] = numbers[-1] + 1
        return Polled(records, assigned)

    def _made(self, partition: Partition, offset: int, stamp: bytes) -> RawMessage:
        number = offset * len(PARTITIONS) + partition.number
        head, tail = self._patterns[number % len(self._patterns)]
        return RawMessage(partition, offset, head % (b"paced-%018d" % number, stamp) + tail)

    def _end(self) -> int:
        return int((self._clock.now() - self._begun).total_seconds() * self._rate) // len(PARTITIONS)

    def end_positions(self) -> Mapping[Partition, int]:
        """What has come until now."""
        return dict.fromkeys(PARTITIONS, self._end())


def _stamp(now: datetime) -> bytes:
    return now.isoformat(timespec="milliseconds").replace("+00:00", "Z").encode()
