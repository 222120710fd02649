"""Faults of the broker, a real one: after each of them everything is counted exactly once, and as_of goes on."""

import logging
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewPartitions, NewTopic

from agent.clock import FakeClock, SystemClock
from agent.logs import Hush
from agent.records import Partition
from agent.runtime.health import Health
from agent.runtime.live import Live, Pace
from agent.source import kafka as module
from agent.source.clients import KafkaAddress
from agent.source.kafka import Group, KafkaSource
from tests.runtime.rig import Log, Rig, events
from tests.runtime.watchers import Watch
from tests.source.builders import client_with, until
from tests.support.broker import Broker, Kafka

CLOCK = SystemClock()
PATIENCE_S = 60.0
OFTEN, NEVER = timedelta(milliseconds=100), timedelta(days=1)


class Agent:
    """The whole loop over a broker, with the store's twin; it flushes and looks ten times a second."""

    def __init__(self, source: KafkaSource) -> None:
        self.source = source
        self.rig = Rig(log=cast("Log", source), clock=cast("FakeClock", CLOCK))
        self.flush_every(OFTEN)
        self.health = Health(CLOCK.now())
        self.live = Live(
            consumer=self.rig.consumer,
            new_evaluation=lambda: Watch(windows=self.rig.windows, clock=self.rig.clock).evaluation,
            source=source,
            windows=self.rig.windows,
            health=self.health,
            clock=CLOCK,
            pace=Pace(timedelta(0), evaluate_every=OFTEN),
            missing_topics=source.missing_topics,
        )

    def flush_every(self, interval: timedelta) -> None:
        """How long a batch stays open."""
        self.rig.consumer._interval = interval

    def until(self, done: Callable[[], bool]) -> None:
        """Turn, for as long as a real broker may need."""
        deadline = time.monotonic() + PATIENCE_S
        while not done():
            assert time.monotonic() < deadline, (self.counted, self.rig.windows.positions(), self.health.missing())
            self.live.turn()

    def counts(self, number: int) -> None:
        """This many events are counted, no more come, and what was in the log just now is complete."""
        self.until(lambda: self.counted >= number)
        now = CLOCK.now()
        self.until(lambda: self.as_of is not None and self.as_of > now)
        assert self.counted == number

    @property
    def counted(self) -> int:
        """The events in the store."""
        return self.rig.windows.counted().get("ko", 0)

    @property
    def read(self) -> int:
        """The events that are read, in the store or in an open batch."""
        return self.counted + sum(batch.tally.accepted for batch in self.rig.consumer._batches.values())

    @property
    def as_of(self) -> datetime | None:
        """Up to when everything is counted."""
        return self.live._coverage.covered

    def position(self, topic: str, number: int = 0) -> int | None:
        """The stored position of the topic that has this name now."""
        return self.rig.windows.position(self.source.identity(Partition(topic, number)))


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What changes is noticed sooner than in half a minute."""
    client_with(monkeypatch, metadata_max_age_ms=500)
    monkeypatch.setattr(module, "ANSWER_TIMEOUT_MS", 1_000)


@pytest.fixture
def join() -> Iterator[Callable[..., Agent]]:
    """Makes an agent of a broker and topics."""
    with ExitStack() as stack:
        yield lambda kafka, *topics: Agent(
            stack.enter_context(closing(KafkaSource(KafkaAddress((kafka.bootstrap,)), topics, Group(uuid.uuid4().hex), "earliest")))
        )


@pytest.fixture
def admin(kafka: Kafka) -> Iterator[KafkaAdminClient]:
    """Whoever makes and deletes topics."""
    with closing(KafkaAdminClient(bootstrap_servers=kafka.bootstrap)) as client:
        yield client


Join = Callable[..., Agent]
Topic = Callable[..., str]


def fresh(start: int, count: int) -> list[bytes]:
    """So many events of now, numbered from `start`."""
    return events(range(start, start + count), timestamp=CLOCK.now().isoformat())


def send(kafka: Kafka, topic: str, values: Sequence[bytes], partition: int = 0, **more: Any) -> None:
    """Send, and wait until the broker has everything."""
    with closing(KafkaProducer(bootstrap_servers=kafka.bootstrap)) as producer:
        for sent in [producer.send(topic, value, partition=partition, **more) for value in values]:
            sent.get(timeout=20)


def test_a_broker_that_is_killed_and_comes_back(own_kafka: Broker, join: Join, caplog: pytest.LogCaptureFixture) -> None:
    """What was read and not yet stored is stored once; meanwhile as_of stands still, and the log says so in a few lines."""
    send(own_kafka, "log", fresh(0, 100))
    agent = join(own_kafka, "log")
    agent.counts(100)
    agent.flush_every(NEVER)
    send(own_kafka, "log", fresh(100, 50))
    agent.until(lambda: agent.read == 150)
    own_kafka.kill()
    gone = CLOCK.now()
    agent.until(lambda: "log or store" in agent.health.missing())
    agent.flush_every(OFTEN)
    agent.until(lambda: CLOCK.now() - gone > timedelta(seconds=5))
    assert agent.as_of is not None
    assert agent.as_of <= gone
    own_kafka.start()
    send(own_kafka, "log", fresh(150, 50))
    agent.counts(200)
    assert agent.position("log") == 200
    assert agent.health.missing() == {}
    hush = Hush()
    said = [record for record in caplog.records if record.levelno >= logging.WARNING and hush.filter(record)]
    own = [record.getMessage() for record in said if record.name.startswith("agent.")]
    assert "Kafka" in own[0]
    assert own[-1].startswith("ready again")
    assert len(own) <= 6
    assert len(said) < 60 < len(caplog.records)


@pytest.mark.parametrize("unstored", [0, 5], ids=["all stored", "some not stored"])
@pytest.mark.parametrize("many", [20, 100, 150], ids=["fewer", "as many", "more"])
def test_a_topic_made_anew_is_counted_from_its_beginning(  # noqa: PLR0913, PLR0917  fixtures
    kafka: Kafka, topic: Topic, admin: KafkaAdminClient, join: Join, unstored: int, many: int
) -> None:
    """Whether it has fewer records than were read of the old one or more; what was not stored of the old one is forgotten."""
    name = topic()
    send(kafka, name, fresh(0, 100))
    agent = join(kafka, name)
    agent.counts(100)
    old = agent.source.identity(Partition(name, 0))
    agent.flush_every(NEVER)
    send(kafka, name, fresh(100, unstored))
    agent.until(lambda: agent.read == 100 + unstored)
    admin.delete_topics([name])
    agent.until(lambda: agent.source.missing_topics() == [name])
    admin.create_topics([NewTopic(name, 1, 1)])
    agent.until(lambda: not agent.source.missing_topics())
    send(kafka, name, fresh(1_000, many + unstored))
    agent.flush_every(OFTEN)
    agent.counts(100 + many + unstored)
    assert agent.position(name) == many + unstored
    assert agent.rig.windows.position(old) == 100
    send(kafka, name, fresh(2_000, 3))
    agent.counts(100 + many + unstored + 3)


def test_a_topic_that_comes_later(kafka: Kafka, topic: Topic, admin: KafkaAdminClient, join: Join) -> None:
    """With one of two missing nothing is read, so that nothing is called complete; then both are counted from their beginning."""
    first, second = topic(), f"test-{uuid.uuid4().hex}"
    send(kafka, first, fresh(0, 30))
    agent = join(kafka, first, second)
    agent.until(lambda: agent.health.missing() == {"kafka": f"waits for topic {second}"})
    assert (agent.counted, agent.as_of) == (0, None)
    admin.create_topics([NewTopic(second, 2, 1)])
    for number in range(2):
        send(kafka, second, fresh(100 * number, 20), number)
    agent.counts(70)
    assert agent.health.missing() == {}


def test_partitions_that_are_added(kafka: Kafka, topic: Topic, admin: KafkaAdminClient, join: Join) -> None:
    """While the agent runs, with records in them before it knows of them."""
    name = topic()
    send(kafka, name, fresh(0, 10))
    agent = join(kafka, name)
    agent.counts(10)
    admin.create_partitions({name: NewPartitions(total_count=3)})
    for number in range(3):
        send(kafka, name, fresh(1_000 * (number + 1), 20), number)
    agent.counts(70)
    assert [agent.position(name, number) for number in range(3)] == [30, 20, 20]


def test_transactions(kafka: Kafka, topic: Topic, join: Join) -> None:
    """Aborted records are counted never, those of an open transaction once it is committed; markers hold up nothing."""
    name = topic()
    agent = join(kafka, name)
    with closing(KafkaProducer(bootstrap_servers=kafka.bootstrap, transactional_id=name)) as producer:
        producer.init_transactions()

        def begin(start: int, count: int) -> None:
            producer.begin_transaction()
            for sent in [producer.send(name, value, partition=0) for value in fresh(start, count)]:
                sent.get(timeout=20)

        begin(0, 10)
        producer.commit_transaction()
        begin(10, 10)
        producer.abort_transaction()
        agent.counts(10)
        assert agent.position(name) == 22
        begin(20, 10)
        agent.counts(10)
        assert agent.position(name) == 22
        producer.commit_transaction()
        agent.counts(20)
        assert agent.position(name) == 33


def left(kafka: Kafka, topic: str) -> list[int]:
    """The offsets that a topic of one partition still has."""
    tp = TopicPartition(topic, 0)
    with closing(
        KafkaConsumer(bootstrap_servers=kafka.bootstrap, auto_offset_reset="earliest", enable_auto_commit=False)
    ) as consumer:
        consumer.assign([tp])
        end, found = consumer.end_offsets([tp])[tp], []
        while consumer.position(tp) < end:
            found += [record.offset for records in consumer.poll(200).values() for record in records]
        return found


def test_holes_that_compaction_left(kafka: Kafka, admin: KafkaAdminClient, join: Join) -> None:
    """The position passes them, also at the beginning, and what is left is counted once."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    compact = {
        "cleanup.policy": "compact",
        "segment.ms": "100",
        "min.cleanable.dirty.ratio": "0.01",
        "max.compaction.lag.ms": "100",
    }
    admin.create_topics([NewTopic(name, 1, 1, topic_configs=compact)])
    for start in (0, 50, 100):
        send(kafka, name, fresh(start, 50), key=b"one")
        time.sleep(0.2)  # a segment each
    send(kafka, name, fresh(1_000, 1), key=b"another")
    until(lambda: left(kafka, name) == [149, 150])
    agent = join(kafka, name)
    agent.counts(2)
    assert agent.position(name) == 151


