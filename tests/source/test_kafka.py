"""The reader on a real broker: topics that are not there, starts, rebalances, crashes, damaged and removed records."""

import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewTopic
from kafka.errors import KafkaConnectionError, KafkaError, LogTruncationError, UnsupportedCodecError
from kafka.structs import MemberState

from agent.errors import RetryLater, Stop, Unreachable
from agent.records import Partition
from agent.source import kafka as module
from agent.source.base import Polled
from agent.source.clients import KafkaAddress
from agent.source.kafka import Group, KafkaSource
from tests.source.builders import Read, assigned, begin, client_with, numbered, produce, read, until
from tests.support.broker import Broker, Kafka

ROOT = Path(__file__).parents[2]
VALUES = [b"value-%d" % n for n in range(10)]
Join = Callable[..., KafkaSource]
Topic = Callable[..., str]
# A member that reads a topic until somebody kills it.
MEMBER = """\
import sys
from agent.source.clients import KafkaAddress
from agent.source.kafka import Group, KafkaSource
bootstrap, topic, group, member = sys.argv[1:]
source = KafkaSource(KafkaAddress((bootstrap,)), (topic,), Group(group, member), "earliest")
while not source.poll(10, 0.1).assigned: pass
print("reading", flush=True)
while True: source.poll(10, 0.1)
"""


@pytest.fixture
def admin(kafka: Kafka) -> Iterator[KafkaAdminClient]:
    """Whoever makes and deletes topics."""
    with closing(KafkaAdminClient(bootstrap_servers=kafka.bootstrap)) as client:
        yield client


# --- topics and brokers that are not there


def test_a_missing_topic_brings_nothing_and_is_not_made(
    kafka: Kafka, join: Join, admin: KafkaAdminClient, producer: KafkaProducer
) -> None:
    """It is named, polls wait their time, nobody creates it; once it is there it is read."""
    name = f"test-{uuid.uuid4().hex}"
    source, before = join(name), time.monotonic()
    assert [source.poll(10, 0.2) for _ in range(3)] == [Polled({})] * 3
    assert time.monotonic() - before >= 0.6
    assert (source.missing_topics(), source.end_positions()) == ([name], {})
    with pytest.raises(RetryLater, match=f"topic {name} is not there"):
        source.identity(Partition(name, 0))
    assert name not in admin.list_topics()
    admin.create_topics([NewTopic(name, 1, 1)])
    produce(producer, name, VALUES)
    begin(source, *assigned(source))
    assert source.missing_topics() == []
    assert read(source, 10) == {Partition(name, 0): numbered(VALUES)}


def test_a_deleted_topic_does_not_come_back(
    join: Join, topic: Topic, admin: KafkaAdminClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though this broker makes what clients ask for, and its reader asks again and again."""
    client_with(monkeypatch, metadata_max_age_ms=100)
    name = topic()
    source = join(name)
    begin(source, *assigned(source))
    admin.delete_topics([name])
    until(lambda: source.missing_topics() == [name])
    for _ in range(10):
        source.poll(10, 0.1)
    assert source.missing_topics() == [name]


def test_a_wrong_address_is_told_soon_with_its_reason() -> None:
    """The sentence has the address and why, which the client only logs, and not the password."""
    address = KafkaAddress(("127.0.0.1:1",), {"sasl_plain_password": "SECRET"}, bootstrap_timeout_ms=300)
    before = time.monotonic()
    with pytest.raises(Unreachable, match=r"^Kafka at 127\.0\.0\.1:1 cannot be reached: KafkaConnectionError: 111 ECONNREFUSED$"):
        KafkaSource(address, ("log",), Group("group"), "earliest")
    assert time.monotonic() - before < 5
    assert "SECRET" not in repr(address)


def test_a_broker_that_is_away_is_told_by_its_ends(own_kafka: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Polls bring nothing as if the log were idle; ends, identities and topics are RetryLater, and afterwards all goes on."""
    monkeypatch.setattr(module, "ANSWER_TIMEOUT_MS", 300)
    with closing(KafkaProducer(bootstrap_servers=own_kafka.bootstrap)) as producer:
        produce(producer, "log", VALUES[:5], partition=0)
        with closing(KafkaSource(KafkaAddress((own_kafka.bootstrap,)), ("log",), Group("group"), "earliest")) as source:
            (log,) = assigned(source)
            begin(source, log)
            read(source, 5)
            own_kafka.kill()
            assert source.poll(10, 0.5).records == {}
            assert source.position(log) == 5
            for asked in (
                source.end_positions,
                source.missing_topics,
                lambda: source.identity(log),
                lambda: source.first_position(log),
            ):
                with pytest.raises(RetryLater, match=r"^Kafka: "):
                    asked()
            source.commit({log: 5})  # told in the log only
            own_kafka.start()
            produce(producer, "log", VALUES[5:], partition=0)
            assert read(source, 5) == {log: numbered(VALUES)[5:]}
            assert source.end_positions() == {log: 10}


# --- where reading begins


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("earliest", 0),
        ("latest", 3),
        (timedelta(hours=-9), 0),
        (timedelta(hours=-2), 1),
        (timedelta(minutes=-90), 2),
        (timedelta(), 3),
    ],
    ids=["earliest", "latest", "before all", "at a record", "between records", "after all"],
)
def test_an_unknown_partition_is_begun_as_configured(
    join: Join, topic: Topic, producer: KafkaProducer, start: str | timedelta, expected: int
) -> None:
    """At the oldest or newest record, or at the first at or after a time."""
    name, now = topic(), datetime.now(UTC).replace(microsecond=0)
    for hours in (3, 2, 1):
        at = now - timedelta(hours=hours)
        producer.send(name, b"", partition=0, timestamp_ms=int(at.timestamp() * 1000)).get(timeout=20)
    source = join(name, start=start if isinstance(start, str) else now + start)
    (log,) = assigned(source)
    assert source.start_position(log) == expected


