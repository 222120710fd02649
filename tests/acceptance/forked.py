"""A command in a process of its own that does not import everything again: forked from one that has, as its user would start it.

What is imported takes two seconds a process, and the tests start some hundred. `tests/test_cli.py` starts the installed command
itself, too.
"""

import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, NamedTuple

from tests.support.forks import FORKS


class Ended(NamedTuple):
    """Exit status, standard output and standard error; a status of None: it was killed, since it took too long."""

    status: int | None
    out: bytes
    err: bytes


def run(arguments: Sequence[str], cwd: Path, env: Mapping[str, str], stdin: bytes, patience: float) -> Ended:
    """Run `babelwatch` with these arguments to its end; `patience` in seconds."""
    with ExitStack() as stack:
        files = [stack.enter_context(tempfile.NamedTemporaryFile()) for _ in range(3)]
        files[0].write(stdin)
        files[0].flush()
        process = FORKS.Process(target=_main, args=(arguments, str(cwd), dict(env), [file.name for file in files]))
        process.start()
        process.join(patience)
        ended = process.exitcode
        if ended is None:
            process.kill()
            process.join()
        return Ended(ended, *map(_whole, files[1:]))


def _whole(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


def _main(arguments: Sequence[str], cwd: str, env: Mapping[str, str], files: Sequence[str]) -> None:
    """In the fork: what a shell sets up, then the command."""
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    for number, (name, flags) in enumerate(zip(files, (os.O_RDONLY, os.O_WRONLY, os.O_WRONLY), strict=True)):
        os.dup2(os.open(name, flags), number)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - the fork's own was closed
    sys.argv = ["babelwatch", *arguments]
    from agent.cli import main  # noqa: PLC0415 - imported already where it is forked from, and not where tests are collected

    main()
