"""What a run has been answered so far, so that one that was cut off goes on: an append-only file without any query's text."""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from io import BufferedRandom, BufferedReader
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from msgspec import Struct

from agent.errors import Locked, Misconfigured, Mistake
from agent.probing.base import Hit

Documents = tuple[str, ...]
SUFFIX: Final = ".part.jsonl"
GOES_ON: Final = timedelta(days=1)  # older answers are those of yesterday's index


class Head(Struct, frozen=True):
    """What the answers are to: `asked` says which queries of which search, `at` since when."""

    asked: str
    at: datetime


class Line(Struct, frozen=True, array_like=True):
    """One answer; the scores are for whoever looks into the file."""

    query: str
    documents: Documents
    scores: tuple[float | None, ...]


class Left(NamedTuple):
    """A run that has not ended, by the name of its file: how many queries are answered, and since when."""

    name: str
    at: datetime
    answered: int


class Partial:
    """The documents of each query that was answered, ranked; open, and nobody else's."""

    def __init__(self, stream: BufferedRandom, path: Path, answers: dict[str, Documents]) -> None:
        self.answers = answers
        self._stream = stream
        self._path = path

    def add(self, query: str, hits: Sequence[Hit]) -> None:
        """Keep an answer; it is there after a crash of this process."""
        self.answers[query] = tuple(hit.doc_id for hit in hits)
        _write(self._stream, Line(query, self.answers[query], tuple(hit.score for hit in hits)))

    def remove(self) -> None:
        """The run is kept elsewhere."""
        self._path.unlink(missing_ok=True)


@contextmanager
def opened(path: Path, asked: str, now: datetime, *, anew: bool = False) -> Iterator[Partial]:
    """The answers that there are to this, of the last day, or none; answers to anything else are thrown away.

    Raises Locked where another process is at it, Misconfigured where the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        stream = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b")
    except OSError as error:
        raise Misconfigured([Mistake(str(path), "", f"cannot be written: {error.strerror}")]) from error
    with stream:
        _lock(stream, path)
        head, answers, end = _read(stream)
        if anew or head is None or head.asked != asked or not _goes_on(head, now):
            head, answers, end = Head(asked, now), {}, 0
        stream.truncate(end)
        stream.seek(end)
        if not end:
            _write(stream, head)
        yield Partial(stream, path, answers)


def left(folder: Path, now: datetime) -> list[Left]:
    """The runs in this folder that still run, or were cut off and can go on. What cannot be read is left out."""
    found: list[Left] = []
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        with suppress(OSError), path.open("rb") as stream:
            head, answers, _ = _read(stream)
            if head and answers and _goes_on(head, now):
                found.append(Left(path.name.removesuffix(SUFFIX), head.at, len(answers)))
    return found


def _goes_on(head: Head, now: datetime) -> bool:
    return now - GOES_ON <= head.at <= now


def _lock(stream: BufferedRandom, path: Path) -> None:
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise Locked(f"a run of this name is under way: another process holds {path}") from error


def _read(stream: BufferedRandom | BufferedReader) -> tuple[Head | None, dict[str, Documents], int]:
    """Head, answers, and where the whole lines end: what was cut off within a line is no answer."""
    head: Head | None = None
    answers: dict[str, Documents] = {}
    end = 0
    try:
        for line in stream:
            if not line.endswith(b"\n"):
                break
            if head is None:
                head = msgspec.json.decode(line, type=Head)
            else:
                said = msgspec.json.decode(line, type=Line)
                answers[said.query] = said.documents
            end += len(line)
    except (msgspec.DecodeError, ValueError):
        return head, answers, end
    return head, answers, end


def _write(stream: BufferedRandom, line: Head | Line) -> None:
    stream.write(msgspec.json.encode(line) + b"\n")
    stream.flush()