def commit_for_sure(kafka: Kafka, source: KafkaSource, group: str, log: Partition, offset: int) -> None:
    """Until it is there: a group that is still joining takes no commit, and its joining goes on in polls alone."""
    with closing(KafkaConsumer(bootstrap_servers=kafka.bootstrap, group_id=group)) as tool:

        def told() -> bool:
            source.poll(10, 1.0)
            source.commit({log: offset})
            return bool(tool.committed(TopicPartition(log.topic, log.number)) == offset)

        until(told)


def test_the_groups_offsets_are_told_and_never_read(kafka: Kafka, join: Join, topic: Topic, producer: KafkaProducer) -> None:
    """What is committed shows in lag tools, and a reader after it begins where it is told to."""
    name, group = topic(), uuid.uuid4().hex
    produce(producer, name, VALUES)
    source = join(name, group=group)
    (log,) = assigned(source)
    commit_for_sure(kafka, source, group, log, 7)
    source.close()
    after = join(name, group=group)
    begin(after, *assigned(after), at=2)
    assert read(after, 8) == {log: numbered(VALUES)[2:]}


# --- what is in the log


def test_what_trickles_in_comes_in_few_polls(join: Join, topic: Topic, producer: KafkaProducer) -> None:
    """Two hundred records, each written by itself over a second and more: a poll for each would cost several times as much."""
    name = topic()
    source = join(name)
    begin(source, *assigned(source))

    def trickle() -> None:
        for value in VALUES * 20:
            produce(producer, name, [value])
            time.sleep(0.005)

    with ThreadPoolExecutor(1) as pool:
        trickling, begun, brought = pool.submit(trickle), time.monotonic(), list[int]()
        while sum(brought) < 200:
            brought += [len(found) for found in source.poll(1_000, 0.2).records.values()]
        trickling.result()
    waited = module._consumer_settings(Group("group"))["fetch_max_wait_ms"] / 1000
    assert len(brought) <= 2 + (time.monotonic() - begun) / waited


def test_a_tombstone_is_an_empty_message(join: Join, topic: Topic, producer: KafkaProducer) -> None:
    """A record without a value keeps its offset."""
    name = topic()
    produce(producer, name, [b"a", None, b"c"])
    source = join(name)
    begin(source, *assigned(source))
    assert read(source, 3) == {Partition(name, 0): [(0, b"a"), (1, b""), (2, b"c")]}


