"""`babelwatch doctor`: what a log has, what can be made of it, and what to set to get the rest."""

from typing import Annotated

import typer
from rich.console import Console

from agent import examination
from agent.doctor.terminal import drawn
from agent.options import AsJson, Config, print_json, settings_of


def doctor(
    files: Annotated[
        list[str] | None, typer.Argument(metavar="FILE", help="JSON-lines logs, plain or .gz, or a record of spans a file.")
    ] = None,
    topic: Annotated[str | None, typer.Option("--topic", metavar="TOPIC", help="The newest messages of this topic.")] = None,
    most: Annotated[int, typer.Option("-n", metavar="N", min=1, help="How many messages to look at.")] = 1000,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """What a log has, what works on it, what to set for the rest.

    Nothing is committed, no group is joined, nothing is written.
    """
    if bool(files) == bool(topic):
        raise typer.BadParameter("expected files or --topic, one of them", param_hint="'FILE'")
    settings = settings_of(config)
    found = examination.of_topic(settings, topic, most) if topic else examination.of_files(settings, files or [], most)
    told = examination.document(found)
    if as_json:
        print_json(told)
    else:
        Console().print(drawn(told))
