"""Progress bars for work longer than a second: on standard error, and only where a person watches."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import rich.progress
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from agent.errors import Misconfigured, Mistake


@contextmanager
def reading_files(measure: Callable[[], tuple[int, int]]) -> Iterator[Callable[[], None]]:
    """Show how far files are read; `measure` gives bytes read and bytes in all. Yields what is called after each step."""
    console = Console(stderr=True)
    columns = (TextColumn("reading"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("reading", total=measure()[1] or None)
        yield lambda: progress.update(task, completed=measure()[0])


@contextmanager
def lines_of(file: Path | None) -> Iterator[Iterator[str]]:
    """The lines of a text file, or of standard input, without their ends; what is not UTF-8 is replaced.

    Raises Misconfigured for a file that cannot be opened.
    """
    if file is None:
        yield map(_text, sys.stdin.buffer)
        return
    console = Console(stderr=True)
    try:
        stream = rich.progress.open(file, "rb", description="tagging", console=console, transient=True, disable=not console.is_terminal)
    except OSError as error:
        raise Misconfigured([Mistake(str(file), "", f"cannot be read: {error.strerror}")]) from error
    with stream as lines:
        yield map(_text, lines)


def _text(line: bytes) -> str:
    return line.rstrip(b"\r\n").decode("utf-8", "replace")
