"""Memory over hours of log time, in minutes: `python -m benchmarks.soak.hours [--hours 5] [--rate 200]`.

The loop of `run` over an embedded store, with a clock that is moved by hand. What grows with minutes, hours and parts of the store
shows here; what grows with events shows in the soak, which has 25 times as many a minute. Exits as the soak does.
"""

import argparse
import os
import sys
from contextlib import ExitStack
from datetime import timedelta
from statistics import mean

from agent.memory import keep_buffers
from benchmarks.soak import again, verdicts
from benchmarks.soak.samples import Sample, memory
from benchmarks.telemetry import World, world

NO_COLLECTOR = "http://127.0.0.1:1"
ROW = 30  # minutes


def main(hours: float, rate: int) -> None:
    """A line for each half hour, then what was promised."""
    keep_buffers()
    with ExitStack() as stack:
        made = world(stack, rate, NO_COLLECTOR)
        samples = [_minute(made, number) for number in range(int(hours * 60))]
    for first in range(0, len(samples), ROW):
        seen = [one.resident for one in samples[first : first + ROW]]
        print(f"{timedelta(minutes=first + len(seen))}  {mean(seen):4.0f} MiB ({min(seen):.0f} to {max(seen):.0f})")
    judged = verdicts.memory(samples)
    print(again.said(judged))
    sys.exit(again.status([judged]))


def _minute(made: World, number: int) -> Sample:
    """A look at this process after one more minute of the log."""
    made.minute(on=False)
    resident, own = memory(os.getpid())
    return Sample((number + 1) * 60, resident, own, 0, 0, 0, 0, None)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Memory over hours of log time, in minutes.")
    parser.add_argument("--hours", type=float, default=5)
    parser.add_argument("--rate", type=int, default=200, help="events a second of the log")
    given = parser.parse_args()
    main(given.hours, given.rate)
