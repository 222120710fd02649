"""The in-process broker, read by the consumer that reads real ones."""

import sys
from collections.abc import Iterator
from contextlib import closing

import pytest

from agent.demo.broker import API_VERSION, PARTITIONS, DemoBroker
from agent.errors import Stop
from agent.source.clients import KafkaAddress
from agent.source.kafka import Group, KafkaSource
from tests.source.builders import assigned, begin, read

TOPIC = "retrieval-logs"
MESSAGES = [f"{number} {'x' * 1000}".encode() for number in range(9_000)]


@pytest.fixture
def broker() -> Iterator[DemoBroker]:
    """A broker of its own for each test."""
    with DemoBroker() as running:
        yield running


@pytest.fixture
def source(broker: DemoBroker) -> Iterator[KafkaSource]:
    """A member of a group."""
    address = KafkaAddress((broker.bootstrap,), {"api_version": API_VERSION})
    with closing(KafkaSource(address, (TOPIC,), Group("babelwatch"), "earliest")) as member:
        yield member


def test_a_backlog_is_read_from_all_partitions(broker: DemoBroker, source: KafkaSource) -> None:
    """What lies in the topic at the start arrives once each, spread evenly."""
    assert broker.send(TOPIC, MESSAGES) == len(MESSAGES)
    begin(source, *assigned(source, PARTITIONS))
    found = read(source, len(MESSAGES), max_records=1000)
    assert sorted(value for part in found.values() for _, value in part) == sorted(MESSAGES)
    assert [len(part) for part in found.values()] == [len(MESSAGES) / PARTITIONS] * PARTITIONS


def test_what_is_sent_later_arrives_too(broker: DemoBroker, source: KafkaSource) -> None:
    """Live traffic follows the backlog."""
    broker.send(TOPIC, [b"first"])
    begin(source, *assigned(source, PARTITIONS))
    assert [value for ((_, value),) in read(source, 1).values()] == [b"first"]
    broker.send(TOPIC, [b"second"])
    assert [value for ((_, value),) in read(source, 1).values()] == [b"second"]


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
