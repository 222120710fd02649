"""The same log through files and through Kafka, in one piece and through crashes: the same windows, bit by bit."""

import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from kafka import KafkaProducer

from agent.clock import SystemClock
from agent.source.clients import KafkaAddress
from agent.source.kafka import Group, KafkaSource
from tests.runtime.agent_process import Agent
from tests.runtime.counting import Counted, counted, dump, ends_of, letters, of_file, opened, send
from tests.runtime.generated import Generated, generate
from tests.support.broker import Kafka

COUNT = 2_000
PIECE = 20
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


@pytest.fixture
def agent(kafka: Kafka, topic: Topic, tmp_path: Path) -> Iterator[Agent]:
    """An agent over a topic with three partitions; not started yet."""
    made = Agent(tmp_path, kafka.bootstrap, topic(partitions=3))
    yield made
    if made.process is not None:
        made.end(signal.SIGKILL)


def test_crashes_lose_nothing_and_count_nothing_twice(log: Generated, expected: Counted, kafka: Kafka, agent: Agent) -> None:
    """Killed twice in the middle of its work, the agent has the windows of the replay; each reject has its letter."""
    coin, stored, sent = random.Random(7), 0, 0
    with closing(KafkaProducer(bootstrap_servers=kafka.bootstrap)) as producer:

        def send_some(pieces: int) -> int:
            for start in range(sent, sent + pieces * PIECE, PIECE):
                send(producer, agent.topic, log.records[start : start + PIECE], 3)
                time.sleep(0.02)
            return sent + pieces * PIECE

        for _ in range(2):
            sent = send_some(10)
            agent.start()
            stored = agent.wait(stored + 1)
            sent = send_some(coin.randrange(5, 20))
            assert agent.end(signal.SIGKILL) == -signal.SIGKILL
        assert sent < COUNT
        send_some((COUNT - sent) // PIECE + 1)
    agent.start()
    agent.wait(expected.of_users)
    assert agent.end(signal.SIGTERM) == 0
    with opened(agent.store) as store:
        found = dump(store.engine)
    assert found.windows == expected.windows
    assert found.positions == ends_of(log.records, 3)
    assert len(set(letters(kafka.bootstrap, agent.dead_letters))) == log.rejected
