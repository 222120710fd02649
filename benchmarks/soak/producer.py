"""Sends searches at an even rate, as a process of its own: `python -m benchmarks.soak.producer BOOTSTRAP TOPIC RATE SECONDS`.

The searches are made before the first is sent; while they are sent only ids and times are written into them, so that most of what
the machine can do is left to the broker and the agent. It says `ready`, begins when it is answered with a line, and ends with one
line of JSON: how many were sent, and how late the latest of them was.
"""

import json
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from itertools import cycle
from typing import NamedTuple

from confluent_kafka import Producer

from agent.clock import SystemClock
from benchmarks.generated import cut
from benchmarks.ingest.searches import searches

PATTERNS = 50_000  # ten times what the tagger remembers
PARTITIONS = 4
PAUSE_S = 0.02
CLIENT = {"log_level": 3, "linger.ms": 20, "batch.size": 16384, "enable.idempotence": True, "queue.buffering.max.messages": 500_000}


class Sent(NamedTuple):
    """How many events were sent, and how many seconds the latest was sent after it was due."""

    events: int
    late_s: float


def paced(producer: Producer, topic: str, patterns: Iterator[tuple[bytes, bytes]], rate: int, seconds: float) -> Sent:
    """`rate` events a second, some at a time; what comes too late is sent at once."""
    clock, begun, total = SystemClock(), time.monotonic(), round(rate * seconds)
    sent, late = 0, 0.0
    while sent < total:
        passed = time.monotonic() - begun
        due = min(total, int(passed * rate))
        late = max(late, passed - sent / rate)
        stamp = _stamp(clock.now())
        for number in range(sent, due):
            head, tail = next(patterns)
            producer.produce(topic, head % (b"soak-%018d" % number, stamp) + tail, partition=number % PARTITIONS)
        sent = due
        producer.poll(0)
        time.sleep(PAUSE_S)
    return Sent(sent, late)


def _stamp(now: datetime) -> bytes:
    return now.isoformat(timespec="milliseconds").replace("+00:00", "Z").encode()


def main(bootstrap: str, topic: str, rate: int, seconds: float) -> None:
    """Send, and wait until the broker has all of them."""
    patterns = cycle([cut(each) for each in searches(PATTERNS)])
    producer = Producer({"bootstrap.servers": bootstrap, **CLIENT})
    print("ready", flush=True)
    sys.stdin.readline()
    sent = paced(producer, topic, patterns, rate, seconds)
    left = producer.flush(60)
    print(json.dumps(sent._replace(events=sent.events - left)._asdict()), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
