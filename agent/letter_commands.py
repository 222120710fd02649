"""`babelwatch dead-letters`: one function per command."""

import json
from typing import Annotated, Any

import typer
from rich.console import Console

from agent import letters
from agent.options import AsJson, Config, From, Store, print_json, settings_of
from agent.report.letters import NEWEST, table

LINES = 200

commands = typer.Typer(help="Look at rejected messages, feed them again.", no_args_is_help=True, rich_markup_mode=None)

Reason = Annotated[str | None, typer.Option("--reason", metavar="REASON", help="Only letters with this reason.")]


@commands.command("list")
def list_letters(  # noqa: PLR0913, PLR0917 - one parameter an option
    start: From = None,
    end: Annotated[str | None, typer.Option("--to", metavar="TIME", help="As --from; default: now.")] = None,
    reason: Reason = None,
    most: Annotated[int, typer.Option("-n", metavar="N", min=1, help="The newest so many.")] = NEWEST,
    store: Store = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """When, whence and why; never what a message says.

    The reasons are counted below.
    """
    words = {key: value for key, value in {"from": start, "to": end, "reason": reason}.items() if value is not None}
    listed = letters.listing(settings_of(config), store, words, most)
    if as_json:
        print_json(listed)
    elif listed["total"]:
        Console().print(table(listed))
    else:
        typer.echo(f"There are no dead letters in {listed['place']}.")


@commands.command()
def show(
    letter: Annotated[str, typer.Argument(metavar="LETTER", help="As `list` names it.")],
    store: Store = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """One letter: its keys, types and lengths, without its texts."""
    shown = letters.show(settings_of(config), store, letter)
    if as_json:
        print_json(shown)
    else:
        _print_letter(shown)


@commands.command()
def replay(
    reason: Reason = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be fed.")] = False,
    store: Store = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Feed the letters again that can be read now.

    From the topic into the log they came from, from a file into --store.
    """
    told = letters.replay(settings_of(config), store, reason, dry_run=dry_run)
    if as_json:
        print_json(told)
    else:
        _print_replay(told)


def _print_letter(shown: dict[str, Any]) -> None:
    for key in ("id", "at", "topic", "partition", "offset", "reason", "field", "size"):
        if shown[key] not in {None, ""}:
            typer.echo(f"{key:<10}{shown[key]}")
    typer.echo(f"{'now':<10}{shown['obstacle'] or 'can be read'}\n")
    if shown["problem"]:
        typer.echo(shown["problem"])
        return
    lines = json.dumps(shown["value"], indent=2).splitlines()
    typer.echo("\n".join(lines[:LINES]))
    if len(lines) > LINES:
        typer.echo(f"… {len(lines) - LINES} more lines: --json has all")


def _print_replay(told: dict[str, Any]) -> None:
    left = ", ".join(f"{reason} {count:,}" for reason, count in told["left"].items())
    fed = "can be fed again" if told["dry_run"] else "fed again"
    stay = f", {sum(told['left'].values()):,} left ({left})" if left else ""
    typer.echo(f"{told['letters']:,} in {told['place']}: {told['fed']:,} {fed}{stay}")
