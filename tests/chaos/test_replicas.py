"""Two agents over one broker and one ClickHouse server, with the session that is the default: either may die at any moment."""

import signal
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from kafka import KafkaProducer

from agent.clock import SystemClock
from tests.chaos.replicas import Replicas
from tests.runtime.counting import Counted, ends_of, of_file, send
from tests.runtime.generated import Generated, generate
from tests.support.broker import Kafka
from tests.support.clickhouse_server import ClickHouseServer

pytestmark = pytest.mark.chaos
COUNT = 3_000
PARTITIONS = 6
TAKEN_OVER_S = 60.0
Send = Callable[[int, int], None]


@pytest.fixture(scope="module")
def log() -> Generated:
    """Records of two hours that are just over."""
    return generate(SystemClock().now() - timedelta(hours=3), COUNT)


@pytest.fixture(scope="module")
def expected(log: Generated, tmp_path_factory: pytest.TempPathFactory) -> Counted:
    """What a replay of the log as one file counts."""
    return of_file(log, tmp_path_factory.mktemp("file"))


@pytest.fixture
def name(topic: Callable[..., str]) -> str:
    """A topic with six partitions."""
    return topic(partitions=PARTITIONS)


@pytest.fixture
def replicas(kafka: Kafka, name: str, tmp_path: Path) -> Iterator[Replicas]:
    """Two that have just been started."""
    group = {"bootstrap_servers": [kafka.bootstrap], "topics": [name], "group_id": name, "dead_letter_topic": f"{name}-dead"}
    with ClickHouseServer(tmp_path / "clickhouse") as server, Replicas(tmp_path, server, group) as made:
        made.start()
        made.start()
        yield made


@pytest.fixture
def send_from(kafka: Kafka, name: str, log: Generated) -> Iterator[Send]:
    """Sends some of the log."""
    with closing(KafkaProducer(bootstrap_servers=kafka.bootstrap)) as producer:
        yield lambda start, end: send(producer, name, log.records[start:end], PARTITIONS)


@pytest.mark.parametrize("victim", [0, 1])  # one of them evaluates
def test_a_replica_that_dies_is_replaced_within_a_minute(
    replicas: Replicas, send_from: Send, log: Generated, expected: Counted, victim: int
) -> None:
    """The other has all partitions, as_of goes on, and the windows are those of one undisturbed run over a file."""
    send_from(0, COUNT // 3)
    replicas.wait(lambda: sum(replicas.positions()) > 0)
    replicas.wait(lambda: replicas.as_of() is not None)
    before = replicas.as_of()
    send_from(COUNT // 3, COUNT // 2)
    replicas.signal(victim, signal.SIGKILL)
    send_from(COUNT // 2, COUNT)
    ends = ends_of(log.records, PARTITIONS)
    replicas.wait(lambda: replicas.positions() == ends, TAKEN_OVER_S)
    assert replicas.counted().windows == expected.windows
    replicas.wait(lambda: replicas.as_of() != before)


def test_a_replica_that_dies_while_it_joins_is_replaced_within_a_minute(
    replicas: Replicas, send_from: Send, log: Generated, expected: Counted
) -> None:
    """The group waits for the dead one when it shares out the partitions, and once more when it takes them back."""
    send_from(0, COUNT // 2)
    replicas.wait(lambda: sum(replicas.positions()) > 0)
    replicas.signal(1, signal.SIGKILL)
    send_from(COUNT // 2, COUNT)
    ends = ends_of(log.records, PARTITIONS)
    replicas.wait(lambda: replicas.positions() == ends, TAKEN_OVER_S)
    assert replicas.counted().windows == expected.windows
