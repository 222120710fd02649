"""Files of their own: compressed or damaged, from standard input, with blank lines, growing."""

import gzip
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from itertools import chain
from pathlib import Path

import pytest

from agent.errors import Misconfigured, Unreachable
from agent.records import Partition, RawMessage
from agent.source.file import FileSource
from tests.source.builders import assigned, begin, lines, numbered, read

ROOT = Path(__file__).parents[2]
EVENTS = [b'{"event_id":"%d"}' % n for n in range(20_000)]
HEADER = gzip.compress(b"")[:10]
# Reads standard input as the agent does, in polls of two lines, and tells offsets, values, ends and identity.
READER = """\
from agent.source.file import FileSource
source = FileSource(["-"])
(stdin,) = source.poll(2, 0).assigned
source.seek(stdin, {start})
source.resume(stdin)
polled = source.poll(2, 0)
while not polled.exhausted:
    for message in polled.records.get(stdin, []):
        print(message.offset, message.value.decode())
    polled = source.poll(2, 0)
print(stdin.topic, source.position(stdin), source.end_positions()[stdin], source.progress(), source.identity(stdin).split("#")[0])
{after}
"""


@pytest.fixture
def opened() -> Iterator[Callable[..., FileSource]]:
    """Opens files, and closes them after the test."""
    with ExitStack() as stack:
        yield lambda *paths: stack.enter_context(closing(FileSource([str(path) for path in paths])))


@pytest.fixture
def begun(opened: Callable[..., FileSource]) -> Callable[..., FileSource]:
    """Opens files and reads them from the beginning."""

    def make(*paths: Path | str) -> FileSource:
        source = opened(*paths)
        begin(source, *assigned(source, len(set(paths))))
        return source

    return make


PROTO = b"\n\x04\n\x02\x08\x01\r\n"
PRETTY = b'{\n  "resourceSpans": []\n}\n'


@pytest.mark.parametrize("value", [PROTO, PRETTY, b" \n" + PRETTY], ids=["protobuf", "JSON", "JSON after a blank line"])
def test_a_record_of_spans_is_one_message(begun: Callable[..., FileSource], tmp_path: Path, value: bytes) -> None:
    """Whole, with the ends of lines that are in it; read again it is the same, and another record at its place another source."""
    path = tmp_path / "record"
    path.write_bytes(value)
    source = begun(path)
    assert read(source, 1) == {partition(path): [(0, value)]}
    assert (source.position(partition(path)), source.end_positions()) == (1, {partition(path): 1})
    source.seek(partition(path), 0)
    assert read(source, 1) == {partition(path): [(0, value)]}
    path.write_bytes(value + b"\n")
    assert begun(path).identity(partition(path)) != source.identity(partition(path))


@pytest.mark.parametrize("value", [b"\n{}\n{}\n", b"\nGET /\n", b"{}\n{\n", b'{"a": 1}\n', b'{\n{"a": 1}\n', b"{\n{\n"])
def test_other_files_are_lines(begun: Callable[..., FileSource], tmp_path: Path, value: bytes) -> None:
    """Also where they begin with a blank one."""
    path = tmp_path / "lines"
    path.write_bytes(value)
    expected = [(number, line) for number, line in enumerate(value.splitlines()) if line]
    assert read(begun(path), len(expected)) == {partition(path): expected}


def partition(path: Path) -> Partition:
    """A file's."""
    return Partition(str(path.resolve()), 0)


def piped(content: bytes, start: int = 0, after: str = "") -> subprocess.CompletedProcess[bytes]:
    """What a reader of standard input prints."""
    script = READER.format(start=start, after=after)
    return subprocess.run([sys.executable, "-c", script], cwd=ROOT, input=content, capture_output=True, check=False)


def test_blank_lines_keep_their_number(tmp_path: Path, begun: Callable[..., FileSource]) -> None:
    """They bring nothing but count, so that an offset is a line of the file; ends of lines are not part of it."""
    path = tmp_path / "log"
    path.write_bytes(b"\n{1}\r\n  \t\n\n{ 2 }\n{3}")
    source = begun(path)
    assert read(source, 3) == {partition(path): [(1, b"{1}"), (4, b"{ 2 }"), (5, b"{3}")]}
    assert source.position(partition(path)) == source.end_positions()[partition(path)] == 6


