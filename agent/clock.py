"""The only reader of the wall clock; everything else takes time as an argument."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells what time it is."""

    def now(self) -> datetime:
        """The wall time, aware, in UTC."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class SystemClock:
    """The real clock, which never goes back: where the machine's is set back, it goes at half speed until both agree.

    Everything that is due after a while would else stand still for as long as the step was. Threads may share it.
    """

    def __init__(
        self, wall: Callable[[], datetime] = lambda: datetime.now(UTC), monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._wall, self._monotonic = wall, monotonic
        self._lock = threading.Lock()
        self._told, self._at = wall(), monotonic()

    def now(self) -> datetime:
        """The wall time, aware, in UTC."""
        with self._lock:
            at = self._monotonic()
            self._told, self._at = steady(self._told, self._wall(), at - self._at), at
            return self._told

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


def steady(told: datetime, wall: datetime, passed: float) -> datetime:
    """What is told `passed` seconds after `told`, where the machine says `wall`."""
    return max(wall, told + timedelta(seconds=passed / 2))


class FakeClock:
    """A clock that moves when told to."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        """The time that was set."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Move on at once."""
        self.advance(timedelta(seconds=seconds))

    def advance(self, by: timedelta) -> None:
        """Move the clock forward."""
        self._now += by
