"""Kafka through kafka-python 3: what it does against a real broker decides the settings here.

Rebalances are noted in the callbacks, where nothing may block, and told as data by the next poll.
"""

import logging
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from kafka import ConsumerRebalanceListener, KafkaConsumer, TopicPartition
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.errors import (
    CorruptRecordError,
    FencedInstanceIdError,
    InvalidSessionTimeoutError,
    KafkaError,
    LogTruncationError,
    NoOffsetForPartitionError,
    OffsetOutOfRangeError,
    UnsupportedCodecError,
)
from kafka.structs import OffsetAndMetadata

from agent.errors import RetryLater, Stop
from agent.records import Partition
from agent.source.base import Polled
from agent.source.clients import ANSWER_TIMEOUT_MS, KafkaAddress, admin, consumer
from agent.source.messages import brings_messages, messages

log = logging.getLogger(__name__)

TWIN = "another agent joined the consumer group under this one's member name: run one of them"
MAX_TURN_MS = 120_000  # a member that joins waits for those that are busy so long; /healthz calls them stuck then, too


class Group(NamedTuple):
    """A place in a consumer group.

    `member` makes it a static one: it gets its partitions back at once after a crash, and keeps them over a restart.
    `session` is how long a silent member keeps its partitions. One that dies while it joins is counted as silent only from
    when all the others have joined, and those read nothing until it is gone.
    """

    id: str
    member: str | None = None
    session: timedelta = timedelta(seconds=15)


class _Assignment(ConsumerRebalanceListener):  # type: ignore[misc]
    """Notes what changed; the loop acts on it.

    The client's thread calls this while the loop waits inside `poll`, never beside it.
    """

    def __init__(self, consumer: KafkaConsumer) -> None:
        self._consumer = consumer
        self.taken: set[TopicPartition] = set()
        self.given_up: set[TopicPartition] = set()

    def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        self.taken |= set(assigned)
        self.given_up -= set(assigned)
        self._consumer.pause(*assigned)  # nothing is fetched before the loop has read the stored position
        for tp in assigned:  # one partition without a position makes poll and position fail for all
            self._consumer.seek(tp, 0)

    def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        self.given_up |= set(revoked)
        self.taken -= set(revoked)


