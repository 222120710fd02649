"""A real Alertmanager for tests, as Debian's package `prometheus-alertmanager` has it: started in a second, gone with the test."""

import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx

from tests.support.ports import free_port
from tests.support.program import Program

COMMANDS = ("prometheus-alertmanager", "alertmanager")
MISSING = "there is no Alertmanager (on Debian and Ubuntu: apt-get install prometheus-alertmanager)"
CONFIG = """\
route: {receiver: nobody, group_wait: 1h}
receivers: [{name: nobody}]
"""


class UnavailableError(Exception):
    """There is no Alertmanager on this machine."""


class Alertmanager(Program):
    """One process without a cluster, whose only receiver is nobody."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / "log")
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

    def arguments(self) -> list[str]:
        """Its configuration, folder and port, and no cluster."""
        config = self.folder / "alertmanager.yml"
        config.write_text(CONFIG, encoding="utf-8")
        return [
            self._command,
            f"--config.file={config}",
            f"--storage.path={self.folder}",
            f"--web.listen-address={self.url.removeprefix('http://')}",
            "--cluster.listen-address=",
        ]

    def answers(self) -> bool:
        """Whether it says that it is ready."""
        with suppress(httpx.TransportError):
            return httpx.get(f"{self.url}/-/ready").is_success
        return False
