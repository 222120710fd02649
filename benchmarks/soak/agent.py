"""`babelwatch run` as its own process, as somebody has it who set little: embedded store, default rules, telemetry on."""

import json
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import httpx

from agent import opening
from agent.config.settings import Settings
from benchmarks.soak.samples import metrics
from tests.acceptance.command import BABELWATCH, environment
from tests.support.broker import HOST, free_port

PATIENCE_S = 600.0  # an agent that was too slow for the traffic has much to catch up with
EVENTS = "SELECT sum(events) FROM windows WHERE kind = 'language'"


class Ended(NamedTuple):
    """The exit status after SIGTERM, and how long it took."""

    status: int
    seconds: float


class Agent:
    """One folder: settings, store and log. It is started and stopped as often as one likes."""

    def __init__(self, folder: Path, bootstrap: str, topic: str, endpoint: str) -> None:
        self._folder, self.bootstrap, port = folder, bootstrap, free_port()
        self.url = f"http://{HOST}:{port}"
        self.store, self.log = folder / "store", folder / "agent.log"
        kafka = {"bootstrap_servers": [bootstrap], "topics": [topic], "group_id": topic, "dead_letter_topic": f"{topic}-dead"}
        given = {
            "source": {"kafka": kafka},
            "store": {"path": str(self.store)},
            "telemetry": {"otlp_endpoint": endpoint, "logs": "json"},
            "web": {"port": port},
        }
        (folder / "babelwatch.yaml").write_text(json.dumps(given), encoding="utf-8")

    def start(self, stack: ExitStack) -> None:
        """Start it, and wait until it has all that it needs; it is killed at the end of the stack if it is still there."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen([BABELWATCH, "run"], cwd=self._folder, env=environment(), stdout=log, stderr=log)
        stack.callback(self._kill)
        self.wait(self._ready)

    @property
    def pid(self) -> int:
        """The process that runs now."""
        return self._process.pid

    def stop(self) -> Ended:
        """SIGTERM, and wait for the end."""
        begun = time.monotonic()
        self._process.send_signal(signal.SIGTERM)
        return Ended(self._process.wait(PATIENCE_S), time.monotonic() - begun)

    def wait(self, done: Callable[[], bool]) -> None:
        """Wait until it is so; who waits in vain, or for one that ended, is told what the log says."""
        deadline = time.monotonic() + PATIENCE_S
        while not done():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit("the agent does not come:\n" + "\n".join(self.log.read_text().splitlines()[-20:]))
            time.sleep(0.5)

    def caught_up(self) -> bool:
        """Whether it says that every record is in its store."""
        return metrics(self.url).get("babelwatch_consumer_lag") == 0

    def events(self) -> int:
        """How many are in the store; the agent must have ended."""
        with ExitStack() as stack:
            store = opening.store_in(stack, Settings(), self.store)
            return int(store.engine.rows(EVENTS)[0][0])

    def complaints(self) -> list[str]:
        """The messages of its log that are warnings or worse."""
        lines = [json.loads(line) for line in self.log.read_text(encoding="utf-8").splitlines() if line.startswith("{")]
        return [line["message"] for line in lines if line["level"] not in {"DEBUG", "INFO"}]

    def _ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", timeout=10, trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False

    def _kill(self) -> None:
        self._process.kill()
        self._process.wait()
