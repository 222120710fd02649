"""Files as logs: JSON lines, plain or .gz, `-` for standard input; the offset is the line number.

A file that is one record of spans (protobuf, or JSON over several lines) is one message, as if it had one line.
"""

import gzip
import hashlib
import io
import os
import re
import sys
import zlib
from collections.abc import Mapping, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path

from agent.errors import Misconfigured, Mistake, Stop, Unreachable
from agent.records import Partition, RawMessage
from agent.source.base import Polled

STDIN = "-"
FINGERPRINT_BYTES = 4096
GZIP_MAGIC = b"\x1f\x8b"
DAMAGED = (OSError, EOFError, zlib.error)
SKIP = 10_000  # lines at a time
PROTO = re.compile(
    rb"\n[\x80-\xff]{0,4}[\x00-\x7f][\n\x12\x1a]"
)  # the first resource of a record of spans: tag, length, its first tag
PRETTY = re.compile(rb"\s*\{[ \t]*\r?\n\s*\"")  # a brace alone on its line, and a name on the next: JSON that goes on


class FileSource:
    """Reads files one after the other; each file is a partition of its own."""

    def __init__(self, paths: Sequence[str]) -> None:
        """`paths`: files that exist, or `-`; raises Misconfigured for one that cannot be opened."""
        opened = {_partition(path): path for path in paths}  # a file that is named twice is read once
        self._logs = {partition.topic: _Log(path, partition) for partition, path in opened.items()}
        self._fresh = frozenset(log.partition for log in self._logs.values())

    def poll(self, max_records: int, timeout_s: float) -> Polled:  # noqa: ARG002 - a file never makes wait
        """Bring the next lines of the first file that has any."""
        if self._fresh:
            fresh, self._fresh = self._fresh, frozenset()
            return Polled({}, assigned=fresh)
        for log in self._logs.values():
            records = [] if log.paused or log.at_end else log.take(max_records)
            if records:
                return Polled({log.partition: records})
        return Polled({}, exhausted=all(log.at_end for log in self._logs.values()))

    def position(self, partition: Partition) -> int:
        """The line that is read next."""
        return self._logs[partition.topic].position

    def seek(self, partition: Partition, offset: int) -> None:
        """Read from this line on."""
        self._logs[partition.topic].seek(offset)

    def pause(self, partition: Partition) -> None:
        """Bring nothing of this file until it is resumed."""
        self._logs[partition.topic].paused = True

    def resume(self, partition: Partition) -> None:
        """Go on with a paused file."""
        self._logs[partition.topic].paused = False

    def start_position(self, partition: Partition) -> int:  # noqa: ARG002 - every file begins at 0
        """The first line."""
        return 0

    def first_position(self, partition: Partition) -> int:  # noqa: ARG002 - every file begins at 0
        """The first line."""
        return 0

    def end_positions(self) -> Mapping[Partition, int]:
        """The number of lines of each file; what was read so far of standard input."""
        return {log.partition: log.count_lines() for log in self._logs.values()}

    def identity(self, partition: Partition) -> str:
        """The absolute path and a hash of the first line, which holds the first event's id; of one record, of its beginning.

        The hash and not the id itself, because in a log with a mapping nobody knows yet which field that is.
        """
        return f"file:{partition.topic}#{self._logs[partition.topic].fingerprint}"

    def commit(self, positions: Mapping[Partition, int]) -> None:
        """Files have no lag tools."""

    def close(self) -> None:
        """Close what is open."""
        for log in self._logs.values():
            log.close()

    def progress(self) -> tuple[int, int]:
        """Bytes read and bytes in all, as they lie on the disk; standard input counts as nothing."""
        return sum(log.bytes_read() for log in self._logs.values()), sum(log.size for log in self._logs.values())


class _Log:
    """One file: an open stream and the number of the next line."""

    def __init__(self, path: str, partition: Partition) -> None:
        self.partition = partition
        self.paused = True
        self.at_end = False
        self.position = 0
        self._path = path
        self._damage = ""
        self._open()
        self.size = 0 if path == STDIN else os.fstat(self._raw.fileno()).st_size
        head = self._head()
        self._whole = is_one_record(head)
        self.fingerprint = hashlib.sha256(head if self._whole else head.split(b"\n", 1)[0]).hexdigest()[:16]

    def _open(self) -> None:
        try:
            self._raw = io.BufferedReader(io.FileIO(0 if self._path == STDIN else self._path, closefd=self._path != STDIN))
            zipped = self._path != STDIN and self._raw.peek(2)[:2] == GZIP_MAGIC
            self._stream = io.BufferedReader(gzip.GzipFile(fileobj=self._raw)) if zipped else self._raw
        except OSError as error:
            raise Misconfigured([Mistake(self._path, "", f"cannot be read: {error.strerror or error}")]) from error

    def _head(self) -> bytes:
        try:
            return self._stream.peek(FINGERPRINT_BYTES)
        except DAMAGED as error:
            self.close()
            self._damage = str(error)
            raise self._broken() from error

    def _broken(self) -> Unreachable:
        return Unreachable(f"{self._path} cannot be read at line {self.position + 1}: {self._damage}")

    def take(self, most: int) -> list[RawMessage]:
        """The next lines, up to what is damaged; blank ones are passed over but keep their number."""
        first, lines = self.position, self._read(most)
        if self._damage and not lines:
            raise self._broken()
        ends = b"" if self._whole else b"\r\n"
        return [RawMessage(self.partition, n, line.rstrip(ends)) for n, line in enumerate(lines, first) if not line.isspace()]

    def _read(self, most: int) -> list[bytes]:
        """The next lines; none after damage, behind which gzip would find the end of the file and no error."""
        lines: list[bytes] = []
        try:
            if not self._damage:
                lines.extend(self._all() if self._whole else islice(self._stream, most))
                self.at_end = self._whole or len(lines) < most
        except DAMAGED as error:
            self._damage = str(error)
        self.position += len(lines)
        return lines

    def _all(self) -> list[bytes]:
        whole = self._stream.read()
        return [whole] if whole else []

    def seek(self, offset: int) -> None:
        """Go to a line, from the beginning when it lies behind."""
        if offset < self.position:
            if self._path == STDIN:
                raise Stop("standard input cannot be read a second time: replay it again from the beginning")
            self.close()
            self._open()
            self.position, self._damage = 0, ""
        self.skip_to(offset)
        self.at_end = False

    def skip_to(self, offset: int) -> None:
        """Pass over lines up to this one, or the end."""
        while self.position < offset and self._read(min(SKIP, offset - self.position)):
            pass
        if self._damage and self.position < offset:
            raise self._broken()

    def count_lines(self) -> int:
        """All lines of the file; of standard input those that were read."""
        if self._path == STDIN:
            return self.position
        with closing(_Log(self._path, self.partition)) as whole:
            whole.skip_to(sys.maxsize)
            return whole.position

    def bytes_read(self) -> int:
        """How far the file on the disk was read."""
        return self._raw.tell() if self.size else 0

    def close(self) -> None:
        if self._path != STDIN:
            self._raw.close()


def is_one_record(head: bytes) -> bool:
    """Whether a file that begins so is one record of spans, and no lines."""
    return PRETTY.match(head) is not None or (PROTO.match(head) is not None and head.lstrip()[:1] != b"{")


def _partition(path: str) -> Partition:
    return Partition("stdin" if path == STDIN else str(Path(path).resolve()), 0)
