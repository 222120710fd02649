"""What commands have in common: their options, the settings, and one JSON document on standard output."""

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from agent.config import configuration
from agent.config.settings import Settings
from agent.errors import BabelwatchError

Config = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="Settings (default: babelwatch.yaml if it is there).")
]
Store = Annotated[Path | None, typer.Option("--store", metavar="DIR", help="Another embedded store.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print exactly one JSON document.")]
From = Annotated[str | None, typer.Option("--from", metavar="TIME", help="RFC 3339, a date, or relative such as -7d.")]
To = Annotated[str | None, typer.Option("--to", metavar="TIME", help="As --from; default: the newest window.")]


def settings_of(config: Path | None) -> Settings:
    """The effective settings; raises Misconfigured with every mistake."""
    return configuration.load(config, os.environ)


def complaint(error: BabelwatchError) -> str:
    """What went wrong, as every command says it."""
    return f"babelwatch: {error}" if "\n" not in str(error) else f"babelwatch:\n{error}"


def print_json(document: object) -> None:
    """The answer of `--json`."""
    typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
