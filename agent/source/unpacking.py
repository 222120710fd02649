"""Unpacks the records of a fetch straight into messages, which takes a third of what the client's own way takes.

kafka-python makes two objects with a dozen fields of each record, of which we need offset and value. It has no public place
to say so: this overrides a method that is not public (ADR 0010). Only agent/source/messages.py imports it, on trial.
"""

from collections.abc import Iterator
from typing import Any, Final

from kafka import TopicPartition
from kafka.consumer.fetcher import Fetcher
from kafka.errors import CorruptRecordError
from kafka.record.default_records import DefaultRecordBatch
from kafka.record.memory_records import MemoryRecords, MemoryRecordsBuilder

from agent.records import Partition, RawMessage
from agent.source.base import AGAIN
from agent.source.messages import again_of, message

_HEADER: Final = DefaultRecordBatch.HEADER_STRUCT
_OVERHEAD: Final = DefaultRecordBatch.AFTER_LEN_OFFSET
_SPECIAL: Final = DefaultRecordBatch.TRANSACTIONAL_MASK | DefaultRecordBatch.CONTROL_MASK
_MAGIC_AT: Final = MemoryRecords.MAGIC_OFFSET
_MAGIC: Final = 2
_MORE: Final = 0x80  # in a byte of a varint: another follows
_NULL: Final = 0x01  # -1 as a varint: no key

_TOPIC: Final = TopicPartition("trial", 0)
_TRIAL: Final = (
    (None, b"value", []),
    (b"key", None, []),
    (b"k" * 200, b"v" * 70_000, [("header", b"1"), ("other", None), (AGAIN, b"source:7")]),
    (b"", b"", []),
    *((None, b"%d" % number, []) for number in range(200)),
)


def works() -> bool:
    """Whether a fetch with every kind of record is the same both ways."""
    for codec in (DefaultRecordBatch.CODEC_NONE, DefaultRecordBatch.CODEC_LZ4):
        made = MemoryRecordsBuilder(_MAGIC, codec, 1 << 20, offset=5)
        for number, (key, value, headers) in enumerate(_TRIAL):
            made.append(1_000_000 + 1_000 * number, key, value, headers)
        made.close()
        both = [
            list(kind(5, _TOPIC, MemoryRecords(bytes(made.buffer()))).record_iterator)
            for kind in (QuickRecords, Fetcher.PartitionRecords)
        ]
        if both[0] != [message(_TOPIC, record) for record in both[1]] or len(both[0]) != len(_TRIAL):
            return False
    return True


class QuickRecords(Fetcher.PartitionRecords):  # type: ignore[misc]
    """The records of one partition's fetch, as messages; transactions are left to the client."""

    def _unpack_records(self, tp: TopicPartition, records: MemoryRecords, *deserializers: Any) -> Iterator[RawMessage]:
        if _plain(records._buffer):  # noqa: SLF001  see above
            return self._quickly(tp, records)
        return (message(tp, record) for record in super()._unpack_records(tp, records, *deserializers))

    def _quickly(self, tp: TopicPartition, records: MemoryRecords) -> Iterator[RawMessage]:
        partition = Partition(tp.topic, tp.partition)
        while (batch := records.next_batch()) is not None:
            if not batch.validate_crc():  # in the client's words, in which its source looks for the partition
                raise CorruptRecordError(f"Record batch for partition {tp} at offset {batch.base_offset} failed crc check")
            self.leader_epoch = batch.leader_epoch
            self.records_read += batch.records_count
            self.bytes_read += batch.size_in_bytes
            for found in self._sound(batch, partition):
                self.next_fetch_offset = found.offset + 1
                yield found
            self.next_fetch_offset = batch.next_offset  # past what compaction removed
        self.drain()

    def _sound(self, batch: DefaultRecordBatch, partition: Partition) -> list[RawMessage]:
        """All messages of a batch, or none of it: what is damaged behind a good checksum is told as damaged, too."""
        try:
            return list(_unpacked(batch, partition))
        except (IndexError, ValueError) as error:
            raise CorruptRecordError(
                f"Record batch for partition {self.topic_partition} at offset {batch.base_offset}: {error}"
            ) from error


def _plain(buffer: bytes) -> bool:
    """Whether all batches are of the current format, and in none of them is a transaction."""
    at = 0
    while at + _MAGIC_AT < len(buffer):
        if buffer[at + _MAGIC_AT] != _MAGIC:
            return False
        if at + _HEADER.size > len(buffer):  # a fetch may be cut anywhere
            return True
        _, length, _, _, _, attributes, *_ = _HEADER.unpack_from(buffer, at)
        if attributes & _SPECIAL or length < _HEADER.size - _OVERHEAD:  # damaged: the client knows what to say of it
            return False
        at += _OVERHEAD + length
    return True


def _unpacked(batch: DefaultRecordBatch, partition: Partition) -> Iterator[RawMessage]:
    """The messages of a batch; no value is an empty one."""
    batch._maybe_uncompress()  # noqa: SLF001  see above
    buffer, at, base = bytes(batch._buffer), batch._pos, batch.base_offset  # noqa: SLF001
    for _ in range(batch.records_count):
        length, at = _varint(buffer, at)
        end, at = at + length, at + 1  # one byte of attributes
        while buffer[at] & _MORE:  # the time
            at += 1
        delta, at = _varint(buffer, at + 1)
        key, at = _bytes(buffer, at)
        value, at = _bytes(buffer, at)
        headers, at = _headers(buffer, at) if buffer[at] else ((), at + 1)
        if at != end:
            raise ValueError("a record has another length than it says")
        yield RawMessage(partition, base + delta, value or b"", key, again_of(headers) if headers else "")
    if at != len(buffer):
        raise ValueError("there are other records than it says")


def _headers(buffer: bytes, at: int) -> tuple[list[tuple[str, bytes | None]], int]:
    """The headers of a record, and where they end."""
    found: list[tuple[str, bytes | None]] = []
    count, at = _varint(buffer, at)
    for _ in range(count):
        name, at = _bytes(buffer, at)
        value, at = _bytes(buffer, at)
        found.append(((name or b"").decode("utf-8", "replace"), value))
    return found, at


def _bytes(buffer: bytes, at: int) -> tuple[bytes | None, int]:
    """A text of bytes after its length, which is -1 for none, and where the next field begins."""
    if buffer[at] == _NULL:
        return None, at + 1
    size, at = _varint(buffer, at)
    return buffer[at : at + size], at + size


def _varint(buffer: bytes, at: int) -> tuple[int, int]:
    """A number as Kafka's records have it (zigzag, seven bits a byte), and where the next one begins."""
    byte = buffer[at]
    found, shift = byte & 0x7F, 7
    while byte & _MORE:
        at += 1
        byte = buffer[at]
        found |= (byte & 0x7F) << shift
        shift += 7
    return (found >> 1) ^ -(found & 1), at + 1
