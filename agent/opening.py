"""Opening real things: the store and its lock, the broker, and what reads and writes over them."""

import logging
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from agent import parts
from agent.aggregate.aggregator import Aggregator
from agent.aggregate.cardinality import Admission
from agent.clock import SystemClock
from agent.config.settings import Settings
from agent.configured import InForce
from agent.decode.again import Judge
from agent.decode.letterbox import FileBox, KafkaBox, LetterBox
from agent.decode.sink import DeadLetterSink, KafkaSink
from agent.decode.topic import DeadLetterTopic
from agent.errors import Locked, RetryLater, Unreachable
from agent.report.views import Reports, StoreViews
from agent.report.writer import StoreWriter
from agent.resources import schemas_dir
from agent.runtime.consume import Consumer
from agent.runtime.first_look import FirstLook
from agent.runtime.golden_queries import GoldenQueries
from agent.runtime.stations import Stations
from agent.runtime.tally import Tally, ignored, untimed
from agent.source.base import Source
from agent.source.clients import KafkaAddress, admin, producer, reader
from agent.source.kafka import Group, KafkaSource
from agent.store.clickhouse import ClickHouseJournal, ClickHouseWindows
from agent.store.engine import Engine, embedded, server
from agent.store.lock import Holder, StoreLock

log = logging.getLogger(__name__)

ENGINE: Final = "engine"
DEAD_LETTERS: Final = "dead-letters.jsonl"
LOCK_PATIENCE_S: Final = 5.0
PATIENCE_MS: Final = 10_000  # of somebody who waits for a command
CLOCK: Final = SystemClock()


class Store(NamedTuple):
    """One connection to a store."""

    engine: Engine
    windows: ClickHouseWindows
    journal: ClickHouseJournal


def home(settings: Settings) -> Path | None:
    """The folder of the embedded store, None where a server is configured."""
    return None if settings.store.clickhouse else settings.store.path


def store_in(stack: ExitStack, settings: Settings, folder: Path | None) -> Store:
    """Connect to the embedded store in this folder, or (None) to the configured server."""
    address = parts.clickhouse_address(settings)
    engine = embedded(folder / ENGINE) if folder else server(address) if address else None
    assert engine is not None, "settings without a server have a folder"
    stack.enter_context(closing(engine))
    return Store(engine, ClickHouseWindows(engine), ClickHouseJournal(engine))


def schemas() -> Path:
    """Where the numbered SQL lies."""
    return schemas_dir() / "clickhouse"


def holder_of(stack: ExitStack, folder: Path) -> tuple[StoreLock, Holder | None]:
    """Take the lock, or say which agent has the store; raises Unreachable where there is no store, Locked when nobody answers."""
    lock = StoreLock(folder)
    stack.callback(lock.release)
    return lock, lock.wait(CLOCK, LOCK_PATIENCE_S)


def locked(stack: ExitStack, folder: Path) -> StoreLock:
    """Take the lock for writing; raises Locked when a running agent has the store."""
    lock, holder = holder_of(stack, folder)
    if holder:
        raise Locked(f"the store in {folder} belongs to the running agent {holder.pid} at {holder.address}: stop it first")
    return lock


def existing(folder: Path) -> Path:
    """The folder, if there is a store in it; raises Unreachable."""
    if not (folder / ENGINE).is_dir():
        raise Unreachable(f"there is no store in {folder}")
    return folder


def kafka(stack: ExitStack, settings: Settings) -> tuple[KafkaSource, KafkaSink]:
    """Join the group, and open the dead-letter topic; raises Unreachable.

    Over an embedded store the agent is alone, so it is a static member: started again after a crash it has its partitions
    at once, and does not wait for its dead self.
    """
    given, folder = settings.source.kafka, home(settings)
    member = f"babelwatch-{folder.resolve()}".replace("/", "_") if folder else None
    address = parts.kafka_address(settings)
    return joined(stack, settings, address, member), _dead_letter_topic(stack, address, given.dead_letter_topic)


