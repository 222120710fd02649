"""Records unpacked as messages are the client's own records, whatever stands in a fetch."""

import logging
import re
from typing import Any

import pytest
from crc32c import crc32c
from hypothesis import given, settings
from hypothesis import strategies as st
from kafka import TopicPartition
from kafka.consumer.fetcher import Fetcher
from kafka.errors import CorruptRecordError
from kafka.record.memory_records import MemoryRecords, MemoryRecordsBuilder

from agent.records import RawMessage
from agent.source import unpacking
from agent.source.base import AGAIN
from agent.source.messages import brings_messages, message
from agent.source.unpacking import QuickRecords, works

TP = TopicPartition("logs", 3)
CODECS = {"none": 0, "gzip": 1, "lz4": 3, "zstd": 4}
BYTES = st.none() | st.binary(max_size=300)
RECORDS = st.lists(
    st.tuples(
        st.integers(0, 2**42), BYTES, BYTES, st.lists(st.tuples(st.sampled_from([AGAIN, "traceparent", ""]), BYTES), max_size=2)
    ),
    min_size=1,
    max_size=80,
)


def batch(records: list[Any], offset: int = 0, magic: int = 2, codec: str = "none", *, transactional: bool = False) -> bytes:
    """One batch of (time, key, value, headers) as the broker keeps it: it writes the first offset over the producer's."""
    producer = {"producer_id": 1, "producer_epoch": 0, "base_sequence": 0} if transactional else {}
    first = 0 if magic == 2 else offset
    made: Any = MemoryRecordsBuilder(magic, CODECS[codec], 1 << 24, offset=first, transactional=transactional, **producer)
    for at, key, value, headers in records:
        made.append(at, key, value, headers)
    made.close()
    return bytes(made.buffer()) if magic < 2 else offset.to_bytes(8) + bytes(made.buffer())[8:]


def both_ways(fetched: bytes, start: int = 0) -> tuple[list[RawMessage], list[RawMessage], int, int]:
    """The messages of a fetch from `start` on, ours and the client's, and the offset that each would fetch next."""
    ours, theirs = (kind(start, TP, MemoryRecords(fetched)) for kind in (QuickRecords, Fetcher.PartitionRecords))
    return ours.take(), [message(TP, record) for record in theirs.take()], ours.next_fetch_offset, theirs.next_fetch_offset


@settings(deadline=None, max_examples=50)
@given(RECORDS, RECORDS, st.sampled_from(list(CODECS)), st.integers(0, 2**40), st.integers(0, 200))
def test_both_ways_bring_the_same(one: list[Any], two: list[Any], codec: str, first: int, skipped: int) -> None:
    """Keys, headers, tombstones, compression, a start within a batch: offset and value are the same, and so is the next fetch."""
    hole = first + len(one) + 7
    ours, theirs, next_ours, next_theirs = both_ways(
        batch(one, first, codec=codec) + batch(two, hole, codec=codec), first + skipped
    )
    assert ours == theirs
    assert next_ours == next_theirs


@pytest.mark.parametrize("magic", [0, 1])
def test_an_old_format_is_left_to_the_client(magic: int) -> None:
    """Topics written by old brokers are read all the same."""
    fetched = batch([(1, None, b"a", []), (2, b"k", b"b", [])], 9, magic)
    ours, theirs, *ends = both_ways(fetched, 9)
    assert ours == theirs != []
    assert ends[0] == ends[1]


def test_a_transaction_is_left_to_the_client() -> None:
    """Which of its records were aborted is the client's to know."""
    fetched = batch([(1, None, b"a", [])]) + batch([(2, None, b"b", [])], 1, transactional=True)
    ours, theirs, *_ = both_ways(fetched)
    assert [each.value for each in ours] == [b"a", b"b"]
    assert ours == theirs


def test_a_part_of_a_batch_at_the_end_waits_for_the_next_fetch() -> None:
    """A fetch is cut at its size limit; the batch that is not whole is fetched again."""
    first, second = (batch([(1, None, b"a" * 50, [])], offset) for offset in (0, 1))
    ours, theirs, *ends = both_ways(first + second[:-3])
    assert [each.offset for each in ours] == [0]
    assert ours == theirs
    assert ends == [1, 1]


def test_a_damaged_batch_is_told_with_its_partition() -> None:
    """What comes before it is brought first; the text is the one that the source steps over it by."""
    damaged = bytearray(batch([(1, None, b"b", [])], 1))
    damaged[-2] ^= 0xFF
    records = QuickRecords(0, TP, MemoryRecords(batch([(1, None, b"a", [])]) + bytes(damaged)))
    assert [each.value for each in records.take(5)] == [b"a"]
    with pytest.raises(CorruptRecordError, match=re.escape(str(TP))):
        records.take(5)


def damaged(at: int, *new: int) -> bytes:
    """A batch of three records with other bytes at a place, and a checksum that is right all the same."""
    made = bytearray(batch([(1, b"k", b"value", [("h", b"1")])] * 3))
    made[at : at + len(new)] = bytes(new)
    made[17:21] = crc32c(bytes(made[21:])).to_bytes(4)
    return bytes(made)


@pytest.mark.parametrize(
    ("at", "new"),
    [
        pytest.param(57, (0, 0, 0, 4), id="more records than there are"),
        pytest.param(57, (0, 0, 0, 2), id="fewer"),
        pytest.param(61, (0x7E,), id="a record that is longer than the batch"),
        pytest.param(61, (0x02,), id="shorter than its fields"),
        pytest.param(67, (0x7E,), id="a value that is longer than its record"),
    ],
)
def test_damage_behind_a_good_checksum_is_damage(at: int, new: tuple[int, ...]) -> None:
    """Nothing of the batch is brought, and what is raised names the partition."""
    assert len(QuickRecords(0, TP, MemoryRecords(damaged(at))).take()) == 3
    with pytest.raises(CorruptRecordError, match=re.escape(str(TP))):
        QuickRecords(0, TP, MemoryRecords(damaged(at, *new))).take()


def test_a_length_that_leads_nowhere_ends() -> None:
    """It is outside of what the checksum covers; the client calls it damaged."""
    with pytest.raises(CorruptRecordError):
        QuickRecords(0, TP, MemoryRecords(damaged(8, 0xFF, 0xFF, 0xFF, 0xF4))).take()


def test_another_release_is_read_through_its_public_way(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Where records come out otherwise, or what is leant on is gone, the agent reads on, slower, and says so once."""
    assert works()
    consumer: Any = type("Consumer", (), {"_fetcher": type("Fetcher", (), {})()})()
    assert brings_messages(consumer)
    with caplog.at_level(logging.WARNING):
        assert not brings_messages(object())
        monkeypatch.setattr(unpacking, "_unpacked", lambda *_: iter([]))
        assert not works()
        assert not brings_messages(consumer)
    assert [record.getMessage()[:38] for record in caplog.records] == [
        "this release of kafka-python is read t",
        "this release of kafka-python brings ot",
    ]
