"""`babelwatch run` and the commands beside it; whatever they say and leave behind is seen."""

import json
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx

from agent import opening
from tests.acceptance import forked
from tests.acceptance.canary.seen import Seen
from tests.acceptance.command import BABELWATCH, environment

PATIENCE_S = 200.0


class Run:
    """`babelwatch run`, and commands beside it with the same environment."""

    def __init__(self, folder: Path, settings: Mapping[str, Any], given: Mapping[str, str], seen: Seen) -> None:
        self.config, self.log, self.store = folder / "babelwatch.yaml", folder / "agent.log", Path(settings["store"]["path"])
        self._temporary = folder / "temporary"
        self._temporary.mkdir(exist_ok=True)
        self._environment = {**environment(), **given, "TMPDIR": str(self._temporary)}
        self._settings, self._seen = settings, seen
        self.configure(rules=["default", "vanished"])

    def configure(self, text: str = "", **others: Any) -> None:
        """Write the configuration: the right one, with what is said otherwise, or another text."""
        self.config.write_text(text or json.dumps({**self._settings, **others}), encoding="utf-8")

    def __enter__(self) -> "Run":
        with self.log.open("ab") as log:
            command = [str(BABELWATCH), "run", "--config", str(self.config)]
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=self._environment)
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind:
            self.process.kill()
        self.process.wait()

    def until(self, what: str, holds: Callable[[], object]) -> None:
        """Wait until it holds."""
        deadline = time.monotonic() + PATIENCE_S
        while not holds():
            assert self.process.poll() is None, self.log.read_text("utf-8")
            assert time.monotonic() < deadline, f"{what}\n{self.log.read_text('utf-8')}"
            time.sleep(0.2)

    @property
    def holder(self) -> dict[str, Any]:
        """Where it answers."""
        told: dict[str, Any] = json.loads((self.store / "agent.lock").read_text("utf-8"))
        return told

    def said(self, text: str) -> int:
        """How often it stands in the log."""
        return self.log.read_text("utf-8").count(text)

    def command(self, *words: str, status: int = 0) -> str:
        """Run a command; what it says is seen. Returns its answer."""
        done = forked.run([*words, "--config", str(self.config)], Path.cwd(), self._environment, b"", PATIENCE_S)
        self._seen.note(f"command {' '.join(words[:2])}", done.out + done.err)
        assert done.status == status, (words, done)
        assert b"Traceback" not in done.err
        return done.out.decode()

    def hang_up(self) -> None:
        """Have the configuration read again."""
        self.process.send_signal(signal.SIGHUP)

    def stored(self) -> int:
        """How many records were read and are stored, as its metrics say."""
        lines = httpx.get(f"{self.holder['address']}/metrics", timeout=60).text.splitlines()
        return sum(int(float(line.rpartition(" ")[2])) for line in lines if line.startswith("babelwatch_messages_total{"))

    def end(self) -> None:
        """SIGTERM, and all that it leaves is seen."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(30) == 0, self.log.read_text("utf-8")
        self._seen.note("log", self.log.read_bytes())
        self._seen.files_below(self.store, "file")
        self._seen.files_below(self._temporary, "file")
        self._seen.tables_of(self.store / opening.ENGINE)
