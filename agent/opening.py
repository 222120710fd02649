"""Opening real things: the store and its lock, the broker, and the stations over them."""

import logging
import shlex
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from agent import active, parts
from agent.aggregate.aggregator import Aggregator
from agent.aggregate.cardinality import Admission
from agent.alerting.evaluator import Evaluator
from agent.alerting.rule import LagRule
from agent.clock import SystemClock
from agent.config.settings import Settings
from agent.configured import Configured, InForce
from agent.decode.again import Judge
from agent.decode.letterbox import FileBox, KafkaBox, LetterBox
from agent.decode.sink import DeadLetterSink, KafkaSink
from agent.decode.topic import DeadLetterTopic
from agent.desk import DEAF, Desk, Ears
from agent.errors import Locked, RetryLater, Unreachable
from agent.notify.base import Notifier
from agent.notify.bulletin import Bulletin
from agent.notify.pipeline import Pipeline
from agent.report.pages import quality
from agent.report.pages.store import StorePages
from agent.report.views import Reports, StoreViews
from agent.report.writer import StoreWriter
from agent.resources import schemas_dir
from agent.runtime.blindness import Blindness
from agent.runtime.checks import CHECK, Checks
from agent.runtime.consume import Consumer
from agent.runtime.evaluate import Evaluation
from agent.runtime.first_look import FirstLook
from agent.runtime.golden_queries import GoldenQueries
from agent.runtime.investigate import Investigation
from agent.runtime.own import Seen
from agent.runtime.report_round import Make, ReportRound
from agent.runtime.schedule import Schedule
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


def desk(  # noqa: PLR0913 - what the composition root knows of a process
    stack: ExitStack,
    in_force: InForce,
    notifiers: Mapping[str, Notifier],
    ears: Ears = DEAF,
    *,
    folder: Path | None = None,
    config: Path | None = None,
) -> Desk:
    """Who is told, over two connections of its own; `folder` is another store, `config` the file of the settings."""
    settings = in_force().settings
    options = (
        f"--config {shlex.quote(str(config.resolve()))}" if config else f"--store {shlex.quote(str(folder))}" if folder else ""
    )
    folder = folder or home(settings)
    outbox, people = store_in(stack, settings, folder), store_in(stack, settings, folder)
    made = Desk(outbox.journal, people.journal, CLOCK, in_force, ears=ears, options=options)
    stack.callback(made.close)
    made.configure(notifiers)
    return made


def evaluation(
    configured: Configured,
    store: Store,
    pipeline: Pipeline,
    checks: Checks | None = None,
    reports: ReportRound | None = None,
) -> Evaluation:
    """Rules over a store, who is told, what is checked besides, and what is reported each week."""
    evaluator = Evaluator(configured.rules, configured.quality)
    investigation = Investigation(store.windows, store.journal, configured.quality)
    reading = parts.reading(configured.settings)
    return Evaluation(
        evaluator, store.windows, store.journal, pipeline, investigation, reading=reading, checks=checks, reports=reports
    )


def bulletins(in_force: InForce, store: Store) -> Make:
    """Who makes the report of a week as it is sent; raises NotFound where it holds no query, RetryLater where the store is away."""

    def made(week: str) -> Bulletin:
        from agent.report.weekly.period import week_of  # noqa: PLC0415 - templates and charts, once a week
        from agent.report.weekly.publish import bulletin  # noqa: PLC0415
        from agent.report.weekly.weekly import weekly  # noqa: PLC0415

        now = in_force()
        period = week_of(week, ZoneInfo(now.settings.report.timezone))
        return bulletin(weekly(store.windows, store.journal, now.quality, period), now.settings.notify.external_url)

    return made


def report_round(in_force: InForce, store: Store, desk: Desk, make: Make) -> ReportRound:
    """The weekly reports that `make` makes, at the time and for the receivers that are configured at each look."""
    return ReportRound(lambda: parts.reports(in_force().settings), store.journal, desk.pipeline, make)


def schedule(stack: ExitStack, in_force: InForce, config: Path | None) -> Schedule:
    """Who runs the active checks of this process; `config` is the file of the settings."""
    options = ("--config", str(config.resolve())) if config else ()
    made = Schedule(lambda check: active.command(in_force().settings, check, options), CLOCK)
    stack.callback(made.close)
    return made


def checks(configured: Configured, store: Store, runner: Schedule) -> Checks | None:
    """The active checks of the settings; None where there are none."""
    settings = configured.settings
    if not (settings.probes or settings.golden or store.journal.read(CHECK)):
        return None
    # They need scipy, half a second that few commands have to wait.
    from agent.probing.golden.weigh import Weigher  # noqa: PLC0415
    from agent.runtime.golden_falls import GoldenFalls  # noqa: PLC0415

    planned, journal = active.planned(settings), store.journal
    falls = GoldenFalls(journal, planned.golden)
    made = Checks(planned, active.timed(settings), runner, journal, weigh=Weigher(journal).weigh, falls=falls)
    runner.wake()
    return made


def blindness(in_force: InForce, store: Store, desk: Desk) -> Callable[[datetime], None]:
    """Who looks whether evaluation goes on, on wall time, where a rule asks for it."""
    rule = next((rule for rule in in_force().rules if isinstance(rule, LagRule)), None)
    return Blindness(rule, store.journal, desk.pipeline, CLOCK.now(), know=desk.know).look


def writer(in_force: InForce, store: Store) -> StoreWriter:
    """What people write into a store."""
    return StoreWriter(store.journal, CLOCK, lambda: in_force().mutes, lambda: in_force().labels)


def pages(
    in_force: InForce,
    store: Store,
    missing: Callable[[], Mapping[str, str]],
    seen: Callable[[], Seen | None] = lambda: None,
) -> Callable[[], StorePages]:
    """What a page shows of a store, made anew for each; `missing` is what the agent waits for, `seen` what its loop has seen."""

    def made() -> StorePages:
        now = in_force()
        return StorePages(
            store.windows,
            store.journal,
            now.quality,
            CLOCK,
            mutes_of_file=now.mutes,
            missing=missing(),
            zone=ZoneInfo(now.settings.report.timezone),
            in_force=_said(now),
            seen=seen(),
            trace_url=now.settings.notify.trace_url,
        )

    return made


def _said(configured: Configured) -> quality.InForce:
    """What a page shows of the configuration."""
    settings = configured.settings
    topic = settings.source.kafka.dead_letter_topic
    return quality.InForce(configured.rules, tuple(configured.notifiers), active.planned(settings), topic)


def views(in_force: InForce, store: Store) -> StoreViews:
    """What a reader sees of a store."""

    def reports() -> Reports:
        settings = in_force().settings
        return Reports(ZoneInfo(settings.report.timezone), settings.notify.external_url)

    return StoreViews(store.windows, store.journal, lambda: in_force().quality, CLOCK, lambda: in_force().mutes, reports=reports)
