"""`examples/babelwatch.service`: its command and its variables are ours, and systemd understands the rest."""

import shutil
import subprocess
from pathlib import Path

import pytest
import typer

from agent.cli import cli, exit_status
from agent.config.configuration import load
from agent.errors import Misconfigured

UNIT = Path(__file__).parents[1] / "examples" / "babelwatch.service"
LINES = [line.partition("=")[::2] for line in UNIT.read_text(encoding="utf-8").splitlines() if "=" in line and line[0] != "#"]


def values(key: str) -> list[str]:
    """What stands behind a key, each time."""
    return [value for name, value in LINES if name == key]


def test_its_command_is_one() -> None:
    """With options that the command has."""
    [line] = values("ExecStart")
    program, command, *words = line.split()
    assert Path(program).name == "babelwatch"
    commands = typer.main.get_command(cli)
    run = commands.get_command(typer.Context(commands), command)  # type: ignore[attr-defined]  # a group has commands
    assert run.make_context(command, words).params["config"] == Path("/etc/babelwatch/babelwatch.yaml")


def test_its_variables_are_settings(tmp_path: Path) -> None:
    """They make a receiver whose secret is the credential, and put the store where systemd makes a folder."""
    given = dict(value.split("=", 1) for value in values("Environment"))
    [credential] = [value.partition(":")[0] for value in values("LoadCredential")]
    (tmp_path / credential).write_text("https://hooks.slack.example/services/T/B/x")
    settings = load(None, {name: value.replace("%d", str(tmp_path)) for name, value in given.items()})
    assert [*settings.notify.receivers] == ["chat"]
    assert settings.store.path.parent == Path("/var/lib") / values("StateDirectory")[0]


def test_a_server_that_is_away_is_tried_without_end() -> None:
    """No limit of starts gives up on exit status 3; a mistake in the settings is not tried again."""
    assert (values("StartLimitIntervalSec"), values("StartLimitBurst"), values("Restart")) == (["0"], [], ["on-failure"])
    assert values("RestartPreventExitStatus") == [str(exit_status(Misconfigured([])))]


def test_systemd_understands_it(tmp_path: Path) -> None:
    """`systemd-analyze verify`, where there is one: no unknown key, no bad value."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd-analyze")
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text(encoding="utf-8").replace("/opt/babelwatch/bin/babelwatch", "/bin/true"), encoding="utf-8")
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
