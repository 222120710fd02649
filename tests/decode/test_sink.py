"""What every dead-letter sink promises: the same tests over memory, a file and a Kafka topic."""

import base64
import json
import os
import stat
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType

from agent.decode.dead_letter import DeadLetter, Reason
from agent.decode.sink import KEY_LIMIT, VALUE_LIMIT, DeadLetterSink, FileSink, KafkaSink, MemorySink, older
from agent.decode.topic import CONFIG, DeadLetterTopic
from agent.errors import RetryLater
from agent.records import RawMessage
from agent.source.clients import KafkaAddress, admin, producer
from tests.decode.builders import CLOCK, PARTITION, message
from tests.support.broker import Kafka


class Kept(NamedTuple):
    """One letter, as whoever looks at dead letters finds it."""

    source: str
    offset: int
    reason: str
    detail: str
    value: bytes


class Box(NamedTuple):
    """A sink, and what was written to it so far."""

    sink: DeadLetterSink
    read: Callable[[], list[Kept]]


LETTERS = [
    DeadLetter(message(b"\xff\x00 not text", 3), Reason.NOT_UTF8, ""),
    DeadLetter(message(b"", 4), Reason.EMPTY, ""),
    DeadLetter(message('{"query": "환불\\n"}'.encode(), 2**40), Reason.MISSING_FIELD, "results[1].doc_id"),
]


def kept(letters: list[DeadLetter], source: str = "log/0") -> list[Kept]:
    """What has to be found of these letters."""
    return [Kept(source, letter.message.offset, letter.reason, letter.detail, letter.message.value) for letter in letters]


def in_memory(sink: MemorySink) -> list[Kept]:
    """The list's letters."""
    return [found for source, letter in sink.letters for found in kept([letter], source)]


def in_file(path: Path) -> list[Kept]:
    """The file's letters."""
    lines = map(json.loads, path.read_text().splitlines() if path.exists() else [])
    return [Kept(line["source"], line["offset"], line["reason"], line["detail"], base64.b64decode(line["value"])) for line in lines]


def in_topic(bootstrap: str, topic: str) -> list[Kept]:
    """The topic's letters."""
    return [_kept(record) for record in records(bootstrap, topic)]


def records(bootstrap: str, topic: str) -> Iterator[object]:
    """The topic's records, up to its end."""
    log = TopicPartition(topic, 0)
    with closing(KafkaConsumer(bootstrap_servers=bootstrap)) as consumer:
        consumer.assign([log])
        consumer.seek(log, 0)
        end = consumer.end_offsets([log])[log]
        while consumer.position(log) < end:
            for found in consumer.poll(timeout_ms=200).values():
                yield from found


def _kept(record: object) -> Kept:
    key, headers, value = record.key.decode(), dict(record.headers), record.value  # type: ignore[attr-defined]  # kafka-python's
    source, _, offset = key.rpartition(":")
    assert headers["source"].decode() == source
    return Kept(source, int(offset), headers["reason"].decode(), headers["detail"].decode(), value)


@pytest.fixture
def dead_letter_topic(kafka: Kafka, topic: Callable[..., str]) -> Iterator[tuple[KafkaSink, str]]:
    """A sink on a real broker, and its topic."""
    name = topic()
    with closing(sink_of(kafka, name)) as sink:
        yield sink, name


def sink_of(kafka: Kafka, name: str) -> KafkaSink:
    """A sink whose topic may be missing yet."""
    address = KafkaAddress((kafka.bootstrap,))
    return KafkaSink(producer(address), DeadLetterTopic(admin(address), name))


@pytest.fixture(params=["memory", "file", pytest.param("kafka", marks=pytest.mark.kafka)])
def box(request: pytest.FixtureRequest, tmp_path: Path) -> Box:
    """Each sink in turn."""
    if request.param == "memory":
        memory = MemorySink()
        return Box(memory, lambda: in_memory(memory))
    if request.param == "file":
        path = tmp_path / "dead.jsonl"
        return Box(FileSink(path, CLOCK), lambda: in_file(path))
    sink, name = request.getfixturevalue("dead_letter_topic")
    bootstrap = request.getfixturevalue("kafka").bootstrap
    return Box(sink, lambda: in_topic(bootstrap, name))


def test_letters_are_kept_whole_and_in_order(box: Box) -> None:
    """Any bytes come back as they were, with source, offset, reason and detail."""
    box.sink.write("log/0", LETTERS)
    assert box.read() == kept(LETTERS)


def test_later_letters_are_added(box: Box) -> None:
    """A second write keeps the first, and a letter written twice stands there twice under the same source and offset."""
    box.sink.write("log/0", LETTERS[:2])
    box.sink.write("log/1", iter(LETTERS[:1]))
    assert box.read() == kept(LETTERS[:2]) + kept(LETTERS[:1], "log/1")


def test_no_letters_write_nothing(box: Box) -> None:
    """An empty write leaves no trace."""
    box.sink.write("log/0", [])
    assert box.read() == []


def test_a_closed_sink_has_written_everything(box: Box) -> None:
    """Closing after a write loses nothing."""
    box.sink.write("log/0", LETTERS)
    box.sink.close()
    assert box.read() == kept(LETTERS)


def test_the_file_is_the_owners(tmp_path: Path) -> None:
    """Only the owner can read what users asked, whatever the umask."""
    before = os.umask(0)
    try:
        FileSink(tmp_path / "dead.jsonl", CLOCK).write("log/0", LETTERS)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "dead.jsonl").stat().st_mode) == 0o600


