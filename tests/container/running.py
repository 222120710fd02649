"""The agent's container without a container: its own variables and rights, with the tests' broker and server in place of the stack's."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import httpx

from tests.acceptance.command import BABELWATCH, PATIENCE_S
from tests.container import image
from tests.container.stack import AGENT, SERVICES, environment

TOKEN: Final = {"Authorization": f"Bearer {AGENT['environment']['BABELWATCH_WEB__TOKEN']}"}
OF_THE_MACHINE: Final = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "PYTHONPATH": str(image.ROOT), "HOME": "/"}


def until(what: str, holds: Callable[[], object], process: subprocess.Popen[bytes] | None = None) -> None:
    """Wait for something that comes; a process that ends meanwhile is a failure."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert process is None or process.poll() is None, f"it has ended, waiting for: {what}"
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


class Container:
    """`babelwatch run` by the image's command, with the variables of image and compose; `others` replaces addresses."""

    def __init__(self, folder: Path, port: int, others: Mapping[str, str], seal: list[str]) -> None:
        """`seal`: what is put before the command, such as tests.support.sealed."""
        self.port, self.log = port, folder / "agent.log"
        self._folder, self._seal = folder, seal
        self._given = {**OF_THE_MACHINE, **environment(), **others, "BABELWATCH_WEB__PORT": str(port)}

    def __enter__(self) -> "Container":
        [command], work = map(image.words, image.last("CMD")), self._folder / "work"
        work.mkdir()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*self._seal, str(BABELWATCH), *command], cwd=work, env=self._given, stdout=log, stderr=log
            )
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()

    def answers(self) -> bool:
        """Whether anything listens."""
        try:
            return self.get("/healthz").status_code == 200
        except httpx.TransportError:
            return False

    def rights(self) -> str:
        """Whose the process is, what it may, and what it sees of the disk, as the kernel tells it."""
        return "".join(Path(f"/proc/{self.process.pid}/{name}").read_text(encoding="utf-8") for name in ("status", "mountinfo"))

    def healthcheck(self) -> int:
        """The exit status of the command in compose.yaml, at the port of this one."""
        kind, *command = AGENT["healthcheck"]["test"]
        assert kind == "CMD"
        words = [word.replace(":8080/", f":{self.port}/") for word in command]
        return subprocess.run(words, env={**self._given, **OF_THE_MACHINE}, stderr=subprocess.DEVNULL, check=False).returncode

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
        """Ask it."""
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", headers=headers, timeout=60, trust_env=False)

    def rows(self) -> list[dict[str, Any]]:
        """What it has stored of each language on each index."""
        found: list[dict[str, Any]] = self.get("/api/v1/languages?by=version", TOKEN).json()
        return found

    def service(self, bootstrap: str, *options: str) -> subprocess.CompletedProcess[bytes]:
        """The example service beside it, by the command of compose.yaml to another broker, and with these options after its own."""
        [python, script], [_, *words] = SERVICES["service"]["entrypoint"], SERVICES["service"]["command"]
        file = image.ROOT / "examples" / Path(script).name
        command = [*self._seal, python, str(file), bootstrap, *words, *options]
        return subprocess.run(command, cwd=self._folder, env=OF_THE_MACHINE, check=False, stderr=subprocess.PIPE)
