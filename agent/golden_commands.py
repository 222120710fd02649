"""`babelwatch golden`: labelled queries to the search of the service. One function per command."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from agent import golden
from agent.golden import Asked
from agent.options import AsJson, Config, From, Store, To, named_by_option, print_json, settings_of, words
from agent.report import golden_table

commands = typer.Typer(help="Labelled queries to the search of the service.", no_args_is_help=True, rich_markup_mode=None)

Text = str | None
Set = Annotated[Path, typer.Argument(metavar="DATASET", help="A folder in BEIR's layout, or a TSV.")]
AnySet = Annotated[Path | None, typer.Argument(metavar="[DATASET]", help="Likewise (default: that of the only golden settings).")]


@commands.command()
def run(  # noqa: PLR0913, PLR0917 - one parameter an option
    dataset: Set,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="What the run is kept under.")],
    entry: Annotated[Text, typer.Option("--golden", metavar="NAME", help="The settings under golden that say what to ask.")] = None,
    url: Annotated[Text, typer.Option("--url", metavar="URL", help="The search, instead of settings.")] = None,
    body: Annotated[Text, typer.Option("--body", metavar="JSON", help="With --url: what is posted.")] = None,
    results: Annotated[
        Text, typer.Option("--results", metavar="EXPR", help="With --url: where the results stand, JMESPath.")
    ] = None,
    languages: Annotated[Text, typer.Option("--languages", metavar="TAGS", help="Only these, such as en,ko.")] = None,
    against: Annotated[
        Text, typer.Option("--against", metavar="NAME", help="A second search, the settings of this name: side by side.")
    ] = None,
    anew: Annotated[
        bool, typer.Option("--anew", help="Ask all queries, also those that a run which was cut off had asked.")
    ] = False,
    only_there: Annotated[
        bool, typer.Option("--only-there", help="With --languages: one that the set does not have is no mistake.")
    ] = False,
    store: Store = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Send a golden set to the search of the service.

    The queries never count as users'. A run that was cut off goes on where it stopped.
    """
    given = words({"url": url, "body": body, "results": results})
    only = tuple(tag.strip() for tag in (languages or "").split(",") if tag.strip())
    asked = Asked(dataset, name, entry, given, only, against, store, anew, only_there)
    told = golden.run(settings_of(config), asked, lambda text: typer.echo(text, err=True))
    if as_json:
        print_json(told)
    elif told["run"]:
        Console().print(golden_table.run(told))


@commands.command("list")
def list_runs(store: Store = None, config: Config = None, as_json: AsJson = False) -> None:
    """The runs that are kept, oldest first."""
    settings = settings_of(config)
    rows = golden.runs(settings, store)
    for note in golden.unfinished(settings, store):
        typer.echo(note, err=True)
    if as_json:
        print_json(rows)
    elif rows:
        Console().print(golden_table.runs(rows))
    else:
        typer.echo("Nothing to show.")


@commands.command()
def coverage(  # noqa: PLR0913, PLR0917 - one parameter an option
    dataset: AnySet = None,
    start: From = None,
    end: To = None,
    budget: Annotated[
        int, typer.Option("--budget", metavar="N", min=1, max=1_000_000, help="How many queries to label next.")
    ] = 200,
    store: Store = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Traffic beside the set, pair by pair, and what to label next."""
    settings = settings_of(config)
    found = golden.set_of(settings, dataset)
    with named_by_option():
        told = golden.coverage(settings, found, words({"from": start, "to": end}), store, budget)
    if as_json:
        print_json(told)
    else:
        Console().print(golden_table.coverage(told))
