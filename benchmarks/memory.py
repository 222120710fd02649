"""Whether memory stays flat: five million generated events through the spine into the embedded store.

`python -m benchmarks.memory [COUNT]` prints the resident memory after every half million events.
"""

import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from agent import opening
from agent.app import schemas
from agent.config.settings import Settings
from agent.decode.sink import MemorySink
from agent.store.migrate import migrate
from benchmarks.generated import GeneratedSource

COUNT = 5_000_000
EVERY = 500_000


def main(count: int) -> None:
    """Print a line every half million events."""
    settings = Settings.model_validate({"store": {"flush_interval": "1s"}})
    source = GeneratedSource(count)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        store = opening.store_in(stack, settings, folder)
        migrate(store.engine, schemas(), retention=False)
        consumer = opening.consumer(settings, store, source, MemorySink())
        shown, start = 0, time.process_time()
        print(f"{0:>10,} events   {resident():6.0f} MB resident")
        while not consumer.exhausted:
            consumer.step()
            if consumer.tally.accepted - shown >= EVERY:
                shown = consumer.tally.accepted
                print(
                    f"{shown:>10,} events   {resident():6.0f} MB resident   {(time.process_time() - start) / shown * 1e6:.1f} µs an event"
                )
        consumer.flush_all()
        print(f"{consumer.tally.accepted:>10,} events   {resident():6.0f} MB resident")


def resident() -> float:
    """Megabytes of memory that the process holds now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 1e6


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else COUNT)
