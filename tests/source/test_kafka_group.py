"""The session of a member on a real broker: how long the others wait for one that is gone."""

import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from agent.errors import Stop
from agent.records import Partition
from agent.source.kafka import KafkaSource
from tests.source.builders import assigned, begin
from tests.support.broker import Kafka

ROOT = Path(__file__).parents[2]
SESSION = timedelta(seconds=6)  # the shortest that brokers allow unless they are told
# A member that asks to join, and waits for those who are there.
JOINING = """\
import sys
from datetime import timedelta
from agent.source.clients import KafkaAddress
from agent.source.kafka import Group, KafkaSource
bootstrap, topic, group, seconds = sys.argv[1:]
place = Group(group, session=timedelta(seconds=float(seconds)))
source = KafkaSource(KafkaAddress((bootstrap,)), (topic,), place, "earliest")
assert not any(source.poll(10, 0.2).assigned for _ in range(15))
print("joining", flush=True)
source.poll(10, 60)
"""
Join = Callable[..., KafkaSource]
Topic = Callable[..., str]


def test_a_member_that_dies_while_it_joins_holds_up_the_others_for_one_session(kafka: Kafka, join: Join, topic: Topic) -> None:
    """The broker gives it a share once all have joined, and only then begins to count its silence."""
    name, group = topic(partitions=4), uuid.uuid4().hex
    source = join(name, group=group, session=SESSION)
    begin(source, *assigned(source, 4))
    command = [sys.executable, "-c", JOINING, kafka.bootstrap, name, group, str(SESSION.total_seconds())]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"joining\n"
        other.kill()
    before, gone, back = time.monotonic(), set[Partition](), set[Partition]()
    while not back and time.monotonic() - before < 3 * SESSION.total_seconds():
        polled = source.poll(10, 0.1)
        gone |= polled.revoked
        back |= polled.assigned
    assert len(gone) == 2
    assert back == gone
    assert SESSION.total_seconds() - 1 < time.monotonic() - before < 2 * SESSION.total_seconds()


def test_a_session_that_the_brokers_refuse_stops_the_agent(join: Join, topic: Topic) -> None:
    """Joining again would be refused again, so a person is told which setting it is."""
    source = join(topic(), session=timedelta(milliseconds=100))
    with pytest.raises(Stop, match=r"source\.kafka\.session_timeout"):
        assigned(source)
