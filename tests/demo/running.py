"""The demo in a process of its own, and a second shell beside it."""

import shlex
import subprocess
import threading
import time
from pathlib import Path

from tests.acceptance.command import BABELWATCH, PATIENCE_S, Answer, environment


class Demo:
    """A demo that is not on a terminal, its temporary folder below one of ours."""

    def __init__(self, folder: Path, errors: Path, port: int, *words: str) -> None:
        self.port = port
        self.printed = ""
        self._errors = errors
        with errors.open("wb") as stream:
            self.process = subprocess.Popen(
                [BABELWATCH, "demo", "--port", str(port), *words],
                env={**environment(), "TMPDIR": str(folder)},
                stdout=subprocess.PIPE,
                stderr=stream,
            )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.printed += line.decode()
        self.process.stdout.close()

    def until(self, *words: str) -> None:
        """Wait until it has printed all of these."""
        deadline = time.monotonic() + PATIENCE_S
        while not all(word in self.printed for word in words):
            assert self.process.poll() is None, self.errors()
            assert time.monotonic() < deadline, self.printed
            time.sleep(0.1)

    def ended(self) -> int:
        """Its exit status."""
        status = self.process.wait(PATIENCE_S)
        self._reader.join()
        return status

    def errors(self) -> str:
        """What stands on standard error."""
        return self._errors.read_text()

    def commands(self) -> list[list[str]]:
        """What the newest screen offers for a second shell, as a shell reads it."""
        screen = self.printed.rpartition("In a second shell:\n")[2].replace("\\\n", "")
        return [shlex.split(line) for line in screen.splitlines() if line.startswith(("  /", "  babelwatch ", "  curl "))]


def second_shell(words: list[str]) -> Answer:
    """A command as it was printed."""
    done = subprocess.run(words, env=environment(), capture_output=True, timeout=PATIENCE_S, check=False)
    return Answer(done.returncode, done.stdout.decode(), done.stderr.decode())
