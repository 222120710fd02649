"""The in-process broker, read by the consumer that reads real ones."""

import sys
import time
from collections import Counter
from collections.abc import Iterator

import pytest
from kafka import KafkaConsumer

from agent.demo.broker import API_VERSION, PARTITIONS, DemoBroker
from agent.errors import Stop

TOPIC = "retrieval-logs"
MESSAGES = [f"{number} {'x' * 1000}".encode() for number in range(9_000)]


@pytest.fixture
def broker() -> Iterator[DemoBroker]:
    """A broker of its own for each test."""
    with DemoBroker() as running:
        yield running


@pytest.fixture
def consumer(broker: DemoBroker) -> Iterator[KafkaConsumer]:
    """A member of a group."""
    reading = KafkaConsumer(
        bootstrap_servers=broker.bootstrap,
        api_version=API_VERSION,
        group_id="babelwatch",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    yield reading
    reading.close()


def read(consumer: KafkaConsumer, expected: int) -> list[tuple[int, bytes]]:
    """Partition and value of each message, until as many came as are expected."""
    found: list[tuple[int, bytes]] = []
    give_up = time.monotonic() + 120
    while len(found) < expected and time.monotonic() < give_up:
        polled = consumer.poll(timeout_ms=200).values()
        found += [(record.partition, record.value) for records in polled for record in records]
    return found


def test_a_backlog_is_read_from_all_partitions(broker: DemoBroker, consumer: KafkaConsumer) -> None:
    """What lies in the topic at the start arrives once each, spread evenly."""
    assert broker.send(TOPIC, MESSAGES) == len(MESSAGES)
    consumer.subscribe([TOPIC])
    found = read(consumer, len(MESSAGES))
    assert sorted(value for _, value in found) == sorted(MESSAGES)
    shares = Counter(partition for partition, _ in found)
    assert shares == dict.fromkeys(range(PARTITIONS), len(MESSAGES) / PARTITIONS)


def test_what_is_sent_later_arrives_too(broker: DemoBroker, consumer: KafkaConsumer) -> None:
    """Live traffic follows the backlog."""
    broker.send(TOPIC, [b"first"])
    consumer.subscribe([TOPIC])
    assert [value for _, value in read(consumer, 1)] == [b"first"]
    broker.send(TOPIC, [b"second"])
    assert [value for _, value in read(consumer, 1)] == [b"second"]


def test_two_brokers_do_not_know_each_other(broker: DemoBroker) -> None:
    """Each demo has a broker of its own."""
    with DemoBroker() as other:
        assert broker.bootstrap != other.bootstrap
        assert broker.bootstrap.startswith("127.0.0.1:")


def test_nothing_is_printed(broker: DemoBroker, capfd: pytest.CaptureFixture[str]) -> None:
    """The screen belongs to the demo."""
    broker.send(TOPIC, MESSAGES[:10])
    assert capfd.readouterr() == ("", "")


def test_without_the_extra_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plain installation has no broker in it."""
    monkeypatch.setitem(sys.modules, "confluent_kafka", None)
    with pytest.raises(Stop, match=r"install babelwatch\[demo\]"), DemoBroker():
        pass
