"""The image, as far as it can be tried without a container engine: its file, what it is built from, and the wheel in it."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer

from agent.cli import cli
from agent.config.configuration import load
from agent.config.settings import SECRETS, Settings
from tests.container import image
from tests.container.image import DOCKERFILE, ROOT, last, stages

BIN = Path(sys.executable).parent
PROJECT: Any = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
WHEEL = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
TOOLS = re.compile(r"\b(apt-get|apt|apk|pip|uv|gcc|make|git|curl|wget)\b")
BUNDLED = {"rules": "rules", "schemas": "schemas", "docs/runbook.md": "docs/runbook.md"}


def test_hadolint_has_nothing_to_say() -> None:
    """Each of its rules, also those that are advice on style."""
    done = subprocess.run(
        [BIN / "hadolint", "--failure-threshold", "style", DOCKERFILE], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_last_stage_builds_nothing() -> None:
    """Nothing runs in it, and all that it is given comes from the stage before: no compiler, no package manager, no source."""
    assert last("RUN") == last("ADD") == []
    assert not any(TOOLS.search(one.rest) for one in stages()[-1])
    assert all(text.startswith("--from=build ") for text in last("COPY"))
    [build] = [one.rest for one in stages()[0] if one.word == "RUN"]
    assert len(stages()) == 2
    for text in last("COPY"):
        source, target = text.split()[-2:]
        assert source == target
        assert re.search(rf"\s{re.escape(source)}(\s|$)", build)


def test_it_runs_as_nobody() -> None:
    """By number, so that Kubernetes can tell; and what it may write is that user's."""
    [user] = last("USER")
    assert re.fullmatch(r"(\d+):(\d+)", user)
    assert int(user.split(":")[0]) >= 10000
    [volume] = last("VOLUME")
    assert any(f"--chown={user}" in text and text.endswith(volume) for text in last("COPY"))
    owner = "-o {} -g {}".format(*user.split(":"))
    assert f"install -d {owner} -m 0700 {volume}" in stages()[0][-1].rest


def test_no_secret_is_in_it() -> None:
    """No variable, argument or label has a secret's name: those of layers can be read by whoever has the image."""
    given = [one.rest for stage in stages() for one in stage if one.word in {"ENV", "ARG", "LABEL"}]
    names = [pair.split("=")[0].lower() for text in given for pair in shlex.split(text)]
    assert names
    assert [name for name in names if any(name.endswith(secret) for secret in (*SECRETS, "key"))] == []


def test_its_command_is_one() -> None:
    """The project has the script, the script has the command, and it takes no option that must be given."""
    [entry], [command] = last("ENTRYPOINT"), last("CMD")
    assert [*PROJECT["project"]["scripts"]] == image.words(entry)
    commands = typer.main.get_command(cli)
    [name, *options] = image.words(command)
    run = commands.get_command(typer.Context(commands), name)  # type: ignore[attr-defined]  # a group has commands
    assert run.make_context(name, options).params["config"] is None


def test_its_variables_are_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store is in the volume, what is temporary is in /tmp, and the port that is named is the one that is opened."""
    monkeypatch.chdir(tmp_path)
    settings = load(None, image.environment())
    assert settings.store.path.parent == Path(*last("VOLUME"))
    assert image.environment()["TMPDIR"] == "/tmp"
    assert last("EXPOSE") == [str(Settings().web.port)]
    assert last("STOPSIGNAL") == ["SIGTERM"]


def test_the_variant_is_an_extra_of_the_project() -> None:
    """What the file's comment says of `probes`."""
    asked = re.findall(r'--build-arg "EXTRAS=\[(\w+)\]"', DOCKERFILE.read_text(encoding="utf-8"))
    assert asked == ["probes"]
    assert set(asked) <= set(PROJECT["project"]["optional-dependencies"])


def test_what_is_sent_to_the_build_is_what_it_reads() -> None:
    """Package, bundled folders, what the project's file names, and the pins; nothing else of the checkout."""
    project = PROJECT["project"]
    needed = {*WHEEL["packages"], *WHEEL["force-include"], project["readme"], *project["license-files"]}
    needed |= {"pyproject.toml", "constraints.txt"}
    sent = {next((one for one in needed if name == one or name.startswith(f"{one}/")), name) for name in image.context()}
    assert sent == needed
    assert stages()[0][-1].rest.count("--constraint constraints.txt") == 2


@pytest.mark.parametrize("name", [*image.NOT_LOOKED_AT, "agent/__pycache__", "agent/web/__pycache__", "babelwatch-data", "secrets"])
def test_what_lies_about_is_not_sent(name: str) -> None:
    """No history, no environment, no bytecode, no store and no secret gets into a layer."""
    assert not image.is_let_in(f"{name}/file")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The environment that the build stage makes of exactly what it is sent, by its own commands; only what ours has is not installed again."""
    folder, opt = tmp_path_factory.mktemp("context"), tmp_path_factory.mktemp("opt")
    for name in image.context():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, folder / name)
    commands = [one.strip() for one in stages()[0][-1].rest.split("&&") if one.strip().startswith("uv ")]
    script = " && ".join(commands).replace("/opt/", f"{opt}/").replace("uv pip install", "uv pip install --no-deps")
    for offline in ("1", "0"):  # what builds the wheel is in uv's cache, since the tests' own environment was made so
        given = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "EXTRAS": "", "UV_OFFLINE": offline, "UV_VENV_CLEAR": "1"}
        done = subprocess.run(["sh", "-c", script], cwd=folder, env=given, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return opt / "babelwatch"
    raise AssertionError(f"{script}\n{done.stderr}")


def packages(built: Path) -> Path:
    """Where an environment has its packages."""
    [found] = built.glob("lib/python*/site-packages")
    return found


def test_the_wheel_has_rules_schemas_and_runbook(built: Path) -> None:
    """Each file, as it is in the checkout; and every module of the agent, compiled, since the last stage cannot write."""
    agent = packages(built) / "agent"
    for source, target in BUNDLED.items():
        files = [ROOT / source] if (ROOT / source).is_file() else [one for one in (ROOT / source).rglob("*") if one.is_file()]
        assert files
        for file in files:
            assert (agent / "_data" / target / file.relative_to(ROOT / source)).read_bytes() == file.read_bytes()
    for file in (ROOT / "agent").rglob("*"):
        if file.is_file() and "__pycache__" not in file.parts:
            assert (agent / file.relative_to(ROOT / "agent")).read_bytes() == file.read_bytes()
    assert [*agent.glob("__pycache__/cli.*.pyc")]


def test_the_environment_runs_on_its_own(built: Path, tmp_path: Path) -> None:
    """The entry point is there and is the environment's; the agent of the wheel checks its bundled rules without a checkout."""
    [entry] = image.words(*last("ENTRYPOINT"))
    assert (built / "bin" / entry).read_text().startswith(f"#!{built}/bin/python")
    given = {"PATH": os.environ["PATH"], "PYTHONPATH": str(packages(built))}
    told = "import agent.resources as r; print(r.rules_dir(), r.schemas_dir(), r.docs_dir(), sep='\\n')"
    where = subprocess.run([sys.executable, "-c", told], cwd=tmp_path, env=given, capture_output=True, text=True, check=True)
    assert all(Path(line).is_relative_to(packages(built)) for line in where.stdout.splitlines())
    run = [sys.executable, "-m", "agent", "rules", "check"]
    assert subprocess.run(run, cwd=tmp_path, env=given, capture_output=True, text=True, check=True).stdout
