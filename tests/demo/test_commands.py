"""What the demo offers for a second shell."""

import shlex
import sys
from pathlib import Path

import pytest

from agent.demo import play


def test_commands_can_be_pasted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the command and the store lie."""
    monkeypatch.setattr(sys, "argv", ["/opt/our tools/babelwatch", "demo"])  # as in a .venv that is not on PATH
    first, *_, last = play._commands(Path("/tmp/two words"), 8081)
    assert shlex.split(first) == ["/opt/our tools/babelwatch", "languages", "--by", "version", "--store", "/tmp/two words"]
    assert last == "curl http://127.0.0.1:8081/readyz"


def test_commands_begin_as_a_second_shell_finds_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its name where the PATH has this very program for any shell, else by its path; as a module where it runs as one."""
    ours, other = tmp_path / "ours" / "babelwatch", tmp_path / "other" / "babelwatch"
    for program in (ours, other):
        program.parent.mkdir()
        program.touch(0o755)
    monkeypatch.setattr(sys, "argv", [str(ours), "demo"])
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    monkeypatch.setenv("PATH", str(ours.parent))
    assert play._babelwatch() == "babelwatch"
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path))
    assert play._babelwatch() == str(ours)
    monkeypatch.delenv("VIRTUAL_ENV")
    monkeypatch.setenv("PATH", str(other.parent))
    assert play._babelwatch() == str(ours)
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "agent" / "__main__.py"), "demo"])
    assert play._babelwatch() == shlex.join([sys.executable, "-m", "agent"])