def test_the_position_passes_what_transactions_leave(kafka: Kafka, join: Join, topic: Topic) -> None:
    """Aborted records are never seen, and markers have offsets: without a record behind them the end is reached all the same."""
    name = topic()
    with closing(KafkaProducer(bootstrap_servers=kafka.bootstrap, transactional_id=name)) as producer:
        producer.init_transactions()
        for value, end in (
            (b"a", producer.commit_transaction),
            (b"b", producer.abort_transaction),
            (b"c", producer.commit_transaction),
        ):
            producer.begin_transaction()
            producer.send(name, value, partition=0).get(timeout=20)
            end()
    source = join(name)
    (log,) = assigned(source)
    begin(source, log)
    assert read(source, 2) == {log: [(0, b"a"), (4, b"c")]}
    assert source.position(log) == source.end_positions()[log] == 6


def test_a_position_that_retention_removed_is_told(
    join: Join, topic: Topic, producer: KafkaProducer, admin: KafkaAdminClient
) -> None:
    """Nothing is passed over silently: the partition waits where it stands, its first position is new, and the other reads on."""
    name = topic(partitions=2)
    produce(producer, name, VALUES, partition=0)
    produce(producer, name, VALUES, partition=1)
    admin.delete_records({TopicPartition(name, 0): 4})
    source = join(name)
    cut, whole = assigned(source, 2)
    assert (source.first_position(cut), source.first_position(whole)) == (4, 0)
    begin(source, cut, whole)
    found, again = 0, set[Partition]()

    def both() -> bool:
        nonlocal found
        polled = source.poll(100, 0.1)
        assert cut not in polled.records
        found += len(polled.records.get(whole, []))
        assert not polled.assigned
        again.update(polled.passed)
        return found == 10 and bool(again)

    until(both)
    assert again == {cut}
    assert source.position(cut) == 0
    begin(source, cut, at=source.first_position(cut))
    assert read(source, 6) == {cut: numbered(VALUES)[4:]}


def test_a_damaged_record_is_stepped_over(
    kafka: Kafka, join: Join, topic: Topic, producer: KafkaProducer, caplog: pytest.LogCaptureFixture
) -> None:
    """A broken checksum costs its batch, which is told, and neither the records around it nor the agent, which would hang."""
    if not isinstance(kafka, Broker):
        pytest.skip("the files of somebody else's broker are not ours to damage")
    name = topic()
    for value in VALUES[:5]:
        produce(producer, name, [value])  # a batch each
    (segment,) = kafka.folder.glob(f"data/{name}-0/*.log")
    segment.write_bytes(segment.read_bytes().replace(b"value-2", b"vXlue-2"))
    source = join(name)
    begin(source, *assigned(source))
    assert read(source, 4) == {Partition(name, 0): [(n, VALUES[n]) for n in (0, 1, 3, 4)]}
    assert "the record at offset 2 is damaged and is not counted" in caplog.text


@pytest.mark.parametrize(
    ("error", "told"),
    [(UnsupportedCodecError("no codec"), Stop), (KafkaConnectionError("gone"), RetryLater)],
    ids=["missing codec", "connection"],
)
def test_what_a_poll_meets_is_told_by_what_to_do(
    join: Join, topic: Topic, monkeypatch: pytest.MonkeyPatch, error: KafkaError, told: type[Exception]
) -> None:
    """A broker that is away is waited for; a codec that is missing needs a person, since the next poll would hang."""
    source = join(topic())
    assigned(source)
    monkeypatch.setattr(source._consumer, "poll", _raising(error))
    with pytest.raises(told, match=r"^Kafka: "):
        source.poll(10, 0.1)


