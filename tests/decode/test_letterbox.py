"""What everybody who looks at dead letters is promised: the same tests over memory, a file and a Kafka topic."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from kafka import KafkaAdminClient, KafkaProducer
from kafka.admin import ConfigResource, ConfigResourceType, NewPartitions

from agent.decode.dead_letter import DeadLetter, Reason
from agent.decode.letterbox import FileBox, KafkaBox, LetterBox, MemoryBox
from agent.decode.sink import FILE_LIMIT, VALUE_LIMIT, DeadLetterSink, FileSink, MemorySink
from agent.errors import Unreachable
from agent.records import Partition, RawMessage
from agent.source.clients import KafkaAddress, producer, reader
from tests.decode.builders import CLOCK, PARTITION, message
from tests.decode.test_sink import sink_of
from tests.support.broker import Kafka

OTHER = Partition("other", 3)
SOURCE = "id-of-log/0"
LETTERS = [
    DeadLetter(message(b"\xff\x00 not text", 3), Reason.NOT_UTF8, ""),
    DeadLetter(message(b"", 4), Reason.EMPTY, ""),
    DeadLetter(RawMessage(OTHER, 2**40, '{"query": "환불\\n"}'.encode()), Reason.MISSING_FIELD, "results[1].doc_id"),
]


class Post(NamedTuple):
    """A sink, and a box over what was written to it."""

    sink: DeadLetterSink
    box: LetterBox


def in_kafka(stack: ExitStack, kafka: Kafka, name: str) -> Post:
    """Both over one topic."""
    address = KafkaAddress((kafka.bootstrap,))
    sink = stack.enter_context(closing(sink_of(kafka, name)))
    return Post(sink, stack.enter_context(closing(KafkaBox(reader(address), producer(address), name))))


@pytest.fixture(params=["memory", "file", pytest.param("kafka", marks=pytest.mark.kafka)])
def post(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Post]:
    """Each of them in turn."""
    if request.param == "memory":
        memory = MemorySink()
        yield Post(memory, MemoryBox(memory, CLOCK))
    elif request.param == "file":
        yield Post(FileSink(tmp_path / "dead.jsonl", CLOCK), FileBox(tmp_path / "dead.jsonl", CLOCK))
    else:
        with ExitStack() as stack:
            yield in_kafka(stack, request.getfixturevalue("kafka"), request.getfixturevalue("topic")())


def ids(box: LetterBox) -> list[str]:
    """The letters that are there."""
    return [letter.id for letter in box.letters()]


def test_letters_come_back_as_they_were(post: Post) -> None:
    """Any bytes, with all that was written beside them, in order."""
    post.sink.write(SOURCE, LETTERS)
    found = list(post.box.letters())
    assert [(each.source, each.offset, each.partition, each.reason, each.detail, each.value, each.size) for each in found] == [
        (
            SOURCE,
            letter.message.offset,
            letter.message.partition,
            letter.reason,
            letter.detail,
            letter.message.value,
            len(letter.message.value),
        )
        for letter in LETTERS
    ]
    assert not any(each.cut for each in found)
    assert ids(post.box) == [f"{SOURCE}:3", f"{SOURCE}:4", f"{SOURCE}:{2**40}"]
    assert [each.name for each in found] == ["log/0:3", "log/0:4", f"other/3:{2**40}"]


def test_an_empty_box_is_no_mistake(post: Post) -> None:
    """Nothing was rejected yet."""
    assert ids(post.box) == []


def test_a_letter_says_when_it_was_kept(post: Post) -> None:
    """To the second: by the clock of whoever wrote it, or of the producer."""
    before = min(datetime.now(UTC), CLOCK.now())
    post.sink.write(SOURCE, LETTERS[:1])
    (found,) = post.box.letters()
    assert before - timedelta(seconds=1) < found.at < max(datetime.now(UTC), CLOCK.now()) + timedelta(seconds=1)


def test_a_letter_that_was_written_twice_is_one(post: Post) -> None:
    """After a crash before the flush."""
    post.sink.write(SOURCE, LETTERS[:2])
    post.sink.write(SOURCE, LETTERS)
    post.sink.write("id-of-other/0", LETTERS[:1])
    assert ids(post.box) == [f"{SOURCE}:3", f"{SOURCE}:4", f"{SOURCE}:{2**40}", "id-of-other/0:3"]


def test_what_was_fed_is_passed_over_and_the_rest_stays(post: Post) -> None:
    """Whichever it was, also for a box that is opened later, and also when the agent writes it a second time."""
    post.sink.write(SOURCE, LETTERS)
    first, second, third = post.box.letters()
    post.box.mark_fed([second])
    assert ids(post.box) == [first.id, third.id]
    post.sink.write(SOURCE, LETTERS)
    post.box.mark_fed([first])
    assert ids(post.box) == [third.id]


def test_marks_may_be_set_while_letters_are_read(post: Post) -> None:
    """That is how they are fed: a chunk is read, fed, marked, and then the next one."""
    post.sink.write(SOURCE, LETTERS)
    seen = []
    for letter in post.box.letters():
        seen.append(letter.id)
        post.box.mark_fed([letter])
    assert len(seen) == len(LETTERS)
    assert ids(post.box) == []


# A file.


def test_both_files_are_read(tmp_path: Path) -> None:
    """The full one first, and what was fed is known across them."""
    path = tmp_path / "dead.jsonl"
    sink, box = FileSink(path, CLOCK, 1), FileBox(path, CLOCK)
    sink.write(SOURCE, LETTERS[:2])
    box.mark_fed(list(box.letters())[:1])
    sink.write(SOURCE, LETTERS[2:])
    assert len(list(tmp_path.iterdir())) == 2
    assert ids(box) == [f"{SOURCE}:4", f"{SOURCE}:{2**40}"]


def test_lines_that_are_no_letters_are_passed_over(tmp_path: Path) -> None:
    """Torn ones, and whatever somebody wrote there; a line of an older agent has no time and no topic of its own."""
    path = tmp_path / "dead.jsonl"
    old = {"source": "file:/log#1", "offset": 7, "reason": "not_json", "detail": "", "value": "ew=="}
    path.write_text(
        "\n".join(['{"source": "a", "off', json.dumps(old), "[]", "", '{"offset": "x"}', json.dumps({**old, "value": "?"})])
    )
    (found,) = FileBox(path, CLOCK).letters()
    assert (found.id, found.value, found.partition, found.name) == ("file:/log#1:7", b"{", None, "file:/log#1:7")
    assert abs(found.at - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_mark_drops_no_letters(tmp_path: Path) -> None:
    """Also in a full file: those in the one before it may not have been fed yet."""
    path = tmp_path / "dead.jsonl"
    for letter in LETTERS:
        FileSink(path, CLOCK, limit=1).write(SOURCE, [letter])
    os.truncate(path, FILE_LIMIT)
    box = FileBox(path, CLOCK)
    second, third = box.letters()
    box.mark_fed([third])
    assert ids(box) == [second.id]


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """With the reason."""
    with pytest.raises(Unreachable, match="cannot be read: Is a directory"):
        list(FileBox(tmp_path, CLOCK).letters())


# A topic.


def test_a_cut_letter_says_so(kafka: Kafka, topic: Callable[..., str]) -> None:
    """Its size is that of the message."""
    with ExitStack() as stack:
        post = in_kafka(stack, kafka, topic())
        post.sink.write(SOURCE, [DeadLetter(message(b"a" * 1_500_000, 7), Reason.NOT_JSON, "")])
        (found,) = post.box.letters()
    assert (found.cut, found.size, len(found.value)) == (True, 1_500_000, VALUE_LIMIT)


def test_a_letter_has_the_key_of_its_message(kafka: Kafka, topic: Callable[..., str]) -> None:
    """None and empty are two things."""
    keys = [None, b"", b"\xffuser"]
    with ExitStack() as stack:
        post = in_kafka(stack, kafka, topic())
        post.sink.write(
            SOURCE, [DeadLetter(RawMessage(PARTITION, n, b"{", key), Reason.NOT_JSON, "") for n, key in enumerate(keys)]
        )
        assert [letter.key for letter in post.box.letters()] == keys


def test_a_missing_topic_is_told_and_not_made(kafka: Kafka) -> None:
    """Looking changes nothing."""
    with ExitStack() as stack:
        post = in_kafka(stack, kafka, "nobody-made-this")
        for _ in range(2):
            with pytest.raises(Unreachable, match="there is no topic nobody-made-this"):
                list(post.box.letters())


def test_what_is_no_letter_is_passed_over(kafka: Kafka, topic: Callable[..., str]) -> None:
    """Anybody may have written into the topic: without a key, without headers, with numbers that are none."""
    name = topic()
    reason, key = ("reason", b"not_json"), b"log/0:1"
    strange: list[tuple[bytes | None, bytes | None, list[tuple[str, bytes]]]] = [
        (None, b"{", [reason]),
        (key, b"{", []),
        (b"log/0", b"{", [reason]),
        (b"log/0:" + b"9" * 5000, b"{", [reason]),
        (b"log/0:\xff", b"{", [reason]),
        (b"log/0:2", b"{", [reason, ("cut_from", b"many"), ("partition", b"-1"), ("topic", b"\xff"), ("detail", b"\x1b[2J")]),
    ]
    with closing(KafkaAdminClient(bootstrap_servers=kafka.bootstrap)) as admin:
        admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, {"message.timestamp.after.max.ms": str(2**63 - 1)})])
    with closing(KafkaProducer(bootstrap_servers=kafka.bootstrap)) as writer:
        for each_key, value, headers in strange:
            writer.send(name, value, each_key, headers, timestamp_ms=2**62).get(10)
    with ExitStack() as stack:
        (found,) = in_kafka(stack, kafka, name).box.letters()
    assert (found.id, found.partition, found.cut, found.at.year) == ("log/0:2", None, False, 9999)


def test_letters_and_marks_may_lie_in_several_partitions(kafka: Kafka, topic: Callable[..., str]) -> None:
    """Also when partitions were added between a letter and its mark."""
    name = topic(partitions=2)
    letters = [DeadLetter(message(b"{", offset), Reason.NOT_JSON, "") for offset in range(20)]
    with ExitStack() as stack:
        post = in_kafka(stack, kafka, name)
        post.sink.write(SOURCE, letters)
        fed = list(post.box.letters())[::2]
        with closing(KafkaAdminClient(bootstrap_servers=kafka.bootstrap)) as admin:
            admin.create_partitions({name: NewPartitions(5)})
    with ExitStack() as stack:
        later = in_kafka(stack, kafka, name)
        later.box.mark_fed(fed)
        left = {letter.id for letter in later.box.letters()}
    assert len(left) == 10
    assert left & {letter.id for letter in fed} == set()