def test_files_come_one_after_the_other_until_all_are_read(tmp_path: Path, begun: Callable[..., FileSource]) -> None:
    """A poll brings lines of one file, and says when no file has more."""
    one, two = lines(tmp_path / "one", b"a", b"b", b"c"), lines(tmp_path / "two", b"d")
    source = begun(one, two)
    polls = [source.poll(2, 0) for _ in range(4)]
    assert [[message.value for found in polled.records.values() for message in found] for polled in polls] == [
        [b"a", b"b"],
        [b"c"],
        [b"d"],
        [],
    ]
    assert [polled.exhausted for polled in polls] == [False, False, False, True]


def test_a_file_that_waits_is_not_exhausted(tmp_path: Path, opened: Callable[..., FileSource]) -> None:
    """Paused at its beginning or in its middle it may still bring something; sought again after its end, too."""
    path = tmp_path / "log"
    source = opened(lines(path, b"a", b"b"))
    (log,) = assigned(source)
    assert not source.poll(10, 0).exhausted
    begin(source, log)
    read(source, 2)
    assert source.poll(10, 0).exhausted
    source.seek(log, 1)
    source.pause(log)
    assert not source.poll(10, 0).exhausted


def test_a_file_that_is_named_twice_is_read_once(tmp_path: Path, begun: Callable[..., FileSource]) -> None:
    """Two spellings of one path are one log."""
    path = tmp_path / "log"
    lines(path, b"a")
    source = begun(path, path)
    assert read(source, 1) == {partition(path): [(0, b"a")]}
    assert set(begun(path).end_positions()) == {partition(path)}


@pytest.mark.parametrize("name", ["missing", "."], ids=["missing", "folder"])
def test_what_cannot_be_opened_is_told_with_its_name(tmp_path: Path, name: str) -> None:
    """A wrong name is a mistake of whoever typed it."""
    with pytest.raises(Misconfigured, match=r"cannot be read: (No such file|Is a directory)") as told:
        FileSource([str(tmp_path / name)])
    assert str(tmp_path) in str(told.value)


def test_only_the_content_says_what_is_compressed(tmp_path: Path, begun: Callable[..., FileSource]) -> None:
    """Text that is named .gz is read as text, and a compressed file under any name is unpacked."""
    plain, zipped = tmp_path / "plain.gz", tmp_path / "zipped.jsonl"
    lines(plain, b"a")
    zipped.write_bytes(gzip.compress(b"b\n") + gzip.compress(b"c\n"))
    assert read(begun(plain, zipped), 3) == {partition(plain): [(0, b"a")], partition(zipped): [(0, b"b"), (1, b"c")]}


def until_damage(source: FileSource) -> tuple[list[RawMessage], str]:
    """What can be read, and what is told then."""
    found: list[RawMessage] = []
    try:
        while not (polled := source.poll(3000, 0)).exhausted:
            found += chain.from_iterable(polled.records.values())
    except Unreachable as error:
        return found, str(error)
    return found, "no damage"


