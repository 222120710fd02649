"""What the real programs of tests have in common: they run from `with` to its end, and are ready once they answer."""

import subprocess
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Self

PATIENCE_S = 60.0


class Program(ABC):
    """One process and the file with what it says."""

    def __init__(self, log: Path) -> None:
        self._log = log

    @abstractmethod
    def arguments(self) -> list[str]:
        """How it is called; what it reads is written here."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether it is ready."""

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(self.arguments(), stdout=log, stderr=log)
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
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline and self._process.poll() is None:
            if self.answers():
                return
            time.sleep(0.05)
        raise AssertionError(self._log.read_text("utf-8"))
