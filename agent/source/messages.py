"""What a consumer's poll brings, as messages: unpacked as such where that works, else made of the client's records."""

import logging
from collections.abc import Iterable
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from agent.records import Partition, RawMessage
from agent.source.base import AGAIN

log = logging.getLogger(__name__)


def messages(tp: TopicPartition, records: list[Any]) -> list[RawMessage]:
    """What a poll brought of a partition."""
    if records and isinstance(records[0], RawMessage):
        return records
    return [message(tp, record) for record in records]


def message(tp: TopicPartition, record: Any) -> RawMessage:
    """A record as the client brings it; a tombstone has an empty value."""
    return RawMessage(Partition(tp.topic, tp.partition), record.offset, record.value or b"", record.key, again_of(record.headers))


def again_of(headers: Iterable[tuple[str, bytes | None]]) -> str:
    """The id of the dead letter that a record is, else nothing."""
    return next((value.decode("utf-8", "replace") for name, value in headers if name == AGAIN and value), "")


def brings_messages(consumer: KafkaConsumer) -> bool:
    """Have this consumer bring messages; False where its release does not allow it, and it goes on bringing records."""
    try:
        from agent.source.unpacking import QuickRecords, works  # noqa: PLC0415  another release may lack what it imports

        if works():
            consumer._fetcher.PartitionRecords = QuickRecords  # noqa: SLF001  there is no public place (ADR 0010)
            return True
        log.warning("this release of kafka-python brings other records than expected, and is read through its slower public way")
    except Exception as error:  # whatever another release does: the trial must not keep the agent from starting
        log.warning("this release of kafka-python is read through its slower public way: %r", error)
    return False
