"""Agents that share a topic and a ClickHouse server, each a process of its own."""

import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from ruamel.yaml import YAML

from agent import opening
from agent.config.settings import Settings
from agent.errors import BabelwatchError
from tests.acceptance.command import BABELWATCH, environment
from tests.runtime.counting import Counted, dump
from tests.support.clickhouse_server import ClickHouseServer

PATIENCE_S = 120.0
# killed; told to stop, before or after it was able to listen; a neighbour was away at the start
EXPECTED_ENDS = {-signal.SIGKILL, -signal.SIGTERM, 0, 3}


class Replicas:
    """Agents with the same settings; none is started yet."""

    def __init__(self, folder: Path, server: ClickHouseServer, kafka: dict[str, Any]) -> None:
        self._folder = folder
        self._given: dict[str, Any] = {
            "source": {"kafka": kafka},
            "store": {
                "clickhouse": {"url": server.url, "username": server.username, "password": server.password},
                "flush_interval": "1s",  # long enough for a batch to be open when its agent is hit
            },
            "web": {"port": 0},
        }
        self._config = folder / "babelwatch.yaml"
        with self._config.open("w", encoding="utf-8") as file:
            YAML().dump(self._given, file)
        self._agents: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """One more."""
        self._agents.append(self._started(len(self._agents)))

    def _started(self, number: int) -> subprocess.Popen[bytes]:
        with self._log(number).open("ab") as log:
            command = [str(BABELWATCH), "run", "--config", str(self._config)]
            return subprocess.Popen(command, stdout=log, stderr=log, env=environment())

    def _log(self, number: int) -> Path:
        return self._folder / f"agent-{number}.log"

    def signal(self, number: int, what: signal.Signals) -> None:
        """Send a signal to one of them."""
        self._agents[number].send_signal(what)

    def reach(self, count: int) -> None:
        """Wait until so many records are stored; whoever has ended is started again."""

        def reached() -> bool:
            self._supervise()
            return sum(self.positions()) >= count

        self.wait(reached)

    def _supervise(self) -> None:
        """None may have ended by its own fault."""
        for number, agent in enumerate(self._agents):
            if agent.poll() is not None:
                assert agent.returncode in EXPECTED_ENDS, f"agent {number} ended with {agent.returncode}\n{self.said()}"
                self._agents[number] = self._started(number)

    def positions(self) -> Sequence[int]:
        """How far each partition is stored; nothing where the store is away or empty."""
        try:
            with ExitStack() as stack:
                return sorted(self._store(stack).windows.positions().values())
        except BabelwatchError:  # without the tables it is refused
            return []

    def counted(self) -> Counted:
        """What is in the store."""
        with ExitStack() as stack:
            return dump(self._store(stack).engine)

    def as_of(self) -> object:
        """The newest time up to which all is evaluated, None before the first."""
        with ExitStack() as stack:
            return max((entry.at for entry in self._store(stack).journal.read("as_of")), default=None)

    def _store(self, stack: ExitStack) -> opening.Store:
        return opening.store_in(stack, Settings.model_validate(self._given), None)

    def wait(self, done: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
        """Wait until it is so."""
        deadline = time.monotonic() + patience_s
        while not done():
            assert time.monotonic() < deadline, f"{self.positions()}\n{self.said()}"
            time.sleep(0.2)

    def ready(self) -> bool:
        """Whether all of them have seen broker and store."""
        return all(" ready" in self._log(number).read_text() for number in range(len(self._agents)))

    def said(self) -> str:
        """The ends of their logs."""
        logs = {number: self._log(number).read_text().splitlines()[-10:] for number in range(len(self._agents))}
        return "\n".join(f"agent {number}: {line[:200]}" for number, lines in logs.items() for line in lines)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for agent in self._agents:
            agent.kill()
            agent.wait()
