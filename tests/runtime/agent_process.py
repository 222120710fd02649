"""`babelwatch run` over an embedded store, as a process that may be killed and started again."""

import signal
import subprocess
import time
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from agent.errors import BabelwatchError
from agent.report.remote import Remote
from agent.report.views import RemoteViews
from agent.store.lock import StoreLock
from tests.acceptance.command import BABELWATCH
from tests.runtime.counting import PATIENCE_S


class Agent:
    """`babelwatch run` as a process of its own, which may be killed and started again; `source`: further settings of the log."""

    def __init__(self, folder: Path, bootstrap: str, topic: str, **source: Any) -> None:
        self.store = folder / "a störe"  # any folder will do
        self.topic, self.dead_letters = topic, f"{topic}-dead-letters"
        self.log = folder / "agent.log"
        self.config = folder / "babelwatch.yaml"
        folder.mkdir(exist_ok=True)
        kafka = {"bootstrap_servers": [bootstrap], "topics": [topic], "group_id": topic, "dead_letter_topic": self.dead_letters}
        settings = {
            "source": {"kafka": kafka, **source},
            "store": {"path": str(self.store), "flush_interval": "100ms"},
            "web": {"port": 0},
        }
        with self.config.open("w", encoding="utf-8") as file:
            YAML().dump(settings, file)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([str(BABELWATCH), "run", "--config", str(self.config)], stdout=log, stderr=log)

    def end(self, number: signal.Signals) -> int:
        """Send a signal, and wait for its end."""
        assert self.process is not None
        self.process.send_signal(number)
        status = self.process.wait(timeout=30)
        self.process = None
        return status

    def events(self) -> int:
        """How many events it has stored, as its API says; -1 while it does not answer."""
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()
        lock = StoreLock(self.store)
        holder = lock.take()
        lock.release()
        if holder is None or holder.pid != self.process.pid or not holder.address:
            return -1
        try:
            views = RemoteViews(Remote(holder.address, holder.token))
            return sum(row["events"] for row in views.languages({"from": "-1d", "to": "now"}))
        except BabelwatchError:
            return -1

    def wait(self, least: int) -> int:
        """Wait until so many events are stored, and say how many there are."""
        deadline = time.monotonic() + PATIENCE_S
        while (events := self.events()) < least:
            assert time.monotonic() < deadline, f"{events} events\n{self.log.read_text()}"
            time.sleep(0.02)
        return events
