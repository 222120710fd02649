"""`babelwatch mute`: tell nobody of some incidents for a while. One function per command."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import typer
from rich.console import Console

from agent import reached
from agent.options import AsJson, Config, Store, named_by_option, print_json, settings_of, show, time_of, user, words
from agent.report import mute_table

commands = typer.Typer(help="Tell nobody of some incidents for a while.", no_args_is_help=True, rich_markup_mode=None)

Values = list[str] | None
Id = Annotated[str, typer.Argument(metavar="ID", help="As `mute list` shows it; its first letters will do.")]


@commands.command()
def add(  # noqa: PLR0913, PLR0917 - one parameter an option
    language: Annotated[
        Values, typer.Option("--language", metavar="TAG", help="Incidents of this language; may be repeated.")
    ] = None,
    rule: Annotated[Values, typer.Option("--rule", metavar="NAME", help="Likewise.")] = None,
    service: Annotated[Values, typer.Option("--service", metavar="NAME", help="Likewise.")] = None,
    environment: Annotated[Values, typer.Option("--environment", metavar="NAME", help="Likewise.")] = None,
    severity: Annotated[Values, typer.Option("--severity", metavar="NAME", help="info, warning or critical.")] = None,
    class_: Annotated[Values, typer.Option("--class", metavar="NAME", help="change, level, volume or monitor.")] = None,
    cause: Annotated[Values, typer.Option("--cause", metavar="NAME", help="Likewise.")] = None,
    label: Annotated[Values, typer.Option("--label", metavar="NAME=VALUE", help="A label that a rule gives, or any other.")] = None,
    everything: Annotated[bool, typer.Option("--everything", help="All incidents.")] = False,
    length: Annotated[str | None, typer.Option("--for", metavar="TIME", help="How long, such as 4h; at most 90d.")] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="TIME", help="RFC 3339, or a date: its midnight in UTC.")] = None,
    since: Annotated[str | None, typer.Option("--from", metavar="TIME", help="From when on (default: now).")] = None,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, for whoever wonders at the silence.")] = "",
    store: Store = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Keep incidents silent.

    They are counted and shown as usual. All labels must hold; of one label any of its values.
    """
    plain = {"rule": rule, "service": service, "environment": environment, "severity": severity, "class": class_, "cause": cause}
    match = {name: list(values) for name, values in {"language": language, **plain}.items() if values}
    for name, value in _pairs(label or ()):
        match.setdefault(name, []).append(value)
    times = {
        key: at.isoformat() if (at := time_of(text, f"--{key}")) else None for key, text in (("until", until), ("from", since))
    }
    said = {"match": match, "everything": everything, "reason": reason, "by": user(), **words({"for": length, **times})}
    with reached.writing(settings_of(config), store) as writer, named_by_option():
        row = writer.mute(said)
    _tell(row, as_json=as_json)


@commands.command("list")
def list_mutes(
    everything: Annotated[bool, typer.Option("--all", help="Also those that are over or removed.")] = False,
    store: Store = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Mutes that count now or later, those of the file first."""
    show(config, store, "mutes", words({"all": "true" if everything else None}), mute_table.mutes, as_json=as_json)


@commands.command()
def remove(name: Id, store: Store = None, config: Config = None, as_json: AsJson = False) -> None:
    """End a mute before its time."""
    with reached.writing(settings_of(config), store) as writer, named_by_option():
        row = writer.unmute(name)
    _tell(row, as_json=as_json)


def _pairs(labels: Sequence[str]) -> Iterator[tuple[str, str]]:
    for text in labels:
        name, sign, value = text.partition("=")
        if not name or not sign:
            raise typer.BadParameter(f"{text!r}: expected NAME=VALUE", param_hint="'--label'")
        yield name, value


def _tell(row: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(row)
    else:
        Console().print(mute_table.mutes([row]))
