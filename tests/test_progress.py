"""Progress bars: on standard error, where a person watches, and never in the way of the answers."""

import os
import pty
import subprocess
from pathlib import Path

import pytest

from tests.acceptance.command import BABELWATCH

TEXTS = "wo ist der bahnhof\n404\n" * 3


@pytest.mark.parametrize("arguments", [[], ["texts.txt"]], ids=["from a pipe", "from a file"])
def test_answers_go_to_standard_output_while_a_bar_is_drawn(tmp_path: Path, arguments: list[str]) -> None:
    """Standard error is a terminal, standard output is not: the bar is on one, six answers in order are on the other."""
    texts = tmp_path / "texts.txt"
    texts.write_text(TEXTS, encoding="utf-8")
    reader, terminal = pty.openpty()
    command = [str(BABELWATCH), "tag", *arguments]
    with texts.open() as stream:
        done = subprocess.run(
            command,
            stdin=stream,
            stdout=subprocess.PIPE,
            stderr=terminal,
            text=True,
            check=True,
            timeout=60,
            env={**os.environ, "TERM": "xterm"},
            cwd=tmp_path,
        )
    os.close(terminal)
    assert [line.partition("\t")[0] for line in done.stdout.splitlines()] == ["de", "und"] * 3
    assert "tagging" in os.read(reader, 65_536).decode()
