"""`babelwatch changes`: deployments, noticed or announced. One function per command."""

from typing import Annotated

import typer
from rich.console import Console

from agent import reached
from agent.options import (
    AsJson,
    Collection,
    Config,
    Environment,
    Service,
    Store,
    named_by_option,
    print_json,
    settings_of,
    show,
    time_of,
    user,
    words,
)
from agent.report import terminal

commands = typer.Typer(help="Deployments: noticed in the traffic, or announced.", no_args_is_help=True, rich_markup_mode=None)


@commands.command("list")
def list_changes(  # noqa: PLR0913, PLR0917 - one parameter an option
    service: Service = None,
    environment: Environment = None,
    collection: Collection = None,
    store: Store = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Deployments, and hit thresholds that were learned, oldest first."""
    given = {"service": service, "environment": environment, "collection": collection}
    show(config, store, "changes", words(given), terminal.changes, as_json=as_json)


@commands.command()
def add(  # noqa: PLR0913, PLR0917 - one parameter an option
    index_version: Annotated[str | None, typer.Option("--index-version", metavar="NAME", help="What is deployed: this,")] = None,
    embedding_model: Annotated[str | None, typer.Option("--embedding-model", metavar="NAME", help="or this, or both.")] = None,
    service: Annotated[str | None, typer.Option("--service", metavar="NAME", help="Where: as the log calls it.")] = None,
    environment: Annotated[str | None, typer.Option("--environment", metavar="NAME", help="Likewise.")] = None,
    collection: Annotated[str | None, typer.Option("--collection", metavar="NAME", help="Likewise.")] = None,
    time: Annotated[str | None, typer.Option("--time", metavar="TIME", help="When (default: now); as --from.")] = None,
    note: Annotated[str | None, typer.Option("--note", metavar="TEXT", help="Why, or what else was changed.")] = None,
    store: Store = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Announce a deployment, such as from CI."""
    at = time_of(time, "--time")
    names = {"service": service, "environment": environment, "collection": collection, "note": note}
    what = {
        "index_version": index_version,
        "embedding_model": embedding_model,
        "time": at.isoformat() if at else None,
        "by": user(),
    }
    with reached.writing(settings_of(config), store) as writer, named_by_option():
        row = writer.announce(words({**names, **what}))
    if as_json:
        print_json(row)
    else:
        Console().print(terminal.changes([row]))
