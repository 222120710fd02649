"""What one contender used: a process of its own, from before its consumer is made until its last row is out."""

import json
import resource
import sys
import time
from pathlib import Path
from typing import NamedTuple


class Job(NamedTuple):
    """What a contender is told on its command line: `python -m benchmarks.ingest.NAME BOOTSTRAP TOPIC COUNT HOW`."""

    bootstrap: str
    topic: str
    events: int
    how: str


class Meter:
    """CPU seconds (user and system, all threads) and wall time since it was made."""

    def __init__(self) -> None:
        self._cpu, self._wall = cpu(), time.perf_counter()

    def show(self, counted: int, rows: int) -> None:
        """Print the result as one line of JSON, which the comparison reads."""
        spent, wall = cpu() - self._cpu, time.perf_counter() - self._wall
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
        print(
            json.dumps({"cpu": spent, "wall": wall, "rss": resident(), "peak": peak, "counted": counted, "rows": rows}), flush=True
        )


def job() -> Job:
    """The command line."""
    bootstrap, topic, events, how = sys.argv[1:]
    return Job(bootstrap, topic, int(events), how)


def cpu() -> float:
    """CPU seconds of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def resident() -> float:
    """Megabytes of memory that this process holds now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 1e6
