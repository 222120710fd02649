"""A disk that can be filled: some megabytes of memory, mounted as a folder."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

MISSING: Final = "only root can mount a small disk"


class UnavailableError(RuntimeError):
    """It cannot be mounted here."""


class SmallDisk:
    """Mounted at `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / "filler"

    def fill(self) -> None:
        """Leave no byte."""
        with self._filler.open("ab", buffering=0) as file:
            for size in (1 << 20, 1 << 12, 1):
                self._write_while_it_fits(file.fileno(), size)

    def _write_while_it_fits(self, file: int, size: int) -> None:
        try:
            while os.write(file, bytes(size)) == size:
                pass
        except OSError:
            return

    def free(self) -> None:
        """Somebody has made room."""
        self._filler.unlink()


@contextmanager
def small_disk(folder: Path, megabytes: int = 64) -> Iterator[SmallDisk]:
    """Mount one; raises UnavailableError."""
    folder.mkdir(parents=True)
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if done.returncode:
        raise UnavailableError(MISSING)
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
