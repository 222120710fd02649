"""One function per command. Standard output is for the answer, standard error for logs and progress.

Exit status: 0 yes; 1 the answer is no; 2 wrong use or configuration; 3 something needed cannot be reached.
"""

import shlex
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console, RenderableType

from agent import (
    __version__,
    alert_commands,
    app,
    change_commands,
    compare_command,
    doctor_command,
    golden_commands,
    history_commands,
    letter_commands,
    mute_commands,
    notify_commands,
    probe_commands,
    progress,
    report_command,
    rule_commands,
    signals,
)
from agent.config import showing
from agent.config.remarks import remarks
from agent.demo import play
from agent.errors import BabelwatchError, Locked, RetryLater
from agent.language.tagger import Asked
from agent.options import (
    AsJson,
    Collection,
    Config,
    Environment,
    From,
    Language,
    Service,
    Store,
    To,
    complaint,
    print_json,
    settings_of,
    show,
    words,
)
from agent.report import terminal
from agent.report.views import Rows
from agent.times import parse_duration

cli = typer.Typer(
    name="babelwatch",
    help="Knows, before any user complains, that retrieval broke in one language.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
config_commands = typer.Typer(help="Validate or print the settings.", no_args_is_help=True, rich_markup_mode=None)
cli.add_typer(config_commands, name="config")
cli.add_typer(alert_commands.commands, name="alerts")
cli.add_typer(change_commands.commands, name="changes")
cli.add_typer(mute_commands.commands, name="mute")
cli.add_typer(letter_commands.commands, name="dead-letters")
cli.add_typer(notify_commands.commands, name="notify")
cli.add_typer(rule_commands.commands, name="rules")
cli.add_typer(probe_commands.commands, name="probe")
cli.add_typer(golden_commands.commands, name="golden")
rule_commands.commands.command()(history_commands.backtest)
rule_commands.commands.command()(history_commands.drill)
cli.command()(compare_command.compare)
cli.command()(doctor_command.doctor)
cli.command()(report_command.report)

By = Annotated[str | None, typer.Option("--by", metavar="version|collection|service|environment", help="Split the rows.")]


@cli.command()
def run(config: Config = None) -> None:
    """The agent, until SIGTERM.

    Consume, tag, aggregate, evaluate, notify, serve the API.
    """
    signals.leave_at_once()
    app.run(settings_of(config), config)


@cli.command()
def demo(
    duration: Annotated[
        str | None, typer.Option(metavar="TIME", help="Stop after this long, such as 2m (default: Ctrl-C).")
    ] = None,
    port: Annotated[
        int, typer.Option(metavar="PORT", min=0, max=65_535, help="Of the API; the next free one if it is taken.")
    ] = 8080,
    config: Annotated[Path | None, typer.Option("--config", metavar="FILE", help="Settings whose receivers are told, too.")] = None,
) -> None:
    """See one language break while the average rises.

    The agent on an in-process broker and a temporary store.
    """
    play.play(_duration(duration), port, settings_of(config) if config else None)


@cli.command()
def replay(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE", help="JSON-lines logs, plain or .gz, or records of spans; - for standard input.")
    ],
    store: Store = None,
    send: Annotated[bool, typer.Option("--send", help="Send the notifications too.")] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Logs from files through the very same path at full speed.

    Rules are evaluated in event time, minute by minute.
    """
    replayed = app.replay(settings_of(config), files, store, send=send)
    if as_json:
        print_json(replayed.result)
    else:
        _print_replay(replayed, store)


def _table_command(name: str, help_text: str, draw: Callable[[Rows], RenderableType]) -> None:
    """`languages` and `pairs` take the same options."""

    def command(  # noqa: PLR0913, PLR0917 - one parameter an option
        start: From = None,
        end: To = None,
        by: By = None,
        service: Service = None,
        environment: Environment = None,
        collection: Collection = None,
        language: Language = None,
        store: Store = None,
        config: Config = None,
        as_json: AsJson = False,
    ) -> None:
        given = {
            "from": start,
            "to": end,
            "by": by,
            "service": service,
            "environment": environment,
            "collection": collection,
            "language": language,
        }
        show(config, store, name, words(given), draw, as_json=as_json)

    cli.command(name, help=help_text)(command)


_table_command("languages", "The per-language table (default: the newest seven days).", terminal.languages)
_table_command("pairs", "The same by query language and document language.", terminal.pairs)


@cli.command()
def tag(
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="One text a line (default: standard input).")] = None,
    locale: Annotated[str | None, typer.Option(metavar="TAG", help="A hint: the language of the user interface.")] = None,
    config: Config = None,
) -> None:
    """Tag texts, one a line.

    For each line `language<TAB>confidence<TAB>source`, in the same order.
    """
    taggers = app.taggers(settings_of(config))
    with progress.lines_of(file) as blocks:
        for lines in blocks:
            for found in taggers.tag_all([Asked(line, locale=locale) for line in lines]):
                sys.stdout.write(f"{found.language}\t{found.confidence:.3f}\t{found.source}\n")
            sys.stdout.flush()  # who types, or follows a log, waits for the answer


@config_commands.command("check")
def config_check(config: Config = None) -> None:
    """Validate settings, rules and mutes; every mistake is listed.

    The files of golden sets and probes are looked for, too.
    """
    settings = settings_of(config)
    app.check(settings)
    typer.echo("The configuration is valid.")
    for remark in remarks(settings):
        typer.echo(f"{remark}.", err=True)


@config_commands.command("show")
def config_show(config: Config = None, as_json: AsJson = False) -> None:
    """Print the effective settings, each with its meaning.

    Secrets are printed as <secret>.
    """
    settings = settings_of(config)
    if as_json:
        print_json(showing.as_json(settings))
    else:
        typer.echo(showing.render(settings), nl=False)


@cli.command()
def migrate(config: Config = None) -> None:
    """Apply the schema to the configured store."""
    applied = app.migrate_store(settings_of(config))
    many = "s" * (len(applied) > 1)
    typer.echo(f"Applied {len(applied)} migration{many}." if applied else "The schema is up to date.")


def _version(value: bool) -> None:
    if value:
        typer.echo(f"babelwatch {__version__}")
        raise typer.Exit


@cli.callback()
def _main(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    """Knows, before any user complains, that retrieval broke in one language."""


def _duration(text: str | None) -> timedelta | None:
    try:
        return None if text is None else parse_duration(text)
    except ValueError as expected:
        raise typer.BadParameter(f"{text!r}: expected {expected}", param_hint="'--duration'") from None


def _print_replay(replayed: app.Replayed, store: Path | None) -> None:
    console, (result, tally) = Console(), replayed
    console.print(terminal.tally(result))
    if tags := terminal.tags(tally.tags, tally.declared, tally.declared_agrees):
        console.print(tags)
    if result["languages"]:
        console.print()
        console.print(terminal.languages(result["languages"]))
    if result["alerts"]:
        console.print()
        console.print(terminal.alerts(result["alerts"]))
    if result["rejected"]:
        kept = f": babelwatch dead-letters list --store {shlex.quote(str(store))}" if store else " with --store."
        typer.echo(f"\nFor other field names set source.mapping. Rejected messages are kept{kept}")
    if store:
        typer.echo(f"\nThe store is kept: babelwatch languages --store {shlex.quote(str(store))}")


def exit_status(error: BabelwatchError) -> int:
    """2 where a person has to change something, 3 where something cannot be reached."""
    return 3 if isinstance(error, RetryLater | Locked) else 2


def main() -> None:
    """The command `babelwatch`; what goes wrong is one readable message, never a stack trace."""
    try:
        cli()
    except BabelwatchError as error:
        typer.echo(complaint(error), err=True)
        sys.exit(exit_status(error))
    except KeyboardInterrupt:
        sys.exit(130)
