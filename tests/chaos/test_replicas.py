"""Two agents over one broker and one ClickHouse server: either may die at any moment.

Before the test waited for both to be ready, one run of ten stood still after the kill: the survivor had the partitions of the
dead member and read nothing of them for a minute. That is not understood yet.
"""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaProducer
from ruamel.yaml import YAML

from agent import opening
from agent.clock import SystemClock
from agent.config.settings import Settings
from tests.acceptance.command import BABELWATCH
from tests.runtime.counting import Counted, dump, ends_of, of_file, send
from tests.runtime.generated import generate
from tests.support.broker import Kafka
from tests.support.clickhouse_server import ClickHouseServer

pytestmark = pytest.mark.chaos
COUNT = 3_000
PARTITIONS = 6
PATIENCE_S = 120.0  # a dead member keeps its partitions until its session ends


class Replicas:
    """Agents with the same settings, each a process of its own."""

    def __init__(self, folder: Path, bootstrap: str, topic: str, server: ClickHouseServer) -> None:
        self.folder, self.topic = folder, topic
        kafka = {"bootstrap_servers": [bootstrap], "topics": [topic], "group_id": topic, "dead_letter_topic": f"{topic}-dead"}
        store = {"url": server.url, "username": server.username, "password": server.password}
        self._given: dict[str, Any] = {
            "source": {"kafka": kafka},
            "store": {"clickhouse": store, "flush_interval": "100ms"},
            "web": {"port": 0},
        }
        self._config = folder / "babelwatch.yaml"
        with self._config.open("w", encoding="utf-8") as file:
            YAML().dump(self._given, file)
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> subprocess.Popen[bytes]:
        """One more."""
        with (self.folder / f"agent-{len(self.processes)}.log").open("wb") as log:
            self.processes.append(subprocess.Popen([str(BABELWATCH), "run", "--config", str(self._config)], stdout=log, stderr=log))
        return self.processes[-1]

    def counted(self) -> Counted:
        """What is in the store."""
        with ExitStack() as stack:
            return dump(opening.store_in(stack, Settings.model_validate(self._given), None).engine)

    def wait(self, done: Callable[[Counted], bool]) -> Counted:
        """Wait until the store is like that."""
        deadline = time.monotonic() + PATIENCE_S
        while not done(found := self.counted()):
            logs = "\n".join(path.read_text() for path in sorted(self.folder.glob("agent-*.log")))
            assert time.monotonic() < deadline, f"{found.positions}\n{logs}"
            time.sleep(0.2)
        return found

    def ready(self) -> None:
        """Wait until all of them have seen broker and store."""
        deadline = time.monotonic() + PATIENCE_S
        while not all(" ready" in path.read_text() for path in self.folder.glob("agent-*.log")):
            assert time.monotonic() < deadline
            time.sleep(0.1)

    def kill(self) -> None:
        """End those that live."""
        for process in self.processes:
            process.kill()
            process.wait()


@pytest.fixture
def replicas(kafka: Kafka, topic: Callable[..., str], tmp_path: Path) -> Iterator[Replicas]:
    """Over a topic with six partitions; none is started yet."""
    with ClickHouseServer(tmp_path / "clickhouse") as server:
        made = Replicas(tmp_path, kafka.bootstrap, topic(partitions=PARTITIONS), server)
        yield made
        made.kill()


def test_a_replica_that_dies_leaves_nothing_undone(replicas: Replicas, kafka: Kafka, tmp_path: Path) -> None:
    """The other takes its partitions over, and the windows are those of one undisturbed run over a file."""
    log = generate(SystemClock().now() - timedelta(hours=3), COUNT)
    expected = of_file(log, tmp_path)
    first, _ = replicas.start(), replicas.start()
    replicas.ready()
    with closing(KafkaProducer(bootstrap_servers=kafka.bootstrap)) as producer:
        send(producer, replicas.topic, log.records[: COUNT // 3], PARTITIONS)
        replicas.wait(lambda found: found.events > COUNT // 10)
        send(producer, replicas.topic, log.records[COUNT // 3 : COUNT // 2], PARTITIONS)
        first.send_signal(signal.SIGKILL)
        send(producer, replicas.topic, log.records[COUNT // 2 :], PARTITIONS)
    ends = ends_of(log.records, PARTITIONS)
    replicas.wait(lambda found: found.positions == ends)
    assert replicas.counted().windows == expected.windows  # asked again: the windows were read before the positions
