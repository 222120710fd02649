"""Replicas over one log while everything dies in turn: at the end the store has what one undisturbed run counts."""

import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

from kafka import KafkaAdminClient, KafkaProducer
from kafka.admin import NewTopic

from agent.clock import SystemClock
from agent.source.dedup import WINDOW
from agent.store import sql
from tests.chaos.faults import REPLICAS, SESSION_S, World, planned
from tests.chaos.replicas import Replicas
from tests.runtime.counting import COMPARED, Counted, letters, of_file, send
from tests.runtime.generated import Record, generate
from tests.support.broker import Broker
from tests.support.clickhouse_server import ClickHouseServer

PARTITIONS: Final = 6
RECORDS: Final = 300  # sent while one fault happens, at most
PIECE: Final = 10
KEYS: Final = len(sql.KEY_COLUMNS) + 2


def chaos(kafka: Broker, folder: Path, kills: int, seed: int, told: Callable[[str], None]) -> list[str]:
    """So many kills and other faults, one after the other while events flow; answers with what differs in the end."""
    coin, topic = random.Random(seed), _new_topic(kafka)
    plan = list(planned(coin, kills))
    each = min(RECORDS, WINDOW // len(plan))  # the file is one partition: what is repeated further back counts twice in it
    log = generate(SystemClock().now() - timedelta(hours=3), each * len(plan), seed)
    expected = of_file(log, folder)
    with (
        ClickHouseServer(folder / "clickhouse") as store,
        closing(KafkaProducer(bootstrap_servers=kafka.bootstrap)) as producer,
        Replicas(folder, store, _group(kafka, topic)) as replicas,
    ):
        world = World(coin, kafka, store, replicas)
        for _ in range(REPLICAS):
            replicas.start()
        for number, fault in enumerate(plan):
            with _flowing(producer, topic, log.records[number * each : (number + 1) * each]):
                told(f"{number + 1} of {len(plan)}: {fault(world)}")
            replicas.reach(number * each)  # what came with this fault may be hit by the next
        replicas.reach(len(log.records))
        missing = log.rejected - len(set(letters(kafka.bootstrap, f"{topic}-dead")))
        return differences(replicas.counted(), expected) + ([f"{missing} dead letters are missing"] if missing else [])


def _new_topic(kafka: Broker) -> str:
    name = f"chaos-{uuid.uuid4().hex[:12]}"
    with closing(KafkaAdminClient(bootstrap_servers=kafka.bootstrap)) as admin:
        admin.create_topics([NewTopic(name, PARTITIONS, 1)])
    return name


def _group(kafka: Broker, topic: str) -> dict[str, object]:
    return {
        "bootstrap_servers": [kafka.bootstrap],
        "topics": [topic],
        "group_id": topic,
        "session_timeout": f"{SESSION_S:.0f}s",
        "dead_letter_topic": f"{topic}-dead",
    }


@contextmanager
def _flowing(producer: KafkaProducer, topic: str, records: Sequence[Record]) -> Iterator[None]:
    """Records come for two seconds, or for as long as the broker needs to take them."""

    def flow() -> None:
        for start in range(0, len(records), PIECE):
            send(producer, topic, records[start : start + PIECE], PARTITIONS)
            time.sleep(0.05)

    sender = threading.Thread(target=flow)
    sender.start()
    try:
        yield
    finally:
        sender.join()


def differences(found: Counted, expected: Counted) -> list[str]:
    """One line for each window that is not as it should be."""
    ours, theirs = ({tuple(row[:KEYS]): row[KEYS:] for row in each.windows} for each in (found, expected))
    wrong = [key for key in sorted(ours.keys() | theirs.keys()) if ours.get(key) != theirs.get(key)]
    return [f"{' '.join(map(str, key))}: {_difference(ours.get(key), theirs.get(key))}" for key in wrong]


def _difference(ours: Sequence[object] | None, theirs: Sequence[object] | None) -> str:
    if ours is None or theirs is None:
        return "too many" if ours else "missing"
    pairs = zip((*COMPARED, "sessions"), ours, theirs, strict=True)
    return ", ".join(f"{name} {one} instead of {other}" for name, one, other in pairs if one != other)