@pytest.mark.parametrize(
    "tail", [b"", HEADER + b"\xff" * 100, HEADER[:5], b"no gzip"], ids=["cut", "bad block", "cut header", "noise"]
)
def test_a_damaged_file_is_read_up_to_the_damage(tmp_path: Path, begun: Callable[..., FileSource], tail: bytes) -> None:
    """Whole lines before it come, then the file and the line are told, whatever the file is asked for."""
    path = tmp_path / "log.gz"
    zipped = gzip.compress(b"\n".join(EVENTS))
    path.write_bytes(zipped + tail if tail else zipped[: len(zipped) // 2])
    source = begun(path)
    found, told = until_damage(source)
    assert [(message.offset, message.value) for message in found[:6000]] == numbered(EVENTS)[:6000]
    assert len(EVENTS) >= len(found) == source.position(partition(path))
    assert f"{path} cannot be read at line {len(found) + 1}: " in told
    assert until_damage(source) == ([], told)
    source.seek(partition(path), 6000)
    assert source.position(partition(path)) == 6000
    for asked in (source.end_positions, lambda: source.seek(partition(path), len(EVENTS))):
        with pytest.raises(Unreachable, match="cannot be read"):
            asked()


@pytest.mark.parametrize("tail", [b"no gzip at all", HEADER[2:] + b"\xff" * 100, b""], ids=["noise", "bad block", "nothing"])
def test_a_file_that_only_begins_like_gzip_cannot_be_read(tmp_path: Path, tail: bytes) -> None:
    """The first two bytes of gzip and then something else: told with its name before anything is read."""
    path = tmp_path / "log.gz"
    path.write_bytes(HEADER[:2] + tail)
    with pytest.raises(Unreachable, match=r"log\.gz cannot be read at line 1"):
        FileSource([str(path)])


@pytest.mark.parametrize("zipped", [False, True], ids=["plain", "gzip"])
def test_progress_goes_from_nothing_to_the_size_on_the_disk(tmp_path: Path, begun: Callable[..., FileSource], zipped: bool) -> None:  # noqa: FBT001 - a parameter
    """It counts the bytes that lie there, never falls, and is complete at the end."""
    path = tmp_path / "log"
    noise = random.Random(1)
    content = b"\n".join(noise.randbytes(100).hex().encode() for _ in range(20_000))  # far larger than any buffer, zipped too
    path.write_bytes(gzip.compress(content) if zipped else content)
    source = begun(path)
    size = path.stat().st_size
    seen = [source.progress()]
    while not source.poll(1000, 0).exhausted:
        seen.append(source.progress())
    assert {total for _, total in seen} == {size}
    assert sorted(seen) == seen
    assert seen[0][0] < size / 2 < size == seen[-1][0]
    assert len(set(seen)) > 5


def test_a_file_that_has_grown_is_the_same_log(tmp_path: Path, opened: Callable[..., FileSource]) -> None:
    """Opened again it has its identity and a later end, and from where one stopped only the new lines come."""
    path = tmp_path / "log"
    before = opened(lines(path, b"a", b"b"))
    after = opened(lines(path, b"a", b"b", b"c"))
    log = partition(path)
    assert after.identity(log) == before.identity(log)
    assigned(after)
    begin(after, log, at=2)
    assert read(after, 1) == {log: [(2, b"c")]}
    assert after.end_positions() == {log: 3}


def test_a_file_with_another_beginning_is_another_log(tmp_path: Path, opened: Callable[..., FileSource]) -> None:
    """The same path with another first event, a rotated log, is counted from its start; packing the file changes nothing."""
    path = tmp_path / "log"
    identities = []
    for content in (b"a\nb\n", gzip.compress(b"a\nc\n"), b"x\nb\n"):
        path.write_bytes(content)
        identities.append(opened(path).identity(partition(path)))
    assert identities[0] == identities[1] != identities[2]
    assert all(identity.startswith(f"file:{path.resolve()}#") for identity in identities)


def test_standard_input_is_read_to_its_end() -> None:
    """Lines come under their number; its length is what was read, and nobody knows its size."""
    done = piped(b"a\n\nb\nc\nd")
    assert done.stdout.decode().splitlines() == ["0 a", "2 b", "3 c", "4 d", "stdin 5 5 (0, 0) file:stdin"], done.stderr


def test_standard_input_can_be_begun_in_the_middle() -> None:
    """What a store has already counted is passed over."""
    assert piped(b"a\nb\nc\n", start=2).stdout.decode().splitlines()[0] == "2 c"


def test_standard_input_is_not_read_twice() -> None:
    """What was read is gone: going back stops with a sentence, and does not count other lines under those numbers."""
    done = piped(b"a\nb\nc\n", after="source.seek(stdin, 1)")
    assert b"agent.errors.Stop: standard input cannot be read a second time" in done.stderr
