"""Samples leave no trace: nothing is committed, no group is joined, files are only read."""

import gzip
import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition

from agent.errors import Misconfigured, Unreachable
from agent.source.clients import KafkaAddress, reader
from agent.source.sample import TopicSample, from_files, spread
from tests.source.builders import produce
from tests.support.broker import Kafka


@given(st.lists(st.integers(0, 50), min_size=1, max_size=8), st.integers(1, 200))
def test_a_sample_is_spread_evenly(sizes: list[int], most: int) -> None:
    """As many as asked for, or all; no partition gives more than another unless that has no more."""
    available = {TopicPartition("t", number): size for number, size in enumerate(sizes)}
    shares = spread(available, most)
    assert sum(shares.values()) == min(most, sum(sizes))
    largest = max(shares.values())
    assert all(share >= largest - 1 or share == available[log] for log, share in shares.items())


def test_lines_of_files_are_taken_from_each(tmp_path: Path) -> None:
    """The first of each, as many from each, plain or packed; blank lines are none."""
    plain, packed = tmp_path / "a.jsonl", tmp_path / "b.jsonl.gz"
    plain.write_bytes(b"".join(b'{"n": %d}\n\n' % n for n in range(9)))
    packed.write_bytes(gzip.compress(b'{"n": 10}\n' * 9))
    found = from_files([str(plain), str(packed), str(plain)], 6)
    assert [json.loads(each.message.value)["n"] for each in found] == [0, 1, 2, 10, 10, 10]
    assert {each.written for each in found} == {None}


@pytest.mark.parametrize("name", ["genai_util.pb", "genai_util.json", "openinference_haystack.pb"])
@pytest.mark.parametrize("packed", [False, True])
def test_a_file_that_is_a_record_is_one_message(shared: Path, tmp_path: Path, name: str, packed: bool) -> None:  # noqa: FBT001  a case's value
    """As the Collector wrote it, in either encoding."""
    value = (shared / "data" / "otlp" / name).read_bytes()
    (tmp_path / name).write_bytes(gzip.compress(value) if packed else value)
    assert [each.message.value for each in from_files([str(tmp_path / name)], 5)] == [value]


def test_a_file_that_is_not_there_is_a_mistake() -> None:
    """With its name."""
    with pytest.raises(Misconfigured, match=r"away\.jsonl: cannot be read"):
        from_files(["away.jsonl"], 5)


def test_a_topic_is_read_without_a_trace(kafka: Kafka, topic: Callable[..., str], producer: KafkaProducer) -> None:
    """The newest of each partition; no group has anybody or any offset afterwards, and the positions of others stay."""
    name = topic(partitions=3)
    for number in range(3):
        for value in range(10):
            producer.send(name, value=b"%d" % value, partition=number)
    producer.flush()
    with closing(KafkaAdminClient(bootstrap_servers=kafka.bootstrap)) as admin:
        groups = {group["group_id"] for group in admin.list_groups()}
        with closing(reader(KafkaAddress((kafka.bootstrap,)))) as consumer:
            found = TopicSample(consumer, name).take(7)
        assert sorted((each.message.partition.number, int(each.message.value)) for each in found) in [
            sorted((number, value) for number, share in enumerate(shares) for value in range(10 - share, 10))
            for shares in ([3, 2, 2], [2, 3, 2], [2, 2, 3])
        ]
        assert all(each.written for each in found)
        assert {group["group_id"] for group in admin.list_groups()} == groups
    with closing(KafkaConsumer(bootstrap_servers=kafka.bootstrap, group_id="babelwatch")) as ours:
        assert [ours.committed(TopicPartition(name, number)) for number in range(3)] == [None] * 3


def test_less_than_asked_for_is_all(kafka: Kafka, topic: Callable[..., str], producer: KafkaProducer) -> None:
    """An empty topic gives nothing, at once."""
    few, none = topic(partitions=2), topic()
    produce(producer, few, [b"a", b"b"])
    for name, count in (few, 2), (none, 0):
        with closing(reader(KafkaAddress((kafka.bootstrap,)))) as consumer:
            assert len(TopicSample(consumer, name).take(100)) == count


def test_a_missing_topic_cannot_be_reached(kafka: Kafka) -> None:
    """And is not made."""
    with closing(reader(KafkaAddress((kafka.bootstrap,)))) as consumer, pytest.raises(Unreachable, match="there is no topic away"):
        TopicSample(consumer, "away").take(1)