def test_a_file_that_cannot_be_written_is_tried_again(tmp_path: Path) -> None:
    """No folder, no dead letters: the caller is told, with the reason, and keeps the letters."""
    sink = FileSink(tmp_path / "missing" / "dead.jsonl", CLOCK)
    with pytest.raises(RetryLater, match="No such file or directory"):
        sink.write("log/0", LETTERS)
    (tmp_path / "missing").mkdir()
    sink.write("log/0", LETTERS)
    assert in_file(tmp_path / "missing" / "dead.jsonl") == kept(LETTERS)


def test_a_topic_that_cannot_be_written_is_tried_again(kafka: Kafka, dead_letter_topic: tuple[KafkaSink, str]) -> None:
    """What only the broker refuses, when all is sent, is told as RetryLater with its name, and not passed over."""
    sink, name = dead_letter_topic
    with closing(KafkaAdminClient(bootstrap_servers=kafka.bootstrap)) as admin:
        admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, {"max.message.bytes": "100"})])
    with pytest.raises(RetryLater, match=f"topic {name}: its messages may not be so large: set its max.message.bytes to 1048588"):
        sink.write("log/0", LETTERS)


def test_a_letter_larger_than_a_record_is_cut(kafka: Kafka, dead_letter_topic: tuple[KafkaSink, str]) -> None:
    """A message that came compressed can be larger than what may be produced: it must not hold up its partition for ever."""
    sink, name = dead_letter_topic
    value = b"a" * 5_000_000
    sink.write("log/0", [DeadLetter(message(value, 7), Reason.NOT_JSON, "")])
    (record,) = records(kafka.bootstrap, name)
    assert _kept(record) == Kept("log/0", 7, "not_json", "", value[:VALUE_LIMIT])
    assert dict(record.headers)["cut_from"] == b"5000000"  # type: ignore[attr-defined]  # kafka-python's


def headers(kafka: Kafka, name: str) -> dict[str, bytes]:
    """Those of the one letter in a topic."""
    (record,) = records(kafka.bootstrap, name)
    return dict(record.headers)  # type: ignore[attr-defined]  # kafka-python's


@pytest.mark.parametrize(
    ("key", "kept_as"),
    [
        (None, None),
        (b"", b""),
        (b"\xff user 1", b"\xff user 1"),
        (b"k" * KEY_LIMIT, b"k" * KEY_LIMIT),
        (b"k" * (KEY_LIMIT + 1), None),
    ],
    ids=["none", "empty", "bytes", "long", "too long"],
)
def test_whence_a_letter_came_stands_in_its_headers(
    kafka: Kafka, dead_letter_topic: tuple[KafkaSink, str], key: bytes | None, kept_as: bytes | None
) -> None:
    """The topic's name beside its id, the partition, and the message's own key unless it is larger than a key has to be."""
    sink, name = dead_letter_topic
    sink.write("id-of-log/0", [DeadLetter(RawMessage(PARTITION, 7, b"{", key), Reason.NOT_JSON, "")])
    found = headers(kafka, name)
    assert (found["source"], found["topic"], found["partition"]) == (b"id-of-log/0", b"log", b"0")
    assert found.get("key") == kept_as


def test_a_missing_topic_is_made(kafka: Kafka) -> None:
    """When the agent starts, with bounds in time and size and room for the largest letter; once."""
    name = f"test-{uuid.uuid4().hex}"
    with closing(sink_of(kafka, name)) as sink, closing(KafkaAdminClient(bootstrap_servers=kafka.bootstrap)) as client:
        sink.prepare()
        found = client.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])["topic"][name]
        assert {key: found[key]["value"] for key in CONFIG} == CONFIG
        assert len(client.describe_topics([name])[0]["partitions"]) == 1
        sink.prepare()
        sink.write("log/0", LETTERS)
    assert in_topic(kafka.bootstrap, name) == kept(LETTERS)


def test_a_topic_that_is_there_is_left_as_it_is(kafka: Kafka, topic: Callable[..., str]) -> None:
    """The operator's partitions and bounds are the operator's."""
    name = topic(partitions=3)
    with closing(sink_of(kafka, name)) as sink, closing(KafkaAdminClient(bootstrap_servers=kafka.bootstrap)) as client:
        sink.prepare()
        changed = client.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)])["topic"][name]
        assert changed.keys() & CONFIG.keys() == set()
        assert len(client.describe_topics([name])[0]["partitions"]) == 3


FILE_LIMIT = 2_000


def test_the_file_is_bounded(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A full one gets another name, the one before it is dropped and that is told; the newest letters are always there."""
    path = tmp_path / "dead.jsonl"
    sink = FileSink(path, CLOCK, FILE_LIMIT)
    for offset in range(100):
        sink.write("log/0", [DeadLetter(message(b"{" * 100, offset), Reason.NOT_JSON, "")])
    assert sorted(tmp_path.iterdir()) == [path, older(path)]
    assert all(each.stat().st_size < 2 * FILE_LIMIT for each in tmp_path.iterdir())
    offsets = [letter.offset for letter in in_file(older(path)) + in_file(path)]
    assert offsets == list(range(offsets[0], 100))
    assert f"the dead letters of {older(path)} are dropped" in caplog.text


def test_a_line_that_a_crash_has_torn_costs_no_other(tmp_path: Path) -> None:
    """What is written next begins on a line of its own."""
    path = tmp_path / "dead.jsonl"
    FileSink(path, CLOCK).write("log/0", LETTERS)
    path.write_bytes(path.read_bytes()[:-20])
    FileSink(path, CLOCK).write("log/0", LETTERS)
    *whole, torn = path.read_text().splitlines()[: len(LETTERS)]
    assert len(whole) == len(LETTERS) - 1
    with pytest.raises(json.JSONDecodeError):
        json.loads(torn)
    path.write_text("".join(path.read_text().splitlines(keepends=True)[len(LETTERS) :]))
    assert in_file(path) == kept(LETTERS)
