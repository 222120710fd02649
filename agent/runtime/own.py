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
    """Written by the loop, read by the web thread; each assignment is whole, so no lock is needed."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._seen = Seen(now(), Tally(), {}, now())

    def seen(self) -> Seen:
        """All of it, as of now."""
        return self._seen

    def stored(self, tally: Tally) -> None:
        """A batch is in the store."""
        total = Tally()
        total.merge(self._seen.tally)
        total.merge(tally)
        self._seen = self._seen._replace(tally=total)

    def looked(self, look: Look) -> None:
        """The loop has looked at the log's end."""
        self._seen = self._seen._replace(lags=look.lags)

    def reloaded(self, wrong: Misconfigured | None) -> None:
        """The configuration was read again, or was wrong and stays as it was."""
        self._seen = self._seen._replace(wrong=str(wrong)) if wrong else self._seen._replace(wrong="", read_at=self._now())


def both(first: Callable[[T], object], second: Callable[[T], object]) -> Callable[[T], None]:
    """Two that hear of the same."""

    def heard(said: T) -> None:
        first(said)
        second(said)

    return heard
