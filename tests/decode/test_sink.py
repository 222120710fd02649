"""What every dead-letter sink promises: the same tests over memory, a file and a Kafka topic."""

import base64
import json
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType

from agent.decode.dead_letter import DeadLetter, Reason
from agent.decode.sink import VALUE_LIMIT, DeadLetterSink, FileSink, KafkaSink, MemorySink
from agent.errors import RetryLater
from agent.source.kafka import KafkaAddress, producer
from tests.decode.builders import message
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
    with closing(KafkaSink(producer(KafkaAddress((kafka.bootstrap,))), name)) as sink:
        yield sink, name


@pytest.fixture(params=["memory", "file", pytest.param("kafka", marks=pytest.mark.kafka)])
def box(request: pytest.FixtureRequest, tmp_path: Path) -> Box:
    """Each sink in turn."""
    if request.param == "memory":
        memory = MemorySink()
        return Box(memory, lambda: in_memory(memory))
    if request.param == "file":
        path = tmp_path / "dead.jsonl"
        return Box(FileSink(path), lambda: in_file(path))
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
        FileSink(tmp_path / "dead.jsonl").write("log/0", LETTERS)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "dead.jsonl").stat().st_mode) == 0o600


def test_a_file_that_cannot_be_written_is_tried_again(tmp_path: Path) -> None:
    """No folder, no dead letters: the caller is told, with the reason, and keeps the letters."""
    sink = FileSink(tmp_path / "missing" / "dead.jsonl")
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
    with pytest.raises(RetryLater, match=f"topic {name}: MessageSizeTooLargeError"):
        sink.write("log/0", LETTERS)


def test_a_letter_larger_than_a_record_is_cut(kafka: Kafka, dead_letter_topic: tuple[KafkaSink, str]) -> None:
    """A message that came compressed can be larger than what may be produced: it must not hold up its partition for ever."""
    sink, name = dead_letter_topic
    value = b"a" * 5_000_000
    sink.write("log/0", [DeadLetter(message(value, 7), Reason.NOT_JSON, "")])
    (record,) = records(kafka.bootstrap, name)
    assert _kept(record) == Kept("log/0", 7, "not_json", "", value[:VALUE_LIMIT])
    assert dict(record.headers)["cut_from"] == b"5000000"  # type: ignore[attr-defined]  # kafka-python's
