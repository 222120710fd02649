"""Two embedded agents in one consumer group, which is a mistake."""

import signal
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from kafka import KafkaProducer

from agent.clock import SystemClock
from tests.runtime.agent_process import Agent
from tests.runtime.counting import dump, ends_of, of_file, opened, send
from tests.runtime.generated import generate
from tests.support.broker import Kafka

COUNT = 2_000
PARTITIONS = 3
GIVES_UP_S = 240.0


@pytest.mark.chaos
def test_a_second_agent_with_another_folder_stops(kafka: Kafka, topic: Callable[..., str], tmp_path: Path) -> None:
    """With one sentence and exit status 2; the first goes on, and counts what the second had taken."""
    log, name = generate(SystemClock().now() - timedelta(hours=3), COUNT), topic(partitions=PARTITIONS)
    expected = of_file(log, tmp_path)
    first, second = (Agent(tmp_path / which, kafka.bootstrap, name) for which in ("first", "second"))
    with closing(KafkaProducer(bootstrap_servers=kafka.bootstrap)) as producer:
        send(producer, name, log.records[: COUNT // 2], PARTITIONS)
        first.start()
        first.wait(1)
        second.start()
        assert second.process is not None
        assert second.process.wait(GIVES_UP_S) == 2
        assert second.log.read_text().splitlines()[-1].startswith("babelwatch: another member of the consumer group has some")
        send(producer, name, log.records[COUNT // 2 :], PARTITIONS)
    first.wait(expected.of_users)
    assert first.end(signal.SIGTERM) == 0
    with opened(first.store) as store:
        found = dump(store.engine)
    assert found.windows == expected.windows
    assert found.positions == ends_of(log.records, PARTITIONS)
