"""What a reader of a log does, as the spine does it."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from kafka import KafkaProducer

from agent.records import Partition
from agent.source import kafka as module
from agent.source.base import Source

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine proves nothing
PATIENCE_S = 60.0
Read = list[tuple[int, bytes]]


def client_with(monkeypatch: pytest.MonkeyPatch, **changes: int) -> None:
    """Have the readers that are made from now on set these otherwise in their client."""
    made = module._consumer_settings
    monkeypatch.setattr(module, "_consumer_settings", lambda group: made(group) | changes)


def assigned(source: Source, count: int = 1) -> list[Partition]:
    """Poll until this many partitions are assigned; nothing of them may come before."""
    found: set[Partition] = set()
    deadline = time.monotonic() + PATIENCE_S
    while len(found) < count and time.monotonic() < deadline:
        polled = source.poll(100, 0.1)
        assert not any(polled.records.values())
        found |= polled.assigned
    assert len(found) == count
    return sorted(found)


def until(done: Callable[[], bool]) -> None:
    """Ask again and again, for as long as a real broker may need."""
    deadline = time.monotonic() + PATIENCE_S
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def begin(source: Source, *partitions: Partition, at: int = 0) -> None:
    """Seek and resume."""
    for partition in partitions:
        source.seek(partition, at)
        source.resume(partition)


def read(source: Source, count: int, max_records: int = 100) -> dict[Partition, Read]:
    """Poll until this many records have come, and then once more: no others may come."""
    found: dict[Partition, Read] = {}
    deadline = time.monotonic() + PATIENCE_S
    while sum(map(len, found.values())) < count and time.monotonic() < deadline:
        _add(source, found, max_records)
    _add(source, found, max_records)
    assert sum(map(len, found.values())) == count
    return found


def _add(source: Source, found: dict[Partition, Read], max_records: int) -> None:
    records = source.poll(max_records, 0.1).records
    assert sum(map(len, records.values())) <= max_records
    for partition, messages in records.items():
        assert {message.partition for message in messages} <= {partition}
        found.setdefault(partition, []).extend((message.offset, message.value) for message in messages)


def numbered(values: Iterable[bytes], start: int = 0) -> Read:
    """Values with their offsets."""
    return list(enumerate(values, start))


def produce(producer: KafkaProducer, topic: str, values: Iterable[bytes | None], partition: int = 0) -> None:
    """Send, and wait until the broker has everything."""
    for sent in [producer.send(topic, value, key=b"key", partition=partition) for value in values]:
        sent.get(timeout=20)


def lines(path: Path, *values: bytes) -> str:
    """A file of these lines, as a command names it."""
    path.write_bytes(b"".join(value + b"\n" for value in values))
    return str(path)
