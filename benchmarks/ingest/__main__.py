"""The agent beside Bytewax, Quix Streams and a plain loop: the same broker, the same events, one run.

`python -m benchmarks.ingest [COUNT] [ROUNDS]`, or `make bench-ingest`, which installs the frameworks first. The contenders take turns; each is a
process of its own on the second core, the broker has the first. Figures are medians over the rounds.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import NamedTuple

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]

from benchmarks.ingest.searches import searches
from tests.support.broker import Broker

COUNT = 200_000
ROUNDS = 3
PARTITIONS = 4
PEERS = Path("build/peers")
TIME_LIMIT_S = 600


class Way(NamedTuple):
    """One contender: whose interpreter, which script, told what, on which topic."""

    name: str
    script: str
    how: str
    peer: str = ""
    topic: str = "searches"


WAYS = (
    Way("babelwatch", "ours", "tagger"),
    Way("babelwatch, declared languages", "ours", "tagger", topic="declared"),
    Way("babelwatch, 200 languages x 20 versions", "ours", "tagger", topic="many-keys"),
    Way("Bytewax, our tagger and fold", "with_bytewax", "tagger", "bytewax"),
    Way("Quix Streams, our tagger and fold", "with_quix", "tagger", "quixstreams"),
    Way("babelwatch, lid.176 alone", "ours", "plain"),
    Way("Bytewax, lid.176 alone, our fold", "with_bytewax", "fold", "bytewax"),
    Way("Bytewax, lid.176 alone, six sums", "with_bytewax", "plain", "bytewax"),
    Way("Quix Streams, lid.176 alone, six sums", "with_quix", "plain", "quixstreams"),
    Way("plain loop, lid.176 alone, six sums", "loop", "plain"),
)


class LastingBroker(Broker):
    """Keeps what has old times: the test broker looks for it twice a second."""

    def _settings(self) -> dict[str, object]:
        return {**super()._settings(), "log.retention.ms": -1}


def main(count: int, rounds: int) -> None:
    """Fill the topics, let the contenders take turns, print the table."""
    os.sched_setaffinity(0, {0})  # inherited by the broker
    results: list[tuple[Way, dict[str, float] | None]] = []
    parts: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        broker = LastingBroker(Path(folder))
        broker.start()
        try:
            fill(broker.bootstrap, count)
            for _ in range(rounds):
                parts.append(measured(Way("parts", "parts", "tagger"), broker.bootstrap, count))
                results += [(way, one_round(way, broker.bootstrap, count)) for way in WAYS]
        finally:
            broker.kill()
    show(results, parts, count)


def fill(bootstrap: str, count: int) -> None:
    """One topic as it is, one with declared languages, one with many keys."""
    for topic, values in (
        ("searches", searches(count)),
        ("declared", searches(count, declared=30)),
        ("many-keys", searches(count, declared=200, versions=20)),
    ):
        send(bootstrap, topic, values)


def send(bootstrap: str, topic: str, values: Iterator[bytes]) -> None:
    """Batches of 16 KB, uncompressed."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([NewTopic(topic, PARTITIONS, 1)])[topic].result()
    producer = Producer(
        {"bootstrap.servers": bootstrap, "linger.ms": 50, "batch.size": 16384, "queue.buffering.max.messages": 500_000}
    )
    for number, value in enumerate(values):
        producer.produce(topic, value, partition=number % PARTITIONS)
        if number % 1024 == 0:
            producer.poll(0)
    producer.flush()


def one_round(way: Way, bootstrap: str, count: int) -> dict[str, float] | None:
    """What a contender used, shown as it comes; None where it did not bring a result."""
    try:
        found = measured(way, bootstrap, count)
    except (subprocess.SubprocessError, ValueError) as error:
        print(f"{way.name}: {error}", file=sys.stderr)
        return None
    print(f"{way.name:44} {found['cpu'] / count * 1e6:7.1f} µs   {found['counted']:,.0f} counted", flush=True)
    return found


def measured(way: Way, bootstrap: str, count: int) -> dict[str, float]:
    """The line of JSON that a script ends with."""
    python = PEERS / way.peer / "bin" / "python" if way.peer else Path(sys.executable)
    command = ["taskset", "-c", "1", str(python), "-W", "ignore", "-m", f"benchmarks.ingest.{way.script}"]
    command += [bootstrap, way.topic, str(count), way.how]
    done = subprocess.run(command, stdout=subprocess.PIPE, timeout=TIME_LIMIT_S, check=True, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def show(results: list[tuple[Way, dict[str, float] | None]], parts: list[dict[str, float]], count: int) -> None:
    """The table: CPU an event, events a second and core, and how often slower than the agent's own way at the same work."""
    micros = {way: [found["cpu"] / count * 1e6 for each, found in results if each == way and found] for way in WAYS}
    ours = {way.how: median(micros[way]) for way in reversed(WAYS) if way.script == "ours" and way.topic == "searches"}
    limit = {part: median(each[part] for each in parts) for part in parts[0]}
    print(f"\n{count:,} events, {len(parts)} rounds, median (least to most) of CPU microseconds an event")
    for way, spent in micros.items():
        if spent:
            middle, found = median(spent), [each for other, each in results if other == way and each]
            rss, rows = median(each["rss"] for each in found), found[0]["rows"]
            print(
                f"{way.name:44} {middle:6.1f} ({min(spent):.1f} to {max(spent):.1f})  {1e6 / middle:9,.0f}/s  "
                f"{middle / ours['tagger' if way.how == 'tagger' else 'plain']:5.2f}  {rss:4.0f} MB  {rows:7,.0f} rows"
            )
    print("parts: " + ", ".join(f"{part} {spent:.1f}" for part, spent in limit.items()))
    print(f"limit {sum(limit.values()):.1f}, the path reaches {sum(limit.values()) / ours['tagger']:.2f} of it")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else COUNT, int(sys.argv[2]) if len(sys.argv) > 2 else ROUNDS)
