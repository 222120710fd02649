"""`babelwatch rules`: one function per command."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from agent.alerting import load
from agent.alerting.check import kind_of, needs
from agent.alerting.reading import UnreadError, gathered
from agent.alerting.rule import Rule
from agent.errors import Misconfigured, Mistake
from agent.options import AsJson, Config, complaint, print_json, settings_of
from agent.resources import rules_dir
from agent.rule_tests import report, suite
from agent.rule_tests.run import Result, run

commands = typer.Typer(help="Validate the rules, and try them.", no_args_is_help=True, rich_markup_mode=None)


@commands.command()
def check(
    files: Annotated[
        list[str] | None, typer.Argument(metavar="FILE", help="Rules: bundled names or paths (default: the configured ones).")
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Every mistake in rules; where there is none, what they need."""
    names = files or settings_of(config).rules
    with _no(as_json=as_json):
        rules = load.load(names, rules_dir())
        if as_json:
            print_json(_document(rules, ()))
        else:
            Console().print(_table(rules))


@commands.command("test")
def run_tests(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="FILE", help="Tests (default: those in tests/ beside the configured rules).")
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Series in, incidents out: whether they are as expected."""
    paths = files or suite.beside(settings_of(config).rules, rules_dir())
    if not paths:
        raise Misconfigured([Mistake("tests", "", "expected files *.yml with tests beside the configured rules, or named here")])
    with _no(as_json=as_json):
        suites = gathered(paths, lambda path: suite.load(path, rules_dir()))
    results = [_told(result, as_json=as_json) for one in suites for result in run(one)]
    if as_json:
        print_json(report.document(results))
    else:
        typer.echo(report.summary(results))
    if any(result.differences for result in results):
        raise typer.Exit(1)


@contextmanager
def _no(*, as_json: bool) -> Iterator[None]:
    """What is wrong in files that can be read is an answer: no."""
    try:
        yield
    except UnreadError:
        raise
    except Misconfigured as wrong:
        if as_json:
            print_json(_document((), wrong.mistakes))
        else:
            typer.echo(complaint(wrong), err=True)
        raise typer.Exit(1) from None


def _document(rules: Sequence[Rule], mistakes: Sequence[Mistake]) -> dict[str, Any]:
    on = [{"name": rule.name, "kind": kind_of(rule), "needs": list(needs(rule))} for rule in rules]
    return {"rules": on, "mistakes": [mistake._asdict() for mistake in mistakes]}


def _table(rules: Sequence[Rule]) -> Table:
    table = Table("rule", "kind", "needs", box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    for rule in rules:
        table.add_row(rule.name, kind_of(rule), "\n".join(needs(rule)))
    return table


def _told(result: Result, *, as_json: bool) -> Result:
    if not as_json:
        for line in report.lines(result):
            typer.echo(line)
    return result
