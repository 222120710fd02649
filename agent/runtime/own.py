"""What this process has seen since it began, for whoever asks whether it works: what the store does not know."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple, TypeVar

from agent.errors import Misconfigured
from agent.records import Partition
from agent.runtime.look import Look
from agent.runtime.tally import Tally

T = TypeVar("T")


class Seen(NamedTuple):
    """`tally` counts what was stored since `since`; `lags` are records of each partition that are not in the store.

    `read_at`: when the configuration in force was read; `wrong`: why a newer one is not, empty where there is none.
    """

    since: datetime
    tally: Tally
    lags: Mapping[Partition, int]
    read_at: datetime
    wrong: str = ""


class Own:
    """Written by the loop and, where somebody asks for a reload, by the web thread, which reads it.

    Each attribute has one writer at a time and is assigned whole, so no lock is needed.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now, self._since = now, now()
        self._tally = Tally()
        self._lags: Mapping[Partition, int] = {}
        self._configuration = self._since, ""

    def seen(self) -> Seen:
        """All of it, as of now."""
        return Seen(self._since, self._tally, self._lags, *self._configuration)

    def stored(self, tally: Tally) -> None:
        """A batch is in the store."""
        total = Tally()
        total.merge(self._tally)
        total.merge(tally)
        self._tally = total

    def looked(self, look: Look) -> None:
        """The loop has looked at the log's end."""
        self._lags = look.lags

    def reloaded(self, wrong: Misconfigured | None) -> None:
        """The configuration was read again, or was wrong and stays as it was."""
        self._configuration = (self._configuration[0], str(wrong)) if wrong else (self._now(), "")


def both(first: Callable[[T], object], second: Callable[[T], object]) -> Callable[[T], None]:
    """Two that hear of the same."""

    def heard(said: T) -> None:
        first(said)
        second(said)

    return heard
