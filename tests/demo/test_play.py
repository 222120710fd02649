"""The demo as a newcomer starts it, with a second shell beside it."""

import re
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from agent.demo import play
from agent.web.server import listen
from tests.acceptance.command import BABELWATCH, PATIENCE_S, Answer, environment
from tests.report.test_explain import Calculator
from tests.support.broker import free_port

FIGURES = re.compile(
    r"Spanish recall@10 fell (?P<drop>[0-9.]+) points \(95 % CI (?P<low>[0-9.]+) to (?P<high>[0-9.]+); first estimate, tends high\):"
    r" [0-9.]+ % since index version 2026-11-b \([0-9,]+ labelled queries, [0-9]+ min\) against [0-9.]+ %"
)


class Demo:
    """A demo that is not on a terminal, its temporary folder below one of ours."""

    def __init__(self, folder: Path, errors: Path, port: int, *words: str) -> None:
        self.port = port
        self.printed = ""
        self._errors = errors
        with errors.open("wb") as stream:
            self.process = subprocess.Popen(
                [BABELWATCH, "demo", "--port", str(port), *words],
                env={**environment(), "TMPDIR": str(folder)},
                stdout=subprocess.PIPE,
                stderr=stream,
            )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.printed += line.decode()
        self.process.stdout.close()

    def until(self, *words: str) -> None:
        """Wait until it has printed all of these."""
        deadline = time.monotonic() + PATIENCE_S
        while not all(word in self.printed for word in words):
            assert self.process.poll() is None, self.errors()
            assert time.monotonic() < deadline, self.printed
            time.sleep(0.1)

    def ended(self) -> int:
        """Its exit status."""
        status = self.process.wait(PATIENCE_S)
        self._reader.join()
        return status

    def errors(self) -> str:
        """What stands on standard error."""
        return self._errors.read_text()

    def commands(self) -> list[list[str]]:
        """What the newest screen offers for a second shell, as a shell reads it."""
        screen = self.printed.rpartition("In a second shell:\n")[2].replace("\\\n", "")
        return [shlex.split(line) for line in screen.splitlines() if line.startswith(("  /", "  babelwatch ", "  curl "))]


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where temporary folders are made: near the root, so that a path fits on one line of the screen."""
    with tempfile.TemporaryDirectory(prefix="test-") as near:
        yield Path(near)


@pytest.fixture
def demo(folder: Path, tmp_path: Path) -> Iterator[Demo]:
    """Until Ctrl-C."""
    running = Demo(folder, tmp_path / "errors", free_port())
    yield running
    running.process.kill()
    running.ended()


def second_shell(words: list[str]) -> Answer:
    """A command as it was printed."""
    done = subprocess.run(words, env=environment(), capture_output=True, timeout=PATIENCE_S, check=False)
    return Answer(done.returncode, done.stdout.decode(), done.stderr.decode())


def test_the_demo_shows_spanish_fall_while_the_mean_rises(demo: Demo, folder: Path) -> None:
    """The table, the alert with its figures, commands that answer beside it; a golden run that weighs a score signal; no trace at the end."""
    demo.until("│ Spanish recall@10 fell", "/readyz")
    _check_alert(demo.printed)
    _check_screen(demo.printed[: demo.printed.rindex("the alert")])
    _check_second_shell(demo.commands(), demo.port)
    demo.until("Not confirmed: ", "this is no reason to roll back")
    assert re.search(r"Not confirmed: recall@10 .* golden set articles, 216 queries\.", demo.printed)
    assert list(folder.glob("babelwatch-demo-*/engine"))
    demo.process.send_signal(signal.SIGINT)
    assert demo.ended() == 0
    assert list(folder.iterdir()) == []
    assert "Traceback" not in demo.errors()


def _check_alert(printed: str) -> None:
    """It was told once, as a critical one, with interval, version and what to do."""
    assert len(re.findall(r"Critical: −[0-9.]+ points of recall in Spanish \(es\)", printed)) == 1
    assert len(re.findall(r"points of recall in|got worse", printed)) == 1
    told = FIGURES.search(printed)
    assert told, printed
    assert 0 < float(told["low"]) < float(told["drop"]) < float(told["high"]) < 100
    assert "Compare index version 2026-11-b with the one before it, or roll it back." in printed, printed


def _check_screen(printed: str) -> None:
    """Fourteen languages and their mean; Spanish falls and fires, the mean rises."""
    screen = printed[printed.rindex("babelwatch demo:") :]
    table = screen[screen.index("───") : screen.index("points of recall")].splitlines()[1:]
    assert len([line for line in table if line.strip()]) == 14 + 1 + 1  # languages, the mean, the legend
    [spanish] = [line for line in table if line.startswith("Spanish")]
    [mean] = [line for line in table if line.startswith("Mean of all")]
    assert re.search(r"▼ +(1[0-9]|[5-9])\.[0-9] .* firing *$", spanish)
    assert re.search(r"[0-9.]+% +[▲△] +[0-9.]+", mean)
    assert max(map(len, printed.splitlines())) <= 80 or "Spanish recall@10" in printed  # the alert's text is one long line


def _check_second_shell(commands: list[list[str]], port: int) -> None:
    """What is printed can be pasted, and a script finds the same alert."""
    *babelwatch, curl = commands
    assert [words[1] for words in babelwatch] == ["languages", "pairs", "alerts", "alerts", "alerts"]
    versions, pairs, alerts, as_json, explained = map(second_shell, babelwatch)
    assert [answer.status for answer in (versions, pairs, alerts, as_json, explained)] == [0] * 5
    assert len(re.findall(r"^Spanish +2026-11-[ab] ", versions.out, re.MULTILINE)) == 2
    assert re.search(r"^Spanish +English ", pairs.out, re.MULTILINE)
    assert "Spanish recall@10 fell" in " ".join(alerts.out.split())
    falls = {one["language"]: one for one in as_json.json() if one["class"] == "change"}
    assert falls.keys() <= {"es", "tr"}
    assert falls["es"]["confirmed"] == "yes"
    Calculator(explained.out).check()
    assert curl == ["curl", f"http://127.0.0.1:{port}/readyz"]
    assert httpx.get(curl[1], timeout=60, trust_env=False).json() == {"status": "ok", "missing": {}}


def test_a_demo_ends_by_itself_and_goes_round_a_taken_port(folder: Path, tmp_path: Path) -> None:
    """After `--duration`, also when that is over before anything was seen; another server on the port is no obstacle."""
    with closing(listen(play.HOST, 0)) as other:
        demo = Demo(folder, tmp_path / "errors", other.getsockname()[1], "--duration", "1s")
        assert demo.ended() == 0, demo.errors()
    assert list(folder.iterdir()) == []


def test_a_duration_rings_once() -> None:
    """Without one nothing ends the demo but a signal."""
    stop = threading.Event()
    play._ring(stop, None)
    assert not stop.is_set()
    play._ring(stop, timedelta(milliseconds=1))
    assert stop.wait(PATIENCE_S)


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
