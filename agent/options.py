"""What commands have in common: their options, the settings, and rows as a table or as one JSON document."""

import getpass
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console, RenderableType

from agent import reached
from agent.config import configuration
from agent.config.settings import Settings
from agent.errors import BabelwatchError, Misconfigured, Mistake
from agent.opening import CLOCK
from agent.report.views import Rows, Words
from agent.times import parse_time

Config = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="Settings (default: babelwatch.yaml if it is there).")
]
Store = Annotated[Path | None, typer.Option("--store", metavar="DIR", help="Another embedded store.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print exactly one JSON document.")]
From = Annotated[str | None, typer.Option("--from", metavar="TIME", help="RFC 3339, a date, or relative such as -7d.")]
To = Annotated[str | None, typer.Option("--to", metavar="TIME", help="As --from; default: the newest window.")]

Service = Annotated[str | None, typer.Option("--service", help="Only this service.")]
Environment = Annotated[str | None, typer.Option("--environment", help="Only this environment.")]
Collection = Annotated[str | None, typer.Option("--collection", help="Only this collection.")]
Language = Annotated[str | None, typer.Option("--language", help="Only this query language.")]


def settings_of(config: Path | None) -> Settings:
    """The effective settings; raises Misconfigured with every mistake."""
    return configuration.load(config, os.environ)


def complaint(error: BabelwatchError) -> str:
    """What went wrong, as every command says it."""
    return f"babelwatch: {error}" if "\n" not in str(error) else f"babelwatch:\n{error}"


def print_json(document: object) -> None:
    """The answer of `--json`."""
    typer.echo(json.dumps(document, ensure_ascii=False, indent=2))


def time_of(text: str | None, option: str) -> datetime | None:
    """The time that an option gives; raises BadParameter."""
    try:
        return None if text is None else parse_time(text, CLOCK.now())
    except ValueError as expected:
        raise typer.BadParameter(f"{text!r}: expected {expected}", param_hint=f"'{option}'") from None


def user() -> str:
    """Who types, as this machine knows them."""
    try:
        return getpass.getuser()
    except OSError:  # a container without a name for its user
        return ""


def words(given: Mapping[str, str | None]) -> Words:
    """What was given on the command line."""
    return {key: value for key, value in given.items() if value is not None}


def show(  # noqa: PLR0913 - what is shared by all commands that print rows
    config: Path | None, store: Path | None, name: str, asked: Words, draw: Callable[[Rows], RenderableType], *, as_json: bool
) -> None:
    """Print the rows of a view."""
    with reached.reading(settings_of(config), store) as views, named_by_option():
        rows: Rows = getattr(views, name)(asked)
    if as_json:
        print_json(rows)
    elif rows:
        Console().print(draw(rows))
    else:
        typer.echo("Nothing to show.")


@contextmanager
def named_by_option() -> Iterator[None]:
    """What is wrong with a word of the command line stands in no file: its option says where."""
    try:
        yield
    except Misconfigured as error:
        raise type(error)([_of_option(mistake) for mistake in error.mistakes]) from error


def _of_option(mistake: Mistake) -> Mistake:
    return mistake if mistake.file else Mistake(f"--{mistake.key.replace('_', '-')}", "", mistake.expected)