class KafkaSource:
    """A member of a consumer group."""

    def __init__(self, address: KafkaAddress, topics: tuple[str, ...], group: Group, start: str | datetime) -> None:
        """`start`: earliest, latest or a time, for partitions that the store does not know. Raises Unreachable."""
        self._address = address
        self._topics = topics
        self._start = start
        self._consumer = consumer(address, **_consumer_settings(group))
        brings_messages(self._consumer)
        self._admin = admin(address)
        self._assignment = _Assignment(self._consumer)
        self._cluster_id = self._ask(self._admin.describe_cluster)["cluster_id"]
        self._subscribed = False
        self._passed: set[TopicPartition] = set()

    def missing_topics(self) -> list[str]:
        """Topics that do not exist; asking creates none."""
        described = self._ask(self._admin.describe_topics, list(self._topics))
        return sorted(topic["name"] for topic in described if topic["error_code"])

    def poll(self, max_records: int, timeout_s: float) -> Polled:
        """Read on; a topic that does not exist yet brings nothing."""
        if not self._subscribed and not self._subscribe():
            time.sleep(timeout_s)
            return Polled({})
        polled = self._fetch(max_records, int(timeout_s * 1000))
        gone, self._assignment.given_up = self._assignment.given_up, set()
        new, self._assignment.taken = self._assignment.taken, set()
        passed, self._passed = self._passed - new - gone, set()
        self._consumer.pause(*new, *passed)
        records = {_ours(tp): messages(tp, found) for tp, found in polled.items() if tp not in new}
        assigned, revoked, stuck = (frozenset(map(_ours, each)) for each in (new, gone, passed))
        return Polled(records, assigned, revoked, passed=stuck)

    def _subscribe(self) -> bool:
        if self.missing_topics():  # the client would ask for every topic of the cluster
            return False
        known = (self._ask(self._consumer.partitions_for_topic, topic) for topic in self._topics)
        if not all(known):  # joined without them, the group would leave them out until metadata_max_age_ms
            return False
        self._consumer.subscribe(list(self._topics), listener=self._assignment)
        self._subscribed = True
        return True

    def _fetch(self, max_records: int, timeout_ms: int) -> dict[TopicPartition, list[Any]]:
        self._end_joining()
        try:
            return self._consumer.poll(timeout_ms=timeout_ms, max_records=max_records)  # type: ignore[no-any-return]
        except (NoOffsetForPartitionError, OffsetOutOfRangeError, LogTruncationError) as error:
            lost = error.divergent_offsets if isinstance(error, LogTruncationError) else error.args[0]
            self._passed |= set(lost) & self._consumer.assignment()
            return {}
        except CorruptRecordError as error:
            self._skip_corrupt(error)
            return {}
        except UnsupportedCodecError as error:
            raise Stop(f"Kafka: records cannot be unpacked: {error}") from error
        except FencedInstanceIdError as error:  # while it joins again; a member at rest is told by its commit alone
            raise Stop(TWIN) from error
        except InvalidSessionTimeoutError as error:
            raise Stop("the brokers allow no such source.kafka.session_timeout (see their group.min.session.timeout.ms)") from error
        except KafkaError as error:
            raise RetryLater(f"Kafka: {type(error).__name__}") from error

    def _end_joining(self) -> None:
        """Have a join taken up that began in an earlier poll.

        kafka-python 3.0 begins one because the topic's metadata came, and looks whether they came again before it awaits its end. By
        then they are taken in, so that nobody awaits it: a member without heartbeats, which the broker drops after its session.
        """
        coordinator = self._consumer._coordinator  # noqa: SLF001 - nothing public tells of it, or asks for a rejoin
        if coordinator.rebalance_in_progress():
            coordinator.request_rejoin()

    def _skip_corrupt(self, error: CorruptRecordError) -> None:
        """Step over a damaged record: a poll from the same position never returns. Only the text names the partition."""
        found = [tp for tp in self._consumer.assignment() if str(tp) in str(error)]
        if not found:
            raise Stop(f"Kafka: {error}") from error
        for tp in found:
            at = self.position(_ours(tp))
            log.error("%s: the record at offset %d is damaged and is not counted", tp, at)
            self._consumer.seek(tp, at + 1)

    def position(self, partition: Partition) -> int:
        """The offset that is read next."""
        return int(self._ask(self._consumer.position, _theirs(partition), ANSWER_TIMEOUT_MS))

    def seek(self, partition: Partition, offset: int) -> None:
        """Read from this offset on."""
        self._consumer.seek(_theirs(partition), offset)

    def pause(self, partition: Partition) -> None:
        """Bring nothing of this partition until it is resumed."""
        self._consumer.pause(_theirs(partition))

    def resume(self, partition: Partition) -> None:
        """Go on with a paused partition."""
        self._consumer.resume(_theirs(partition))

    def start_position(self, partition: Partition) -> int:
        """Earliest, latest, or the first record at or after a time."""
        tp = _theirs(partition)
        if isinstance(self._start, datetime):
            found = self._ask(self._consumer.offsets_for_times, {tp: int(self._start.timestamp() * 1000)}, ANSWER_TIMEOUT_MS)[tp]
            return int(found.offset) if found else self._end(tp)
        return self._end(tp) if self._start == "latest" else self.first_position(partition)

    def first_position(self, partition: Partition) -> int:
        """The oldest offset that retention has left."""
        tp = _theirs(partition)
        return int(self._ask(self._consumer.beginning_offsets, [tp], ANSWER_TIMEOUT_MS)[tp])

    def _end(self, tp: TopicPartition) -> int:
        return int(self._ask(self._consumer.end_offsets, [tp], ANSWER_TIMEOUT_MS)[tp])

    def end_positions(self) -> Mapping[Partition, int]:
        """End offsets of all partitions; raises RetryLater while the broker is away: only this tells idle from blind."""
        if not self._subscribed:
            return {}
        known = {topic: self._ask(self._consumer.partitions_for_topic, topic) for topic in self._topics}
        if not all(known.values()):  # said to be complete without them, minutes would be evaluated too soon
            raise RetryLater("Kafka: the partitions of a topic are not known")
        everything = [TopicPartition(topic, number) for topic, numbers in known.items() for number in numbers]
        return {_ours(tp): int(end) for tp, end in self._ask(self._consumer.end_offsets, everything, ANSWER_TIMEOUT_MS).items()}

    def identity(self, partition: Partition) -> str:
        """Topic id and partition, asked of the broker each time; cluster id and name where it has no topic ids."""
        described = self._ask(self._admin.describe_topics, [partition.topic])[0]
        if described.get("error_code"):
            raise RetryLater(f"Kafka: topic {partition.topic} is not there")
        topic_id = described.get("topic_id") or f"{self._cluster_id}/{partition.topic}"
        return f"{topic_id}/{partition.number}"

    def commit(self, positions: Mapping[Partition, int]) -> None:
        """Commit for lag tools; a failure is only noted, the store has the truth."""
        offsets = {_theirs(partition): OffsetAndMetadata(at, "", -1) for partition, at in positions.items()}
        try:
            self._consumer.commit(offsets, timeout_ms=ANSWER_TIMEOUT_MS)
        except FencedInstanceIdError as error:  # the only sign: poll goes on and reports nothing
            raise Stop(TWIN) from error
        except KafkaError as error:
            log.info("offsets were not committed: %s", type(error).__name__)

    def close(self) -> None:
        """Leave the group."""
        self._consumer.close(timeout_ms=ANSWER_TIMEOUT_MS)
        self._admin.close()

    def _ask(self, call: Any, *arguments: Any) -> Any:
        try:
            return call(*arguments)
        except KafkaError as error:
            raise RetryLater(f"Kafka: {type(error).__name__}") from error


def _consumer_settings(group: Group) -> dict[str, Any]:
    session_ms = group.session // timedelta(milliseconds=1)
    return {
        "group_id": group.id,
        "group_instance_id": group.member,
        "session_timeout_ms": session_ms,
        "heartbeat_interval_ms": session_ms // 5,
        "max_poll_interval_ms": MAX_TURN_MS,
        "enable_auto_commit": False,
        "auto_offset_reset": "none",  # anything else jumps silently over what retention removed
        "partition_assignment_strategy": [CooperativeStickyAssignor],
        "isolation_level": "read_committed",
        "fetch_max_wait_ms": 100,
        "fetch_min_bytes": 256 << 10,  # else a poll brings what was just written: few events, each at twice the cost
        "fetch_max_bytes": 8 << 20,
        "metadata_max_age_ms": 30_000,  # how soon new topics and partitions are noticed
    }


def _ours(tp: TopicPartition) -> Partition:
    return Partition(tp.topic, tp.partition)


def _theirs(partition: Partition) -> TopicPartition:
    return TopicPartition(partition.topic, partition.number)
