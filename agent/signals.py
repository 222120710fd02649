"""What signals do to the agent: they end its start, ask its loop to stop, insist, or have the configuration read again."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from types import FrameType
from typing import Final

ENDING: Final = (signal.SIGTERM, signal.SIGINT)
PATIENCE: Final = timedelta(seconds=1)
KILLED: Final = 128  # and the number of the signal: the status of a process that one has ended


def leave_at_once() -> None:
    """From here on a signal ends the process with status 0, and what was started is undone: nothing is open yet.

    The first process of a container ignores signals that it has no handler for.
    """

    def heard(_number: int, _frame: FrameType | None) -> None:
        sys.exit(0)

    for number in ENDING:
        signal.signal(number, heard)


def until_signal(patience: timedelta = PATIENCE) -> threading.Event:
    """An event that SIGTERM or SIGINT sets; another one after `patience` ends the process where it stands.

    Not sooner, since a signal to a whole process group may reach us twice. A handler interrupts the main thread anywhere, so it
    takes no lock.
    """
    stop = threading.Event()
    first: list[float] = []

    def heard(number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if first and now - first[0] >= patience.total_seconds():
            os._exit(KILLED + number)
        first.append(now)
        stop.set()

    for number in ENDING:
        signal.signal(number, heard)
    return stop


def on_hangup(ask: Callable[[], None]) -> None:
    """Have the configuration read again at SIGHUP."""
    signal.signal(signal.SIGHUP, lambda _number, _frame: ask())
