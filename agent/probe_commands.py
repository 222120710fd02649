"""`babelwatch probe`: whether a model tells what means the same from what does not. One function per command."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from agent import probes
from agent.errors import Misconfigured, Mistake
from agent.options import AsJson, Config, Store, print_json, settings_of
from agent.probing.kept import ProbeRun
from agent.probing.separation.thresholds import fragment
from agent.report import separation_table

commands = typer.Typer(help="Whether a model connects what means the same.", no_args_is_help=True, rich_markup_mode=None)

Text = str | None


class FailOn(StrEnum):
    """From which verdict on the exit status is 1."""

    BROKEN = "broken"
    WEAK = "weak"


@commands.command()
def run(  # noqa: PLR0913, PLR0917 - one parameter an option
    probe: Annotated[
        Text, typer.Option("--probe", metavar="NAME", help="The settings under probes (default: the only ones).")
    ] = None,
    model: Annotated[
        Text, typer.Option("--model", metavar="NAME", help="Without settings: a folder or name for sentence-transformers.")
    ] = None,
    pairs: Annotated[
        Path | None, typer.Option("--pairs", metavar="FILE", help="Concepts of your own besides the bundled ones, YAML or TSV.")
    ] = None,
    languages: Annotated[
        Text, typer.Option("--languages", metavar="TAGS", help="Query languages, such as en,ko (default: all).")
    ] = None,
    documents: Annotated[
        Text, typer.Option("--documents", metavar="TAGS", help="Languages that the documents are in (default: en).")
    ] = None,
    corpus: Annotated[
        Path | None,
        typer.Option("--corpus", metavar="FILE", help="Documents for the floor: one text a line, or BEIR's corpus.jsonl."),
    ] = None,
    unrelated: Annotated[
        Path | None, typer.Option("--unrelated", metavar="FILE", help="Queries that no document of yours answers, one a line.")
    ] = None,
    thresholds: Annotated[
        Path | None,
        typer.Option(
            "--write-thresholds",
            metavar="FILE",
            help="Write hit thresholds and floor as settings to paste; a model folder by its name.",
        ),
    ] = None,
    fail_on: Annotated[FailOn | None, typer.Option("--fail-on", help="Exit status 1 where a language is this, or worse.")] = None,
    only_there: Annotated[bool, typer.Option("--only-there", help="With --languages: one that no list has is no mistake.")] = False,
    store: Store = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Probe a model, language by language.

    Similarity of synonyms and translations against that of unrelated texts.
    """
    asked = probes.Asked(probe, model, pairs, _tags(languages), _tags(documents), unrelated, corpus, store, only_there)
    ended = probes.run(settings_of(config), asked, lambda text: typer.echo(text, err=True))
    if ended is None:
        return
    if thresholds:
        _write(thresholds, ended)
    if as_json:
        print_json(ended.result)
    else:
        Console().print(separation_table.probe(ended.result))
    if fail_on and (ended.result["senseless"] or _bad(fail_on) & {row["verdict"] for row in ended.result["languages"]}):
        raise typer.Exit(1)


@commands.command("list")
def list_runs(store: Store = None, config: Config = None, as_json: AsJson = False) -> None:
    """The probes that are kept, oldest first."""
    runs = probes.runs(settings_of(config), store)
    if as_json:
        print_json([{"name": run.name, "at": run.at.isoformat(timespec="milliseconds"), **run.result} for run in runs])
    elif runs:
        Console().print(separation_table.runs(runs))
    else:
        typer.echo("Nothing to show.")


def _bad(fail_on: FailOn) -> set[str]:
    return {"broken"} if fail_on is FailOn.BROKEN else {"broken", "weak"}


def _tags(text: str | None) -> tuple[str, ...]:
    return tuple(tag.strip() for tag in (text or "").split(",") if tag.strip())


def _write(file: Path, ended: ProbeRun) -> None:
    try:
        file.write_text(fragment(ended.result, ended.at), encoding="utf-8")
    except OSError as error:
        raise Misconfigured([Mistake(str(file), "", f"cannot be written: {error.strerror}")]) from error
