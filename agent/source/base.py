"""The port to a log: partitions of records with offsets, as Kafka has them.

Three implementations pass one contract suite: `kafka`, `file` and `memory`, the twin.
"""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from agent.records import Partition, RawMessage

AGAIN = "babelwatch-dead-letter"  # the header of a message that was fed again; its value is the letter's id


class Polled(NamedTuple):
    """What one poll brought.

    `assigned` partitions are paused and stand nowhere yet: the caller seeks and resumes each of them. One that was lost and came
    back in the same poll is among them. `revoked` ones belong to somebody else from now on; none is in both. `passed` ones are
    ours and paused where they stand: the log has no record at their position any more.
    `exhausted`: no partition will ever bring more (files).
    """

    records: Mapping[Partition, list[RawMessage]]
    assigned: frozenset[Partition] = frozenset()
    revoked: frozenset[Partition] = frozenset()
    exhausted: bool = False
    passed: frozenset[Partition] = frozenset()


class Source(Protocol):
    """Where retrieval logs come from."""

    def poll(self, max_records: int, timeout_s: float) -> Polled:
        """Read on in the partitions that are not paused; raises RetryLater when the log cannot be read now."""

    def position(self, partition: Partition) -> int:
        """The offset that is read next; it passes holes, so it can be larger than the last offset + 1."""

    def seek(self, partition: Partition, offset: int) -> None:
        """Read from this offset on."""

    def pause(self, partition: Partition) -> None:
        """Bring nothing of this partition until it is resumed."""

    def resume(self, partition: Partition) -> None:
        """Go on with a paused partition."""

    def start_position(self, partition: Partition) -> int:
        """Where an unknown partition begins."""

    def first_position(self, partition: Partition) -> int:
        """The oldest offset that the log still has."""

    def end_positions(self) -> Mapping[Partition, int]:
        """The offset after the newest record, for **all** partitions of the log, the assigned and the others."""

    def identity(self, partition: Partition) -> str:
        """Names this very log for ever: a topic made anew, or a file with another beginning, is another source."""

    def commit(self, positions: Mapping[Partition, int]) -> None:
        """Tell lag tools how far the store is; never read back. Failing is harmless.

        Raises Stop where this reader's place in the group was taken by another.
        """

    def close(self) -> None:
        """Leave the group, close files."""
