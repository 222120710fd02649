"""A sample of a log that leaves no trace: nothing is committed, no group is joined, files are only read."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from typing import Any, Final

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from agent.doctor.examined import Sampled
from agent.errors import Unreachable
from agent.records import RawMessage
from agent.source.file import FileSource
from agent.source.messages import message

POLL_MS: Final = 500
PATIENCE: Final = 20  # polls that bring nothing before what is there must do
LARGEST: Final = 64 << 20  # bytes of a sample


def from_files(paths: Sequence[str], most: int) -> list[Sampled]:
    """The first messages of each file, as many from each; raises Misconfigured for what cannot be opened, Unreachable for what is damaged."""
    files = dict.fromkeys(paths)
    each = -(-most // len(files))
    return [Sampled(found) for path in files for found in _of_file(path, each)][:most]


def _of_file(path: str, most: int) -> list[RawMessage]:
    with closing(FileSource([path])) as source:
        for partition in source.poll(0, 0).assigned:
            source.resume(partition)
        found: list[RawMessage] = []
        while len(found) < most:
            polled = source.poll(most - len(found), 0)
            found += [message for some in polled.records.values() for message in some]
            if polled.exhausted:
                break
        return found


def spread(available: Mapping[TopicPartition, int], most: int) -> dict[TopicPartition, int]:
    """How many to take of each, evenly, and what one has not from the others."""
    shares: dict[TopicPartition, int] = {}
    left = most
    for number, log in enumerate(sorted(available, key=lambda log: available[log])):
        shares[log] = min(available[log], left // (len(available) - number))
        left -= shares[log]
    return shares


class TopicSample:
    """The newest messages of a topic, read by a consumer in no group."""

    def __init__(self, consumer: KafkaConsumer, topic: str) -> None:
        self._consumer = consumer
        self._topic = topic

    def take(self, most: int) -> list[Sampled]:
        """Spread over the partitions; fewer where transactions and compaction left holes. Raises Unreachable."""
        try:
            logs = self._logs()
            self._consumer.assign(logs)
            first, ends = self._consumer.beginning_offsets(logs), self._consumer.end_offsets(logs)
            for log, share in spread({log: ends[log] - first[log] for log in logs}, most).items():
                self._consumer.seek(log, ends[log] - share)
            return self._records(ends)
        except KafkaError as error:
            raise Unreachable(f"topic {self._topic} cannot be read: {type(error).__name__}") from error

    def _logs(self) -> list[TopicPartition]:
        if self._topic not in self._consumer.topics():
            raise Unreachable(f"there is no topic {self._topic}, or this user may not see it (the right Describe)")
        return [TopicPartition(self._topic, number) for number in sorted(self._consumer.partitions_for_topic(self._topic))]

    def _records(self, ends: Mapping[TopicPartition, int]) -> list[Sampled]:
        found: list[Sampled] = []
        size = quiet = 0
        while quiet < PATIENCE and size < LARGEST and any(self._consumer.position(log) < end for log, end in ends.items()):
            polled = self._consumer.poll(timeout_ms=POLL_MS)
            quiet = 0 if polled else quiet + 1
            taken = list(_taken(polled, ends))
            size += sum(len(each.message.value) for each in taken)
            found += taken
        return found


def _taken(polled: Mapping[TopicPartition, Iterable[Any]], ends: Mapping[TopicPartition, int]) -> Iterable[Sampled]:
    for log, records in polled.items():
        for record in records:
            if record.offset < ends[log]:
                yield Sampled(message(log, record), record.timestamp if record.timestamp >= 0 else None)