def joined(stack: ExitStack, settings: Settings, address: KafkaAddress, member: str | None) -> KafkaSource:
    """A member of the consumer group."""
    given = settings.source.kafka
    group = Group(given.group_id, member, given.session_timeout)
    source = KafkaSource(address, given.topics, group, parts.kafka_start(settings, CLOCK))
    stack.callback(source.close)
    return source


def _dead_letter_topic(stack: ExitStack, address: KafkaAddress, topic: str) -> KafkaSink:
    """The topic is made now, where it is missing; what is in the way is told before any letter needs it."""
    sink = KafkaSink(producer(address), DeadLetterTopic(admin(address), topic))
    stack.callback(sink.close)
    try:
        sink.prepare()
    except RetryLater as error:
        log.warning("%s", error)
    return sink


def dead_letter_file(settings: Settings, folder: Path) -> Path:
    """Where `replay` into this store keeps what it rejects."""
    return settings.source.dead_letter_file or folder / DEAD_LETTERS


class Post(NamedTuple):
    """Dead letters that were kept, what they are called, and who says whether one can be fed again."""

    box: LetterBox
    place: str
    judge: Judge
    in_file: bool


def post(stack: ExitStack, settings: Settings, folder: Path | None) -> Post:
    """The file of a replay where there is a store or a setting that names one, else the dead-letter topic; raises Unreachable."""
    decoder = parts.decoder(settings.source)
    file = dead_letter_file(settings, existing(folder)) if folder else settings.source.dead_letter_file
    if file:
        return Post(FileBox(file, CLOCK), str(file), Judge(decoder, None), in_file=True)
    given, address = settings.source.kafka, replace(parts.kafka_address(settings), bootstrap_timeout_ms=PATIENCE_MS)
    box = KafkaBox(reader(address), producer(address), given.dead_letter_topic)
    stack.callback(box.close)
    return Post(box, f"topic {given.dead_letter_topic}", Judge(decoder, given.topics), in_file=False)


class Watchers(NamedTuple):
    """Who looks on while a log is read: what counts stored batches, what stops where nearly nothing can be read, what times flushes."""

    on_stored: Callable[[Tally], None] = ignored
    first_look: FirstLook | None = None
    on_try: Callable[[timedelta], None] = untimed


def consumer(
    settings: Settings,
    store: Store,
    source: Source,
    sink: DeadLetterSink,
    watchers: Watchers = Watchers(),  # noqa: B008  immutable
) -> Consumer:
    """The spine over a source and a store."""
    admission = Admission()
    admission.load((entry.body["dimension"], entry.body["value"]) for entry in store.journal.read("admitted"))
    documents, k = parts.documents(settings.source), settings.quality.k
    stations = Stations(
        source=source,
        decoder=parts.decoder(settings.source),
        exclusions=parts.exclusions(settings.source),
        taggers=parts.taggers(settings),
        admission=admission,
        new_aggregator=lambda: Aggregator(k, documents, admission),
        dead_letters=sink,
        windows=store.windows,
        journal=store.journal,
        clock=CLOCK,
        on_stored=watchers.on_stored,
        first_look=watchers.first_look,
        on_try=watchers.on_try,
        of_users=GoldenQueries(store.journal, CLOCK).without,
    )
    return Consumer(stations, settings.store.flush_interval)


def writer(in_force: InForce, store: Store) -> StoreWriter:
    """What people write into a store."""
    return StoreWriter(store.journal, CLOCK, lambda: in_force().mutes, lambda: in_force().labels)


def views(in_force: InForce, store: Store) -> StoreViews:
    """What a reader sees of a store."""

    def reports() -> Reports:
        settings = in_force().settings
        return Reports(ZoneInfo(settings.report.timezone), settings.notify.external_url)

    return StoreViews(store.windows, store.journal, lambda: in_force().quality, CLOCK, lambda: in_force().mutes, reports=reports)
