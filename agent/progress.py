"""Progress bars for work longer than a second: on standard error, and only where a person watches."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import cast

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from agent.errors import Misconfigured, Mistake

BLOCK = 1 << 18  # bytes: some thousand queries, which are tagged faster at once than one by one


def unseen(done: int, total: int) -> None:
    """What is shown of a walk where nobody watches."""


class Bars:
    """Two bars: how far the files are read, and how far the minutes are evaluated."""

    def __init__(self, progress: Progress, bytes_read: Callable[[], tuple[int, int]]) -> None:
        self._progress = progress
        self._bytes_read = bytes_read
        self._reading = progress.add_task("reading", total=bytes_read()[1] or None)
        self._evaluating = progress.add_task("evaluating", total=None, visible=False)

    def read(self) -> None:
        """More of the files was read."""
        self._progress.update(self._reading, completed=self._bytes_read()[0])

    def evaluated(self, done: int, total: int) -> None:
        """So many of the minutes are evaluated."""
        self._progress.update(self._evaluating, completed=done, total=total, visible=True)


@contextmanager
def replaying(bytes_read: Callable[[], tuple[int, int]]) -> Iterator[Bars]:
    """Show how far a replay is; `bytes_read` gives bytes read and bytes in all."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description:>10}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        yield Bars(progress, bytes_read)


@contextmanager
def counting(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show how much of some work is done; the function is told how much of how much."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


@contextmanager
def lines_of(file: Path | None) -> Iterator[Iterator[list[str]]]:
    """The lines of a text file, or of standard input, without their ends: as many at once as have come.

    What is not UTF-8 is replaced. Raises Misconfigured for a file that cannot be opened.
    """
    with _tagging(*([] if file else [TextColumn("{task.completed:,.0f} lines")])) as progress:
        if file is None:
            task = progress.add_task("tagging", total=None)
            yield _lines(cast("BufferedReader", sys.stdin.buffer).read1, lambda lines: progress.advance(task, len(lines)))
            return
        try:
            stream = progress.open(file, "rb", description="tagging")
        except OSError as error:
            raise Misconfigured([Mistake(str(file), "", f"cannot be read: {error.strerror}")]) from error
        with stream:
            yield _lines(stream.read)


def _lines(read: Callable[[int], bytes], done: Callable[[list[str]], object] = len) -> Iterator[list[str]]:
    rest = b""
    while block := read(BLOCK):
        *ended, rest = (rest + block).split(b"\n")
        lines = [_text(line) for line in ended]
        yield lines
        done(lines)
    if rest:
        yield [_text(rest)]


def _tagging(*columns: ProgressColumn) -> Progress:
    """Hidden where the answers themselves scroll by; they go to standard output whatever the bar does."""
    console = Console(stderr=True)
    hidden = not console.is_terminal or sys.stdout.isatty()
    shown = (TextColumn("{task.description}"), *columns, BarColumn(), TimeElapsedColumn())
    return Progress(*shown, console=console, transient=True, disable=hidden, redirect_stdout=False, redirect_stderr=False)


def _text(line: bytes) -> str:
    return line.removesuffix(b"\r").decode("utf-8", "replace")
