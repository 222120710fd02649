"""Messages back into the topic that they came from, on a real broker."""

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

from kafka import KafkaProducer

from agent.decode.dead_letter import Kept
from agent.errors import Unreachable
from agent.records import Partition
from agent.source.clients import KafkaAddress
from agent.source.clients import producer as open_producer
from agent.source.feed import KafkaFeed
from tests.source.builders import assigned, begin, until
from tests.support.rights import Rights


def letter(topic: str, number: int, value: bytes, key: bytes | None = None) -> Kept:
    """A letter of this partition."""
    at = datetime(2026, 11, 16, tzinfo=UTC)
    return Kept("id/0", 7, at, Partition(topic, number), "not_json", "", value, key, len(value))


def test_value_key_and_partition_are_as_they_came(
    producer: KafkaProducer, topic: Callable[..., str], join: Callable[..., Any]
) -> None:
    """Also without a key; a partition that is not there any more is another one."""
    name = topic(partitions=3)
    letters = [letter(name, 2, b"a", b"key"), letter(name, 0, b"b"), letter(name, 2, b"c", b""), letter(name, 9, b"d", b"key")]
    KafkaFeed(producer).feed(letters)
    source = join(name)
    begin(source, *assigned(source, 3))
    messages = poll(source, 4)
    found = {(message.partition.number, message.value, message.key) for message in messages}
    assert {(2, b"a", b"key"), (0, b"b", None), (2, b"c", b"")} <= found
    assert (b"d", b"key") in {(value, key) for _, value, key in found}
    assert len(found) == 4
    assert {message.again for message in messages} == {"id/0:7"}


def poll(source: Any, count: int) -> list[Any]:
    """So many messages."""
    found: list[Any] = []

    def enough() -> bool:
        for messages in source.poll(100, 0.2).records.values():
            found.extend(messages)
        return len(found) >= count

    until(enough)
    return found


def test_a_topic_that_may_not_be_written_is_told(guarded_kafka: Rights) -> None:
    """The agent itself only reads it, so the right is often missing: one sentence says which, and nothing is retried."""
    with closing(open_producer(KafkaAddress((guarded_kafka.bootstrap,)))) as ours:
        feed = KafkaFeed(ours)

        def refused() -> bool:
            try:
                feed.feed([letter("guarded-log", 0, b"a")])
            except Unreachable as error:
                return "replay needs the right Write on it" in str(error)
            return False

        assert not refused()
        with guarded_kafka.unwritable("guarded-log"):
            until(refused)
