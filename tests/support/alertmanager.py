"""A real Alertmanager for tests, as Debian's package `prometheus-alertmanager` has it: started in a second, gone with the test."""

import shutil
import subprocess
import time
from pathlib import Path
from typing import Any, Self

import httpx

from tests.support.ports import free_port

COMMANDS = ("prometheus-alertmanager", "alertmanager")
MISSING = "there is no Alertmanager (on Debian and Ubuntu: apt-get install prometheus-alertmanager)"
CONFIG = """\
route: {receiver: nobody, group_wait: 1h}
receivers: [{name: nobody}]
"""


class UnavailableError(Exception):
    """There is no Alertmanager on this machine."""


class Alertmanager:
    """One process without a cluster, whose only receiver is nobody."""

    def __init__(self, folder: Path) -> None:
        command = next(filter(None, map(shutil.which, COMMANDS)), None)
        if command is None:
            raise UnavailableError(MISSING)
        self.folder = folder
        self.url = f"http://127.0.0.1:{free_port()}"
        self._command = command

    def alerts(self) -> list[dict[str, Any]]:
        """What fires, as its API tells it."""
        found: list[dict[str, Any]] = httpx.get(f"{self.url}/api/v2/alerts").raise_for_status().json()
        return found

    def __enter__(self) -> Self:
        config = self.folder / "alertmanager.yml"
        config.write_text(CONFIG, encoding="utf-8")
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [
                    self._command,
                    f"--config.file={config}",
                    f"--storage.path={self.folder}",
                    f"--web.listen-address={self.url.removeprefix('http://')}",
                    "--cluster.listen-address=",
                ],
                stdout=log,
                stderr=log,
            )
        try:
            self._wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                if httpx.get(f"{self.url}/-/ready").is_success:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        raise AssertionError((self.folder / "log").read_text("utf-8"))
