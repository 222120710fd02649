"""Whether the loop turns, and whether everything it needs is there."""

from collections.abc import Mapping
from datetime import datetime, timedelta

STUCK = timedelta(minutes=2)


class Health:
    """Written by the loop, read by the web thread; each assignment is whole, so no lock is needed."""

    def __init__(self, now: datetime) -> None:
        self._turned_at = now
        self._missing: Mapping[str, str] = {"start": "starting"}

    def turned(self, now: datetime) -> None:
        """The loop has come round."""
        self._turned_at = now

    def needs(self, missing: Mapping[str, str]) -> None:
        """What is not there, with a sentence on each; nothing when all is well."""
        self._missing = dict(missing)

    def alive(self, now: datetime) -> bool:
        """Whether the loop turned lately."""
        return now - self._turned_at < STUCK

    def missing(self) -> Mapping[str, str]:
        """What the agent waits for."""
        return self._missing
