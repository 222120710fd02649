"""The same log through files and through Kafka, in one piece and through crashes: the same windows, bit by bit."""

import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from ruamel.yaml import YAML

from agent.clock import SystemClock
from agent.errors import BabelwatchError
from agent.report.views import RemoteViews
from agent.source.kafka import Group, KafkaAddress, KafkaSource
from agent.store import sql
from agent.store.lock import StoreLock
from tests.acceptance.command import BABELWATCH
from tests.runtime.counting import PATIENCE_S, Counted, counted, dump, ends_of, of_file, opened, send
from tests.runtime.generated import Generated, generate
from tests.support.broker import Kafka

COUNT = 6_000
PIECE = 50
Topic = Callable[..., str]


@pytest.fixture(scope="module")
def log() -> Generated:
    """Records of two hours that are just over."""
    return generate(SystemClock().now() - timedelta(hours=3), COUNT)


@pytest.fixture(scope="module")
def expected(log: Generated, tmp_path_factory: pytest.TempPathFactory) -> Counted:
    """What a replay of the log as one file counts."""
    return of_file(log, tmp_path_factory.mktemp("file"))


def test_a_file_is_counted_completely(log: Generated, expected: Counted) -> None:
    """Every distinct event once, and many languages among them: there is something to compare."""
    assert expected.events == log.distinct
    assert expected.positions == [COUNT]
    assert len({row[5] for row in expected.windows}) > 10
    assert 10 < log.rejected < COUNT - log.distinct


@pytest.mark.parametrize("partitions", [1, 6])
def test_kafka_gives_the_same_windows(  # noqa: PLR0913, PLR0917  fixtures
    log: Generated, expected: Counted, kafka: Kafka, topic: Topic, tmp_path: Path, partitions: int
) -> None:
    """However the log is cut into partitions, polls and flushes."""
    name = topic(partitions=partitions)
    with closing(KafkaProducer(bootstrap_servers=kafka.bootstrap)) as producer:
        send(producer, name, log.records, partitions)
    ends = ends_of(log.records, partitions)
    with closing(KafkaSource(KafkaAddress((kafka.bootstrap,)), (name,), Group(name), "earliest")) as source:
        found = counted(tmp_path / "store", source, lambda consumer: consumer.tally.messages == COUNT)
    assert found.positions == ends
    assert found.windows == expected.windows


class Agent:
    """`babelwatch run` as a process of its own, which may be killed and started again."""

    def __init__(self, folder: Path, bootstrap: str, topic: str) -> None:
        self.store = folder / "a störe"  # any folder will do
        self.topic, self.dead_letters = topic, f"{topic}-dead-letters"
        self.log = folder / "agent.log"
        self.config = folder / "babelwatch.yaml"
        kafka = {"bootstrap_servers": [bootstrap], "topics": [topic], "group_id": topic, "dead_letter_topic": self.dead_letters}
        settings = {
            "source": {"kafka": kafka},
            "store": {"path": str(self.store), "flush_interval": "100ms"},
            "web": {"port": 0},
        }
        with self.config.open("w", encoding="utf-8") as file:
            YAML().dump(settings, file)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([str(BABELWATCH), "run", "--config", str(self.config)], stdout=log, stderr=log)

    def end(self, number: signal.Signals) -> int:
        """Send a signal, and wait for its end."""
        assert self.process is not None
        self.process.send_signal(number)
        status = self.process.wait(timeout=30)
        self.process = None
        return status

    def events(self) -> int:
        """How many events it has stored, as its API says; -1 while it does not answer."""
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()
        lock = StoreLock(self.store)
        holder = lock.take()
        lock.release()
        if holder is None or holder.pid != self.process.pid or not holder.address:
            return -1
        try:
            return sum(row["events"] for row in RemoteViews(holder.address, holder.token).languages({"from": "-1d", "to": "now"}))
        except BabelwatchError:
            return -1

    def wait(self, least: int) -> int:
        """Wait until so many events are stored, and say how many there are."""
        deadline = time.monotonic() + PATIENCE_S
        while (events := self.events()) < least:
            assert time.monotonic() < deadline, f"{events} events\n{self.log.read_text()}"
            time.sleep(0.02)
        return events


@pytest.fixture
def agent(kafka: Kafka, topic: Topic, tmp_path: Path) -> Iterator[Agent]:
    """An agent over a topic with three partitions; not started yet."""
    made = Agent(tmp_path, kafka.bootstrap, topic(partitions=3))
    yield made
    if made.process is not None:
        made.end(signal.SIGKILL)


def letters(bootstrap: str, topic: str) -> list[bytes]:
    """The keys of the dead letters."""
    with closing(KafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest", enable_auto_commit=False)) as consumer:
        partition = TopicPartition(topic, 0)
        consumer.assign([partition])
        end, keys = consumer.end_offsets([partition])[partition], []
        while consumer.position(partition) < end:
            keys += [record.key for records in consumer.poll(200).values() for record in records]
        return keys


def test_crashes_lose_nothing_and_count_nothing_twice(log: Generated, expected: Counted, kafka: Kafka, agent: Agent) -> None:
    """Killed again and again in the middle of its work, the agent has the windows of the replay; each reject has its letter."""
    coin, stored, sent = random.Random(7), 0, 0
    with closing(KafkaProducer(bootstrap_servers=kafka.bootstrap)) as producer:

        def send_some(pieces: int) -> int:
            for start in range(sent, sent + pieces * PIECE, PIECE):
                send(producer, agent.topic, log.records[start : start + PIECE], 3)
                time.sleep(0.02)
            return sent + pieces * PIECE

        for _ in range(3):
            sent = send_some(10)
            agent.start()
            stored = agent.wait(stored + 1)
            sent = send_some(coin.randrange(5, 20))
            assert agent.end(signal.SIGKILL) == -signal.SIGKILL
        assert sent < COUNT
        send_some((COUNT - sent) // PIECE + 1)
    agent.start()
    agent.wait(sum(row[len(sql.KEY_COLUMNS) + 2] for row in expected.windows if row[0] == "language"))
    assert agent.end(signal.SIGTERM) == 0
    with opened(agent.store) as store:
        found = dump(store.engine)
    assert found.windows == expected.windows
    assert found.positions == ends_of(log.records, 3)
    assert len(set(letters(kafka.bootstrap, agent.dead_letters))) == log.rejected
