"""Whether memory stays flat: 20 million events in 200 languages and 20 versions of the index through the spine.

`python -m benchmarks.memory [COUNT]` prints the resident memory after every million events. Nothing is kept of what is written,
so the figures are those of the agent alone; an embedded store has limits of its own.
"""

import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any
from unittest.mock import Mock

from agent import opening
from agent.config.settings import Settings
from agent.decode.sink import MemorySink
from agent.memory import keep_buffers
from agent.store.base import Entry, Flush
from benchmarks.generated import GeneratedSource
from benchmarks.ingest.meter import resident
from benchmarks.ingest.searches import searches

COUNT = 20_000_000
EVERY = 1_000_000
PATTERNS = 20_000


class Forgetful:
    """A store that keeps positions only, and a journal that keeps nothing."""

    def __init__(self) -> None:
        self._positions: dict[str, int] = {}
        self.rows = 0

    def append(self, flush: Flush) -> None:
        """Count the rows."""
        self._positions[flush.source] = flush.end
        self.rows += len(flush.windows)

    def position(self, source: str) -> int | None:
        """How far it was written."""
        return self._positions.get(source)

    def positions(self) -> Mapping[str, int]:
        """All of them."""
        return self._positions

    def write(self, entries: Sequence[Entry]) -> None:
        """Nothing is kept."""

    def read(self, *_: Any) -> list[Entry]:
        """Nothing was kept."""
        return []


def main(count: int) -> None:
    """Print a line every million events."""
    keep_buffers()
    settings = Settings.model_validate({"store": {"flush_interval": "5s"}})
    source = GeneratedSource(count, searches(PATTERNS, declared=200, versions=20))
    store = Forgetful()
    consumer = opening.consumer(settings, Mock(windows=store, journal=store), source, MemorySink())
    shown, start = 0, time.process_time()
    print(f"{0:>10,} events   {resident():6.0f} MB resident")
    while not consumer.exhausted:
        consumer.step()
        if consumer.tally.accepted - shown >= EVERY:
            shown = consumer.tally.accepted
            micros = (time.process_time() - start) / shown * 1e6
            print(
                f"{shown:>10,} events   {resident():6.0f} MB resident   {micros:.1f} µs an event   {store.rows:,} rows", flush=True
            )
    consumer.flush_all()
    print(f"{consumer.tally.accepted:>10,} events   {resident():6.0f} MB resident")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else COUNT)