def test_a_truncated_log_is_told(join: Join, topic: Topic, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the broker lost records that were read already, the partition has to be begun again."""
    name = topic(partitions=2)
    source = join(name)
    cut, other = assigned(source, 2)
    begin(source, cut, other)
    with monkeypatch.context() as patched:
        patched.setattr(source._consumer, "poll", _raising(LogTruncationError({TopicPartition(name, cut.number): None})))
        assert source.poll(10, 0.1).passed == {cut}
    assert source._consumer.paused() == {TopicPartition(name, cut.number)}


def _raising(error: Exception) -> Callable[..., None]:
    def poll(**_: object) -> None:
        raise error

    return poll


def test_a_topic_made_anew_is_another_source(join: Join, topic: Topic, admin: KafkaAdminClient) -> None:
    """Its name is the same, its identity is not; while it is gone there is none."""
    name = topic()
    source, log = join(name), Partition(name, 0)
    before = source.identity(log)
    admin.delete_topics([name])
    until(lambda: source.missing_topics() == [name])
    with pytest.raises(RetryLater):
        source.identity(log)
    admin.create_topics([NewTopic(name, 1, 1)])
    until(lambda: not source.missing_topics())
    assert source.identity(log) != before


# --- groups


def test_a_second_member_takes_over_a_share(
    join: Join, topic: Topic, producer: KafkaProducer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What one has to give is told to both, each partition is read by one of them, and those that stay read on unasked."""
    client_with(monkeypatch, heartbeat_interval_ms=100)
    name, group = topic(partitions=4), uuid.uuid4().hex
    first = join(name, group=group)
    begin(first, *assigned(first, 4))
    gone: set[Partition] = set()
    done = threading.Event()

    def gave() -> bool:
        polled = first.poll(10, 0.1)
        assert not polled.assigned
        gone.update(polled.revoked)
        return len(gone) == 2

    def take_over(second: KafkaSource) -> dict[Partition, Read]:
        begin(second, *assigned(second, 2))
        found = read(second, 20)
        while not done.is_set():  # a member that does not poll holds up the other's rebalance
            assert not second.poll(10, 0.1).records
        return found

    with ThreadPoolExecutor(1) as pool, ExitStack() as after:
        after.callback(done.set)
        theirs = pool.submit(take_over, join(name, group=group))
        until(gave)
        for number in range(4):
            produce(producer, name, VALUES, number)
        ours = read(first, 20)
        done.set()
        assert set(theirs.result()) == gone
    assert set(ours) == set(first.end_positions()) - gone
    assert all(found == numbered(VALUES) for found in (ours | theirs.result()).values())


def test_a_partition_lost_and_regained_in_one_poll_is_only_assigned(join: Join, topic: Topic) -> None:
    """After a frozen process its group may do both within a poll: told as revoked, nobody would read it."""
    name = topic()
    source = join(name)
    (log,) = assigned(source)
    begin(source, log)
    tp = {TopicPartition(name, 0)}
    source._assignment.on_partitions_revoked(tp)
    source._assignment.on_partitions_assigned(tp)
    polled = source.poll(10, 0.1)
    assert polled.assigned == {log}
    assert polled.revoked == frozenset()
    source._assignment.on_partitions_assigned(tp)
    source._assignment.on_partitions_revoked(tp)
    polled = source.poll(10, 0.1)
    assert polled.assigned == frozenset()
    assert polled.revoked == {log}


def test_a_static_member_has_its_partitions_back_at_once(kafka: Kafka, join: Join, topic: Topic) -> None:
    """Killed and started again it does not wait for its dead self, whose session goes on for most of a minute."""
    name, group = topic(partitions=2), uuid.uuid4().hex
    command = [sys.executable, "-c", MEMBER, kafka.bootstrap, name, group, "me"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as member:
        assert member.stdout is not None
        assert member.stdout.readline() == b"reading\n"
        member.send_signal(signal.SIGKILL)
    assert len(assigned(join(name, group=group, member="me"), 2)) == 2


def test_a_join_that_ended_unseen_is_done_again(kafka: Kafka, join: Join, topic: Topic) -> None:
    """As the client leaves it when its first join and the topic's metadata cross: neither member nor joining, for good."""
    name, group = topic(), uuid.uuid4().hex
    source = join(name, group=group)
    (log,) = assigned(source)
    begin(source, log)
    commit_for_sure(kafka, source, group, log, 0)
    coordinator = source._consumer._coordinator
    coordinator.state = MemberState.REBALANCING
    coordinator._disable_heartbeat()
    assert not coordinator.need_rejoin()
    commit_for_sure(kafka, source, group, log, 1)


def test_a_twin_of_a_static_member_stops_the_first(kafka: Kafka, join: Join, topic: Topic) -> None:
    """Of two agents under one name the one that was there hears of it by its commit alone, and must not go on."""
    name, group = topic(), uuid.uuid4().hex
    first = join(name, group=group, member="me")
    (log,) = assigned(first)
    begin(first, log)
    commit_for_sure(kafka, first, group, log, 0)
    second = join(name, group=group, member="me")
    assigned(second)
    with pytest.raises(Stop, match="another agent"):
        first.commit({log: 0})
    second.commit({log: 0})
