"""Minutes from a CSV file, plain or .gz: read strictly and as columns, since there are millions of lines.

A bad line is a mistake with its file, its line and what was expected. Lines may stand in any order.
"""

import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import repeat
from pathlib import Path
from typing import Final

import numpy as np

from agent.backtest.cells import NAMES, REQUIRED, SUMS, TEXTS, Keys, Stamps, WrongCellError, numbers
from agent.backtest.table import Columns, TableMinutes
from agent.errors import Misconfigured, Mistake

GZIP_MAGIC: Final = b"\x1f\x8b"
DAMAGED: Final = (OSError, EOFError, zlib.error, UnicodeDecodeError)
BLOCK: Final = 1 << 18  # characters at a time
MOST_MISTAKES: Final = 20
MEASURES: Final = ("hits", "proxy_hits", "similarity_sum")
LONGEST: Final = 1 << 16  # a header, or what stands where one should be


def read(path: Path) -> TableMinutes:
    """The table in a file; raises Misconfigured with its mistakes, the first twenty of many."""
    try:
        with path.open("rb") as raw, _text(raw) as stream:
            reader = _Reader(str(path), _row(stream.readline(LONGEST)))
            columns = reader.columns(stream)
    except DAMAGED as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise Misconfigured([Mistake(str(path), "", f"cannot be read: {reason}")]) from error
    table = TableMinutes(columns, reader.keys.windows())
    if halves := table.half_proxied():
        expected = f"expected in each line of a language or in none, found both for {', '.join(halves)}"
        raise Misconfigured([Mistake(str(path), "proxy_hits", expected)])
    return table


def _text(raw: io.BufferedReader) -> io.TextIOWrapper:
    zipped = raw.peek(2)[:2] == GZIP_MAGIC
    return io.TextIOWrapper(gzip.GzipFile(fileobj=raw) if zipped else raw, encoding="utf-8-sig")


class _Reader:
    """One pass over the lines of a file, with the mistakes found so far."""

    def __init__(self, file: str, header: Sequence[str]) -> None:
        self.keys = Keys()
        self._file, self._header, self._stamps = file, header, Stamps()
        self._mistakes = [Mistake(f"{file}:1", "", expected) for expected in _wrong_header(header)]
        self._settle()

    def columns(self, stream: io.TextIOWrapper) -> Columns:
        """All lines after the header; raises Misconfigured."""
        parts: list[Columns] = []
        line = 2
        for block in _blocks(stream):
            parts += self._part(block, line)
            line += block.count("\n")
            if len(self._mistakes) >= MOST_MISTAKES:
                break
        self._settle()
        if not parts:
            raise Misconfigured([Mistake(self._file, "", "expected a line for each minute and language, found none")])
        return Columns.joined(parts)

    def _settle(self) -> None:
        if self._mistakes:
            raise Misconfigured(self._mistakes[:MOST_MISTAKES])

    def _part(self, block: str, line: int) -> Iterator[Columns]:
        """A block at once, or, where a line of it is wrong, line by line to find which."""
        filled = block if "\n\n" not in f"\n{block}" else "".join(f"{text}\n" for text in block.splitlines() if text)
        try:
            if filled:
                yield self._read(filled)
        except ValueError:
            self._mistakes += [
                mistake for at, text in enumerate(block.splitlines(), line) if text for mistake in self._judge(at, text)
            ]

    def _judge(self, line: int, text: str) -> Iterator[Mistake]:
        place, count = f"{self._file}:{line}", len(_row(text))
        if count != len(self._header):
            yield Mistake(place, "", f"expected {len(self._header)} cells, found {count}")
            return
        try:
            self._read(f"{text}\n")
        except WrongCellError as wrong:
            yield Mistake(place, wrong.column, str(wrong))

    def _read(self, block: str) -> Columns:
        cells: Mapping[str, Sequence[str]] = dict(zip(self._header, _split(block, len(self._header)), strict=True))
        count = len(cells["timestamp"])
        texts = zip(*(cells.get(name, repeat("", count)) for name in TEXTS), strict=True)
        return Columns(
            np.fromiter(map(self._stamps.__getitem__, cells["timestamp"]), np.int64, count),
            np.fromiter(map(self.keys.__getitem__, texts), np.int32, count),
            numbers(cells),
        )


def _wrong_header(header: Sequence[str]) -> Iterator[str]:
    yield from (f"expected a column {name}" for name in REQUIRED if name not in header)
    yield from (f"expected one of {', '.join(NAMES)}, found {name[:40]!r}" for name in header if name not in NAMES)
    yield from (f"expected each column once, found {name[:40]!r} again" for name in sorted({*header}) if header.count(name) > 1)
    if (SUMS[0] in header) != (SUMS[1] in header):
        yield f"expected {SUMS[0]} and {SUMS[1]}, or none of them"
    if not set(header) & set(MEASURES):
        yield f"expected one of the columns {', '.join(MEASURES)}"


def _blocks(stream: io.TextIOWrapper) -> Iterator[str]:
    """Some thousand whole lines at a time, each with its end."""
    rest = ""
    while text := stream.read(BLOCK):
        whole, end, rest = (rest + text).rpartition("\n")
        if end:
            yield whole + end
    if rest:
        yield f"{rest}\n"


def _split(block: str, width: int) -> Sequence[Sequence[str]]:
    """The columns of a block of lines; raises ValueError where a line is longer or shorter than `width`.

    All cells come from one split, with the line ends as cells of their own: a third of the time that rows would take.
    """
    if '"' in block:
        return list(zip(*map(_row, block.splitlines()), strict=True))
    flat = block.replace("\n", ",\n,").split(",")
    ends, lines = flat[width :: width + 1], block.count("\n")
    if not len(ends) == ends.count("\n") == lines or len(flat) != lines * (width + 1) + 1:
        raise ValueError("a line is longer or shorter than the header")
    return [flat[at : -1 : width + 1] for at in range(width)]


def _row(line: str) -> list[str]:
    return next(csv.reader([line.removesuffix("\n")]), [])
