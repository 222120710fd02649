"""A producer that did not hear the broker's answer sends a batch again: what is in the log twice is counted once, and told."""

import random
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import timedelta
from operator import itemgetter
from pathlib import Path

import httpx
import pytest
from kafka import KafkaProducer
from prometheus_client.parser import text_string_to_metric_families

from agent.clock import SystemClock
from agent.store.lock import StoreLock
from tests.acceptance.command import babelwatch, write_log
from tests.runtime.agent_process import Agent
from tests.runtime.counting import PATIENCE_S, dump, of_file, opened
from tests.runtime.generated import Generated, Record, generate
from tests.support.broker import Kafka

COUNT, PARTITIONS, BATCH = 2_400, 3, 5
LATER = 60  # batches at most: a retry comes within a few hundred records

Batches = list[list[Record]]


class Log:
    """The events, and what the broker has of each partition before and after a restart of the agent."""

    def __init__(self) -> None:
        records = generate(SystemClock().now() - timedelta(hours=3), COUNT).records
        self.events = list({record.key: record for record in records if not record.key.startswith("bad")}.values())
        coin = random.Random(5)
        partitions = [[record for record in self.events if record.partition(PARTITIONS) == n] for n in range(PARTITIONS)]
        self.before, self.after = zip(*(_sent(coin, partition) for partition in partitions), strict=True)

    @property
    def lines(self) -> list[bytes]:
        """Everything that was sent, one partition after the other."""
        both = zip(self.before, self.after, strict=True)
        return [record.value for parts in both for part in parts for batch in part for record in batch]

    @property
    def repeats(self) -> int:
        """How many records are a second copy."""
        return len(self.lines) - len(self.events)


def _sent(coin: random.Random, records: Sequence[Record]) -> tuple[Batches, Batches]:
    """One batch in a hundred is sent again; that of the last one before the restart comes after it."""
    batches = [list(records[start : start + BATCH]) for start in range(0, len(records), BATCH)]
    half = len(batches) // 2
    unheard = {half - 1, *coin.sample(range(len(batches)), len(batches) // 100)}
    again = [(number + coin.uniform(1, LATER), batches[number]) for number in sorted(unheard)]
    sent = sorted([*enumerate(batches), *again], key=itemgetter(0))
    return [batch for at, batch in sent if at < half], [batch for at, batch in sent if at >= half]


@pytest.fixture(scope="module")
def log() -> Log:
    """Events of two hours that are just over."""
    return Log()


@pytest.fixture
def agent(kafka: Kafka, topic: Callable[..., str], tmp_path: Path) -> Iterator[Agent]:
    """An agent over a topic of its own; not started yet."""
    made = Agent(tmp_path, kafka.bootstrap, topic(partitions=PARTITIONS))
    yield made
    if made.process is not None:
        made.end(signal.SIGKILL)


def outcomes(agent: Agent) -> dict[str, int]:
    """What became of the messages of this process, as its metrics say."""
    holder = StoreLock(agent.store).take()
    assert holder is not None
    families = text_string_to_metric_families(httpx.get(f"{holder.address}/metrics", trust_env=False).text)
    return {
        sample.labels["outcome"]: int(sample.value)
        for family in families
        if family.name == "babelwatch_messages"
        for sample in family.samples
    }


def life(agent: Agent, producer: KafkaProducer, partitions: Sequence[Batches]) -> int:
    """Start the agent, send it batches while it flushes, stop it, and say how many duplicates it has found."""
    agent.start()
    agent.wait(0)
    for number in range(max(map(len, partitions))):
        for partition, batches in enumerate(partitions):
            for record in batches[number] if number < len(batches) else ():
                producer.send(agent.topic, value=record.value, partition=partition)
    producer.flush()
    sent, deadline = sum(len(batch) for batches in partitions for batch in batches), time.monotonic() + PATIENCE_S
    while sum((found := outcomes(agent)).values()) < sent:
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    assert agent.end(signal.SIGTERM) == 0
    return found["duplicates"]


def test_retries_are_counted_once(log: Log, kafka: Kafka, agent: Agent, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Across flushes and a restart, the windows are those of a log without retries, and every repeat is in the figure."""
    with closing(KafkaProducer(bootstrap_servers=kafka.bootstrap)) as producer:
        found = life(agent, producer, log.before) + life(agent, producer, log.after)
    with capsys.disabled():
        sys.stdout.write(f" [{found} of {log.repeats} repeats found among {len(log.lines):,} messages] ")
    assert 0.009 < log.repeats / len(log.events) < 0.02
    assert found == log.repeats
    expected = of_file(Generated(log.events, len(log.events), 0), tmp_path)
    with opened(agent.store) as store:
        assert dump(store.engine).windows == expected.windows


def test_a_replay_tells_the_same_figure(log: Log, tmp_path: Path) -> None:
    """Of the same log as a file."""
    summary = babelwatch("replay", write_log(tmp_path / "log.jsonl", log.lines), "--json", cwd=tmp_path).json()
    assert summary["messages"] == len(log.lines)
    assert (summary["accepted"], summary["duplicates"], summary["rejected"]) == (len(log.events), log.repeats, 0)
