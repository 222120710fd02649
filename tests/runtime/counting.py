"""What is in a store, window by window, so that two runs over one log can be compared bit by bit."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from agent import opening
from agent.config.settings import Settings
from agent.decode.sink import MemorySink
from agent.resources import schemas_dir
from agent.runtime.consume import Consumer
from agent.source.base import Source
from agent.source.file import FileSource
from agent.store import sql
from agent.store.engine import Engine
from agent.store.migrate import migrate
from tests.runtime.generated import Generated, Record

PATIENCE_S = 60.0
COMPARED = tuple(name for name in sql.READABLE if name != "late")  # how late an event is hangs on when it was read


class Counted(NamedTuple):
    """What is in a store: each window with its sums, and the positions."""

    windows: Sequence[Sequence[Any]]
    positions: Sequence[int]

    @property
    def events(self) -> int:
        """How many events the languages' windows have, synthetic ones too."""
        return self._sum("events", "synthetic")

    @property
    def of_users(self) -> int:
        """How many of them are users'."""
        return self._sum("events")

    def _sum(self, *names: str) -> int:
        at = len(sql.KEY_COLUMNS) + 2
        return sum(row[at + COMPARED.index(name)] for row in self.windows if row[0] == "language" for name in names)


def given(folder: Path, **more: Any) -> Settings:
    """Settings of a store in a folder that flushes often, so that there are many batches to lose."""
    return Settings.model_validate({"store": {"path": str(folder), "flush_interval": "100ms"}, **more})


@contextmanager
def opened(folder: Path) -> Iterator[opening.Store]:
    """The store of an agent that is gone."""
    with ExitStack() as stack:
        yield opening.store_in(stack, given(folder), folder)


def counted(folder: Path, source: Source, done: Callable[[Consumer], bool]) -> Counted:
    """Carry a log into a new store."""
    with opened(folder) as store:
        migrate(store.engine, schemas_dir() / "clickhouse", retention=False)
        consumer = opening.consumer(given(folder), store, source, MemorySink())
        deadline = time.monotonic() + PATIENCE_S
        while not done(consumer):
            assert time.monotonic() < deadline, store.windows.positions()
            consumer.step()
        assert consumer.flush_all()
        return dump(store.engine)


def of_file(log: Generated, folder: Path) -> Counted:
    """What an undisturbed replay of the log as one file counts."""
    path = folder / "log.jsonl"
    path.write_bytes(b"\n".join(record.value or b"null" for record in log.records) + b"\n")  # a blank line is no record
    with closing(FileSource([str(path)])) as source:
        return counted(folder / "store", source, lambda consumer: consumer.exhausted)


def dump(engine: Engine) -> Counted:
    """All sums and the distinct sessions of every key and minute."""
    keys = f"kind, minute, {', '.join(sql.KEY_COLUMNS)}"
    sums = ", ".join(map(sql.total, COMPARED))
    windows = engine.rows(
        f"SELECT {keys}, {sums}, uniqCombinedMerge(sessions) FROM windows WHERE kind != 'position' GROUP BY {keys} ORDER BY {keys}"
    )
    return Counted(windows, sorted(position for _, position in engine.rows(sql.POSITIONS)))


def send(producer: KafkaProducer, topic: str, records: Sequence[Record], partitions: int) -> None:
    """Put records into their partitions, in order."""
    for record in records:
        producer.send(topic, value=record.value, partition=record.partition(partitions))
    producer.flush()


def ends_of(records: Sequence[Record], partitions: int) -> list[int]:
    """How long each partition is."""
    found = [record.partition(partitions) for record in records]
    return sorted(found.count(number) for number in range(partitions))


def letters(bootstrap: str, topic: str) -> list[bytes]:
    """The keys of the dead letters."""
    with closing(KafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest", enable_auto_commit=False)) as consumer:
        partition = TopicPartition(topic, 0)
        consumer.assign([partition])
        end, keys = consumer.end_offsets([partition])[partition], []
        while consumer.position(partition) < end:
            keys += [record.key for records in consumer.poll(200).values() for record in records]
        return keys
