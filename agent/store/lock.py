"""The embedded store belongs to one process: a lock on `agent.lock`, which says whom to ask instead."""

import fcntl
import json
import os
from pathlib import Path
from typing import NamedTuple

from agent.clock import Clock
from agent.errors import Locked, Unreachable

FILE = "agent.lock"


class Holder(NamedTuple):
    """Who has the store: `address` is the base URL of its API, empty while it has none; `token` is good for this run."""

    pid: int
    address: str = ""
    token: str = ""


class StoreLock:
    """Held from `take` to `release`, or to the end of the process, however it ends."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._descriptor: int | None = None

    def take(self, address: str = "", token: str = "") -> Holder | None:
        """Take the lock and say who we are; None when it is ours now, else the process that has it. Raises Unreachable."""
        descriptor = self._open()
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return self._holder()
        self._descriptor = descriptor
        self.announce(address, token)
        return None

    def wait(self, clock: Clock, seconds: float) -> Holder | None:
        """Take the lock, waiting for a holder that cannot be asked (a short reading command); raises Locked."""
        for _ in range(int(seconds / 0.1) + 1):
            holder = self.take()
            if holder is None or holder.address:
                return holder
            clock.sleep(0.1)
        raise Locked(f"{self._path.parent} is in use by process {self._holder().pid}, which does not answer")

    def announce(self, address: str, token: str = "") -> None:
        """Write who holds the lock and where it can be asked."""
        assert self._descriptor is not None
        text = json.dumps(Holder(os.getpid(), address, token)._asdict()).encode()
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, text, 0)

    def release(self) -> None:
        """Let go."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _open(self) -> int:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            return os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise Unreachable(f"the store in {self._path.parent} cannot be opened: {error.strerror}") from error

    def _holder(self) -> Holder:
        try:
            return Holder(**json.loads(self._path.read_bytes()))
        except (ValueError, TypeError):  # between truncate and write
            return Holder(0)