def test_retention_that_passes_a_reader(kafka: Kafka, topic: Topic, admin: KafkaAdminClient, join: Join) -> None:
    """In the middle of a run: every record is counted or lost, and the loss stands in the journal with its positions."""
    name = topic()
    send(kafka, name, fresh(0, 10))
    agent = join(kafka, name)
    agent.counts(10)
    many = events(range(10, 4_010), timestamp=CLOCK.now().isoformat(), query="x" * 1_000)  # more than one fetch brings
    send(kafka, name, many)
    admin.delete_records({TopicPartition(name, 0): 4_000})
    agent.until(lambda: agent.position(name) == 4_010)
    (row,) = agent.rig.journal.read("lost")
    assert (row.body["topic"], row.body["partition"], row.body["end"]) == (name, 0, 4_000)
    assert agent.rig.consumer.tally.lost == 4_000 - row.body["start"] > 0
    agent.counts(4_010 - agent.rig.consumer.tally.lost)


def test_retention_that_passes_an_agent_that_is_away(kafka: Kafka, topic: Topic, admin: KafkaAdminClient, join: Join) -> None:
    """The next one begins at the oldest record, and says what is missing."""
    name = topic()
    send(kafka, name, fresh(0, 10))
    agent = join(kafka, name)
    agent.counts(10)
    agent.source.close()
    send(kafka, name, fresh(10, 90))
    admin.delete_records({TopicPartition(name, 0): 60})
    following = join(kafka, name)
    following.rig.windows._positions[following.source.identity(Partition(name, 0))] = 10
    following.counts(40)
    assert [(row.body["start"], row.body["end"]) for row in following.rig.journal.read("lost")] == [(10, 60)]
