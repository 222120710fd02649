"""The in-memory twin of a log, with the rebalances that a test asks for."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from agent.records import Partition, RawMessage
from agent.source.base import Polled


class MemorySource:
    """Lists of values; every partition is assigned at the first poll."""

    def __init__(self, name: str = "memory") -> None:
        self._name = name
        self._logs: defaultdict[Partition, list[bytes]] = defaultdict(list)
        self._positions: dict[Partition, int] = {}
        self._paused: set[Partition] = set()
        self._assigned: set[Partition] = set()
        self._revoked: set[Partition] = set()
        self.committed: dict[Partition, int] = {}

    def append(self, partition: Partition, values: Iterable[bytes]) -> None:
        """Add records to the end of a partition."""
        self._logs[partition] += values
        self.assign(partition)

    def assign(self, partition: Partition) -> None:
        """Give a partition to the reader."""
        if partition not in self._positions:
            self._assigned.add(partition)

    def revoke(self, partition: Partition) -> None:
        """Take a partition away."""
        self._positions.pop(partition, None)
        self._assigned.discard(partition)
        self._revoked.add(partition)

    def poll(self, max_records: int, timeout_s: float) -> Polled:  # noqa: ARG002 - nothing to wait for
        """Bring at most `max_records` of the partitions that are not paused."""
        assigned, self._assigned = frozenset(self._assigned), set()
        revoked, self._revoked = frozenset(self._revoked) - assigned, set()
        self._positions |= dict.fromkeys(assigned, 0)
        self._paused |= assigned
        records: dict[Partition, list[RawMessage]] = {}
        for partition in sorted(set(self._positions) - self._paused):
            taken = self._take(partition, max_records - sum(map(len, records.values())))
            if taken:
                records[partition] = taken
        return Polled(records, assigned, revoked)

    def _take(self, partition: Partition, most: int) -> list[RawMessage]:
        start = self._positions[partition]
        values = self._logs[partition][start : start + most]
        self._positions[partition] = start + len(values)
        return [RawMessage(partition, start + index, value) for index, value in enumerate(values)]

    def position(self, partition: Partition) -> int:
        """The offset that is read next."""
        return self._positions[partition]

    def seek(self, partition: Partition, offset: int) -> None:
        """Read from this offset on."""
        self._positions[partition] = offset

    def pause(self, partition: Partition) -> None:
        """Bring nothing of this partition until it is resumed."""
        self._paused.add(partition)

    def resume(self, partition: Partition) -> None:
        """Go on with a paused partition."""
        self._paused.discard(partition)

    def start_position(self, partition: Partition) -> int:  # noqa: ARG002 - every list begins at 0
        """Where an unknown partition begins."""
        return 0

    def first_position(self, partition: Partition) -> int:  # noqa: ARG002 - every list begins at 0
        """The oldest offset."""
        return 0

    def end_positions(self) -> Mapping[Partition, int]:
        """The length of each list."""
        return {partition: len(values) for partition, values in self._logs.items()}

    def identity(self, partition: Partition) -> str:
        """The name given at the start, the topic and the partition."""
        return f"{self._name}/{partition.topic}/{partition.number}"

    def commit(self, positions: Mapping[Partition, int]) -> None:
        """Remember what was committed."""
        self.committed |= positions

    def close(self) -> None:
        """Nothing is held."""
