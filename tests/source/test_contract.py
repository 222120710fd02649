"""What every log promises its reader: the same tests over memory, files and Kafka."""

import gzip
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaProducer

from agent.records import Partition
from agent.source.base import Source
from agent.source.file import FileSource
from agent.source.kafka import KafkaSource
from agent.source.memory import MemorySource
from tests.source.builders import assigned, begin, numbered, produce, read

Open = Callable[[], Source]
Make = Callable[[Sequence[Sequence[bytes]]], Open]
LOGS = [[b"a%d" % n for n in range(7)], [b"b%d" % n for n in range(5)], [b"c0"]]


class Memory:
    """Lists; each log made has a name of its own."""

    def __init__(self) -> None:
        self.made = 0

    def make(self, logs: Sequence[Sequence[bytes]]) -> Open:
        """A partition for each list."""
        self.made += 1
        name = f"log{self.made}"

        def open_() -> Source:
            source = MemorySource(name)
            for number, values in enumerate(logs):
                source.append(Partition(name, number), values)
            return source

        return open_


class Files:
    """JSON lines, one file a list."""

    def __init__(self, folder: Path, *, zipped: bool) -> None:
        self.folder = folder
        self.zipped = zipped
        self.made = 0

    def make(self, logs: Sequence[Sequence[bytes]]) -> Open:
        """A file for each list."""
        self.made += 1
        paths = [self.folder / f"{self.made}-{number}.jsonl" for number in range(len(logs))]
        for path, values in zip(paths, logs, strict=True):
            content = b"".join(value + b"\n" for value in values)
            path.write_bytes(gzip.compress(content) if self.zipped else content)
        return lambda: FileSource([str(path) for path in paths])


class Topics:
    """A topic on the real broker, read by a new group each time."""

    def __init__(self, topic: Callable[..., str], producer: KafkaProducer, join: Callable[..., KafkaSource]) -> None:
        self.topic = topic
        self.producer = producer
        self.join = join

    def make(self, logs: Sequence[Sequence[bytes]]) -> Open:
        """A partition for each list."""
        name = self.topic(partitions=len(logs))
        for number, values in enumerate(logs):
            produce(self.producer, name, values, number)
        return lambda: self.join(name)


@pytest.fixture(params=["memory", "file", "file.gz", pytest.param("kafka", marks=pytest.mark.kafka)])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    """Each kind of log in turn: makes one, and gives back how to open it."""
    log: Memory | Files | Topics
    if request.param == "memory":
        log = Memory()
    elif request.param == "kafka":
        log = Topics(*map(request.getfixturevalue, ("topic", "producer", "join")))
    else:
        log = Files(tmp_path, zipped=request.param == "file.gz")
    with ExitStack() as stack:

        def made(logs: Sequence[Sequence[bytes]]) -> Open:
            open_ = log.make(logs)
            return lambda: stack.enter_context(closing(open_()))

        yield made


@pytest.fixture
def source(make: Make) -> Source:
    """A reader of three partitions."""
    return make(LOGS)()


def contents(partitions: Sequence[Partition], logs: Sequence[Sequence[bytes]] = LOGS) -> dict[Partition, Any]:
    """All records by partition."""
    return {partition: numbered(values) for partition, values in zip(partitions, logs, strict=True)}


def test_nothing_comes_before_it_is_asked_for(source: Source) -> None:
    """Assigned partitions are paused and stand nowhere: only seek and resume together bring records."""
    first, *others = assigned(source, 3)
    assert read(source, 0) == {}
    source.seek(first, 2)
    assert read(source, 0) == {}
    source.resume(first)
    assert read(source, 5) == {first: numbered(LOGS[0])[2:]}
    begin(source, *others)
    assert read(source, 6) == dict(list(contents([first, *others]).items())[1:])


@pytest.mark.parametrize("max_records", [1, 3, 100])
def test_each_partition_comes_whole_and_in_order(source: Source, max_records: int) -> None:
    """Every record comes once under its offset, in any size of polls, and no poll brings more than was asked for."""
    partitions = assigned(source, 3)
    begin(source, *partitions)
    assert read(source, 13, max_records) == contents(partitions)


def test_the_position_is_what_comes_next(source: Source) -> None:
    """It follows what was sought and read, up to the end."""
    first, *_ = assigned(source, 3)
    begin(source, first, at=3)
    assert source.position(first) == 3
    read(source, 4)
    assert source.position(first) == source.end_positions()[first] == 7


def test_seeking_reads_again_and_passes_over(source: Source) -> None:
    """Back, forward and back from the end again."""
    first, second, _ = assigned(source, 3)
    begin(source, first, second)
    everything = read(source, 12)
    for at in (0, 5, 6, 2, 7):
        source.seek(first, at)
        assert read(source, 7 - at).get(first, []) == everything[first][at:]
    assert source.position(second) == 5


def test_a_paused_partition_waits(source: Source) -> None:
    """It brings nothing and keeps its position while the others go on, and goes on where it stopped."""
    first, second, third = assigned(source, 3)
    begin(source, first, at=4)
    begin(source, second, third)
    source.pause(first)
    assert set(read(source, 6)) == {second, third}
    assert source.position(first) == 4
    source.resume(first)
    assert read(source, 3) == {first: numbered(LOGS[0])[4:]}


def test_the_log_says_where_it_begins_and_ends(source: Source) -> None:
    """Ends are told for all partitions, read or not; an unknown partition is begun with the oldest record."""
    partitions = assigned(source, 3)
    assert source.end_positions() == dict(zip(partitions, (7, 5, 1), strict=True))
    assert [source.first_position(partition) for partition in partitions] == [0, 0, 0]
    assert [source.start_position(partition) for partition in partitions] == [0, 0, 0]


def test_an_identity_is_for_ever_and_one_logs_own(make: Make) -> None:
    """Whoever opens the log sees the same identities; partitions have different ones, and so has a log with other records."""
    open_, other = make(LOGS), make([[b"x"]])()
    (one, again) = (open_(), open_())
    identities = [one.identity(partition) for partition in assigned(one, 3)]
    assert [again.identity(partition) for partition in assigned(again, 3)] == identities
    assert len({*identities, other.identity(assigned(other)[0])}) == 4


def test_an_empty_partition_brings_nothing(make: Make) -> None:
    """It is assigned like any other and has its end at 0."""
    source = make([[], [b"b"]])()
    empty, other = assigned(source, 2)
    begin(source, empty, other)
    assert read(source, 1) == {other: [(0, b"b")]}
    assert (source.position(empty), source.end_positions()[empty]) == (0, 0)


def test_committing_and_closing_are_harmless(source: Source) -> None:
    """Positions can be told for lag tools, in any state, and a reader can be closed where it stands."""
    first, *_ = assigned(source, 3)
    begin(source, first)
    read(source, 7)
    source.commit({first: 5})
    assert source.position(first) == 7
    source.close()
