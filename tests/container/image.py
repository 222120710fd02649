"""Dockerfile and .dockerignore, read as Docker reads them."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parents[2]
DOCKERFILE: Final = ROOT / "Dockerfile"
CONTINUED = re.compile(r"\\\n")
NOT_LOOKED_AT: Final = (".git", ".venv", "build", "dist")  # large, and not let in: a test asks of each


class Instruction(NamedTuple):
    """One, with its continued lines joined."""

    word: str
    rest: str


def instructions(text: str) -> list[Instruction]:
    """All of a Dockerfile."""
    lines = (line.strip() for line in CONTINUED.sub("", text).splitlines())
    return [Instruction(*line.split(maxsplit=1)) for line in lines if line and not line.startswith("#")]


def stages() -> list[list[Instruction]]:
    """The instructions of each stage, FROM first; what stands before the first stage is left out."""
    found: list[list[Instruction]] = []
    for one in instructions(DOCKERFILE.read_text(encoding="utf-8")):
        if one.word == "FROM":
            found.append([])
        if found:
            found[-1].append(one)
    return found


def last(word: str) -> list[str]:
    """What stands behind a word in the last stage, each time."""
    return [one.rest for one in stages()[-1] if one.word == word]


def words(text: str) -> list[str]:
    """The exec form of ENTRYPOINT and CMD."""
    found: list[str] = json.loads(text)
    return found


def environment() -> dict[str, str]:
    """What ENV of the last stage sets, but for PATH."""
    given = dict(pair.split("=", 1) for text in last("ENV") for pair in shlex.split(text))
    return {name: value for name, value in given.items() if name != "PATH"}


def is_let_in(path: str) -> bool:
    """Whether a path of the checkout gets into the build: the last pattern that it, or a folder of it, matches decides."""
    above = [path, *map(str, PurePosixPath(path).parents)][:-1]
    kept = True
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        pattern = line.strip().removeprefix("!")
        if pattern and not pattern.startswith("#") and any(re.fullmatch(_regex(pattern), one) for one in above):
            kept = line.startswith("!")
    return kept


def _regex(pattern: str) -> str:
    """`**/` is any depth, `*` a part of a name: those alone stand in ours."""
    return re.escape(pattern).replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*")


def context() -> Iterator[str]:
    """What Docker is sent of this checkout."""
    for top in ROOT.iterdir():
        if top.name not in NOT_LOOKED_AT:
            below = top.rglob("*") if top.is_dir() else [top]
            yield from (name for file in below if file.is_file() and is_let_in(name := file.relative_to(ROOT).as_posix()))
