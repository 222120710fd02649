"""`babelwatch alerts`: what is wrong, how that was decided, and what a person does with it. One function per command."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from agent import reached
from agent.alerting.action import Name as ActionName
from agent.alerting.action import Verdict
from agent.alerting.incident import Incident
from agent.options import (
    AsJson,
    Collection,
    Config,
    Environment,
    Language,
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
from agent.report import explain, terminal
from agent.report.actions import found
from agent.report.said import Said

commands = typer.Typer(invoke_without_command=True, rich_markup_mode=None)

Fingerprint = Annotated[str, typer.Argument(metavar="FINGERPRINT", help="As `alerts` shows it; its first letters will do.")]
Note = Annotated[str, typer.Option("--note", metavar="TEXT", help="A sentence for whoever comes next.")]


@commands.callback()
def alerts(  # noqa: PLR0913, PLR0917 - one parameter an option
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Resolved incidents too.")] = False,
    service: Service = None,
    environment: Environment = None,
    collection: Collection = None,
    language: Language = None,
    store: Store = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Open incidents, newest first; and what to do with one."""
    given = {
        "all": "true" if everything else None,
        "service": service,
        "environment": environment,
        "collection": collection,
        "language": language,
    }
    if context.invoked_subcommand is None:
        show(config, store, "alerts", words(given), terminal.alerts, as_json=as_json)
    elif any((*given.values(), store, config, as_json)):
        raise typer.BadParameter(f"options stand behind `{context.invoked_subcommand}`")


@commands.command("explain")
def explain_one(
    fingerprint: Fingerprint,
    at: Annotated[str | None, typer.Option("--at", metavar="TIME", help="The one open then (default: the newest).")] = None,
    store: Store = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """The decision step by step, with all figures."""
    then = time_of(at, "--at")
    with reached.reading(settings_of(config), store) as views:
        known = msgspec.convert(views.alerts({"all": "true"}), list[Incident])
    incident = found(known, fingerprint, then)
    if as_json:
        print_json(explain.document(incident))
    else:
        typer.echo(explain.text(incident), nl=False)


@commands.command()
def ack(fingerprint: Fingerprint, note: Note = "", store: Store = None, config: Config = None, as_json: AsJson = False) -> None:
    """Somebody looks at it."""
    _act("ack", fingerprint, {"note": note}, (store, config), as_json=as_json)


@commands.command()
def accept(fingerprint: Fingerprint, note: Note = "", store: Store = None, config: Config = None, as_json: AsJson = False) -> None:
    """The new level becomes the baseline: this is how it is now."""
    _act("accept", fingerprint, {"note": note}, (store, config), as_json=as_json)


@commands.command()
def close(  # noqa: PLR0913, PLR0917 - one parameter an option
    fingerprint: Fingerprint,
    verdict: Annotated[Verdict, typer.Option("--verdict", help="What it was.")],
    note: Note = "",
    store: Store = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """End it with a verdict.

    After `false` and `expected` its time counts as usual.
    """
    _act("close", fingerprint, {"note": note, "verdict": verdict}, (store, config), as_json=as_json)


def _act(action: ActionName, name: str, said: Said, place: tuple[Path | None, Path | None], *, as_json: bool) -> None:
    store, config = place
    with reached.writing(settings_of(config), store) as writer, named_by_option():
        row = writer.act(name, action, {**said, "by": user()})
    if as_json:
        print_json(row)
    else:
        Console().print(terminal.alerts([row]))
