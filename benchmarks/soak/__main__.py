"""Half an hour at 5,000 events a second on two cores: `python -m benchmarks.soak [--minutes 30] [--rate 5000]`, or `make bench-soak`.

A real broker, `babelwatch run` with an embedded store, default rules, metrics and spans to a Collector and logs as JSON, and a
producer share two cores. Every nine seconds memory, lag, CPU and store are looked at from outside. Prints a table and what was
promised; exits with status 1 where a promise was not kept, with 2 where it cannot be told whether one was: run longer.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]

from benchmarks.soak import again, verdicts
from benchmarks.soak.agent import Agent
from benchmarks.soak.producer import PARTITIONS, Sent
from benchmarks.soak.samples import Group, Sample, cpu_of, cpu_of_machine, memory, metrics, size
from benchmarks.soak.verdicts import Row, Verdict
from tests.support import broker
from tests.support.otlp_receiver import Receiver

TOPIC = "searches"
EVERY_S = 9.0  # ten would see the same two moments of each flush interval of twenty seconds
ROW_S = 300.0
SHORT_ROW_S = 60.0  # of a run of less than ten minutes
# The log of half an hour is 8 GB; what is kept is a quarter of an hour, so a reader who is slower than that is seen to lose.
RETENTION = {"log.retention.bytes": 1 << 30, "log.segment.bytes": 64 << 20}


def main(minutes: float, rate: int) -> None:
    """Run, print, and say no with the exit status."""
    os.sched_setaffinity(0, set(sorted(os.sched_getaffinity(0))[:2]))  # inherited by all
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="soak-")))
        kafka = broker.start(folder / "kafka", PARTITIONS, RETENTION)
        stack.callback(kafka.kill)
        _make_topic(kafka.bootstrap)
        heard: list[int] = []
        collector = stack.enter_context(Receiver(lambda body: heard.append(len(body)), lambda body: heard.append(len(body))))
        agent = Agent(folder, kafka.bootstrap, TOPIC, collector.url)
        agent.start(stack)
        group = stack.enter_context(closing(Group(kafka.bootstrap, TOPIC, TOPIC, PARTITIONS)))
        judged = _soaked(stack, agent, group, minutes, rate)
        print(f"to the Collector: {len(heard):,} requests, {sum(heard) / 2**20:.1f} MiB")
        complaints = agent.complaints()
        print(f"warnings and errors in the agent's log: {len(complaints)}", *complaints[:3], sep="\n  ")
    sys.exit(again.status(judged))


def _make_topic(bootstrap: str) -> None:
    admin = AdminClient({"bootstrap.servers": bootstrap})  # lives until the answer is there
    admin.create_topics([NewTopic(TOPIC, PARTITIONS, 1)])[TOPIC].result()


def _soaked(stack: ExitStack, agent: Agent, group: Group, minutes: float, rate: int) -> list[Verdict]:
    """Traffic, then SIGTERM at once, while batches are open; then the same agent again for the rest. What is to be said of it."""
    producer = _producing(stack, agent, rate, minutes * 60)
    samples = _watched(producer, agent, group)
    sent = Sent(**json.loads(producer.communicate(timeout=120)[0]))
    first = agent.stop()
    agent.start(stack)
    agent.wait(agent.caught_up)
    second = agent.stop()
    judged = [
        verdicts.memory(samples),
        verdicts.lag(samples, rate),
        verdicts.events(sent.events, group.ends(), agent.events()),
        verdicts.end(first, "right after the last event"),
        verdicts.end(second, "with nothing to do"),
    ]
    _print(verdicts.rows(samples, ROW_S if minutes >= 10 else SHORT_ROW_S), judged, sent)
    return judged


def _producing(stack: ExitStack, agent: Agent, rate: int, seconds: float) -> "subprocess.Popen[str]":
    """Begins now."""
    words = [sys.executable, "-m", "benchmarks.soak.producer", agent.bootstrap, TOPIC, str(rate), str(seconds)]
    producer = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    stack.callback(producer.kill)
    assert producer.stdin
    assert producer.stdout
    assert producer.stdout.readline().strip() == "ready"
    producer.stdin.write("begin\n")
    producer.stdin.flush()
    return producer


def _watched(producer: "subprocess.Popen[str]", agent: Agent, group: Group) -> list[Sample]:
    """A sample every nine seconds while the producer sends; the first is that of an agent that has read nothing."""
    begun, samples = time.monotonic(), list[Sample]()
    while producer.poll() is None:
        samples.append(_sample(time.monotonic() - begun, agent, group))
        _tell(samples)
        with suppress(subprocess.TimeoutExpired):
            producer.wait(max(0.0, begun + len(samples) * EVERY_S - time.monotonic()))
    return samples


def _sample(at_s: float, agent: Agent, group: Group) -> Sample:
    resident, own = memory(agent.pid)
    age = metrics(agent.url).get("babelwatch_as_of_age_seconds")
    return Sample(at_s, resident, own, cpu_of(agent.pid), cpu_of_machine(), group.lag(), size(agent.store), age)


def _tell(samples: Sequence[Sample]) -> None:
    """A line for each minute or so, for whoever waits."""
    if len(samples) % 7 == 1:
        print(again.line(samples[-1]), file=sys.stderr, flush=True)


def _print(table: Sequence[Row], judged: Sequence[Verdict], sent: Sent) -> None:
    print(
        "| minutes | memory, MiB (most) | not files | lag, records (most) | agent, cores | machine, cores | store, MiB | as_of, s ago |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for row in table:
        print(
            f"| {row.until_s / 60:.0f} | {row.resident:.0f} ({row.most:.0f}) | {row.own:.0f} | {row.lag:,.0f} ({row.most_lag:,}) "
            f"| {row.agent:.2f} | {row.machine:.2f} | {row.store:.1f} | {'' if row.age_s is None else f'{row.age_s:.0f}'} |"
        )
    print(f"the producer was {sent.late_s:.2f} s late at most")
    for one in judged:
        print(again.said(one))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="The agent under even traffic for a while.")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--rate", type=int, default=5_000, help="events a second")
    given = parser.parse_args()
    main(given.minutes, given.rate)
