"""The broker for tests is a real one, and goes when its test run goes."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path

import pytest
from kafka import KafkaConsumer, KafkaProducer

from agent.source.clients import KafkaAddress
from agent.source.kafka import Group, KafkaSource
from tests.source.builders import assigned, begin, read
from tests.support import broker
from tests.support.broker import Broker, Kafka

ROOT = Path(__file__).parents[2]


def produce(bootstrap: str, topic: str, values: Iterable[bytes]) -> None:
    """Send, and wait until the broker has everything."""
    with closing(KafkaProducer(bootstrap_servers=bootstrap)) as producer:
        for sent in [producer.send(topic, value) for value in values]:
            sent.get(timeout=20)


def consume(consumer: KafkaConsumer, count: int) -> set[bytes]:
    """Poll until `count` different values have come."""
    values: set[bytes] = set()
    deadline = time.monotonic() + 60
    while len(values) < count and time.monotonic() < deadline:
        values |= {record.value for records in consumer.poll(timeout_ms=200).values() for record in records}
    return values


def test_a_group_reads_what_was_produced(kafka: Kafka, topic: Callable[..., str]) -> None:
    """Its member gets every partition and every record."""
    name = topic(partitions=3)
    produce(kafka.bootstrap, name, (b"%d" % n for n in range(100)))
    with closing(KafkaSource(KafkaAddress((kafka.bootstrap,)), (name,), Group(f"group-of-{name}"), "earliest")) as member:
        begin(member, *assigned(member, 3))
        assert {value for part in read(member, 100).values() for _, value in part} == {b"%d" % n for n in range(100)}


def test_each_topic_is_a_new_one(topic: Callable[..., str]) -> None:
    """Tests cannot see each other's records."""
    assert topic() != topic()


def unanswered(port: int) -> socket.socket:
    """A connection on which a frozen broker owes an answer; the signal takes its time on a busy machine."""
    for _ in range(30):
        connection = socket.create_connection(("127.0.0.1", port), timeout=1)
        connection.sendall(broker.WHICH_VERSIONS)
        connection.settimeout(0.3)
        try:
            connection.recv(1)
        except TimeoutError:
            return connection
        connection.close()
    raise AssertionError("it answers, and was to be frozen")


def test_a_broker_goes_and_comes_back(own_kafka: Broker) -> None:
    """Frozen it says nothing; after an orderly stop and after a crash it has, at the same address, all it acknowledged."""
    own_kafka.signal("STOP")
    with closing(unanswered(own_kafka.port)) as connection:
        own_kafka.signal("CONT")
        connection.settimeout(10)
        assert connection.recv(1)
    for end in (own_kafka.stop, own_kafka.kill):
        produce(own_kafka.bootstrap, "log", [end.__name__.encode()])
        end()
        assert not broker.answers(own_kafka.bootstrap)
        own_kafka.start()
    with closing(KafkaConsumer("log", bootstrap_servers=own_kafka.bootstrap, auto_offset_reset="earliest")) as consumer:
        assert consume(consumer, 2) == {b"stop", b"kill"}


@pytest.mark.kafka
def test_the_broker_dies_with_its_tests(tmp_path: Path) -> None:
    """A test run that is killed leaves no broker behind."""
    try:
        broker.java(), broker.jars()
    except broker.UnavailableError as error:
        pytest.skip(str(error))
    script = f"from pathlib import Path; from tests.support import broker; ours = broker.start(Path({str(tmp_path)!r})); print(ours.bootstrap, flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        bootstrap = run.stdout.readline().strip()
        answered = broker.answers(bootstrap)
        run.kill()
    assert answered
    deadline = time.monotonic() + 60
    while broker.answers(bootstrap) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not broker.answers(bootstrap)
