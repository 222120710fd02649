"""`babelwatch rules backtest` and `rules drill`: the rules on history."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from agent import history
from agent.backtest import terminal
from agent.errors import Misconfigured, Mistake
from agent.history import Asked
from agent.options import AsJson, Collection, Config, Environment, From, Service, Store, print_json, settings_of, words

Until = Annotated[str | None, typer.Option("--to", metavar="TIME", help="As --from; default: the newest minute.")]
Table = Annotated[
    Path | None,
    typer.Option("--minutes", metavar="FILE.csv.gz", help="Minutes from a CSV file instead of the store, plain or .gz."),
]
Rules = Annotated[
    list[Path] | None, typer.Option("--rules", metavar="FILE", help="Other rules than the configured ones; repeatable.")
]


def backtest(  # noqa: PLR0913, PLR0917 - one parameter an option
    start: From = None,
    end: Until = None,
    minutes: Table = None,
    labels: Annotated[
        Path | None, typer.Option("--labels", metavar="FILE.json", help="What truly happened: the incidents are scored by it.")
    ] = None,
    placebo: Annotated[
        bool, typer.Option("--placebo", help="Deployments that never were, instead: how often they would have raised an alarm.")
    ] = False,
    what_if: Annotated[bool, typer.Option("--what-if", help="Also with other z and points; takes a dozen times as long.")] = False,
    rules: Rules = None,
    service: Service = None,
    environment: Environment = None,
    collection: Collection = None,
    language: Annotated[str | None, typer.Option("--language", help="Only this query language.")] = None,
    store: Store = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """What the rules would have told of stored minutes.

    Minutes before --from are history; without any, the first days only become it.
    """
    if placebo and (labels or what_if):
        raise Misconfigured([Mistake("--placebo", "", "expected without --labels and --what-if: nothing truly happened then")])
    given = {
        "from": start,
        "to": end,
        "service": service,
        "environment": environment,
        "collection": collection,
        "language": language,
    }
    asked = _asked(given, store, minutes, rules)
    settings = settings_of(config)
    told = history.placebo(settings, asked) if placebo else history.backtest(settings, asked, labels, what_if=what_if)
    if as_json:
        print_json(told)
    else:
        Console().print(terminal.placebo(told) if placebo else terminal.backtest(told))


def drill(  # noqa: PLR0913, PLR0917 - one parameter an option
    language: Annotated[str, typer.Option("--language", metavar="L", help="Which query language falls.")],
    drop: Annotated[float, typer.Option("--drop", metavar="P", min=1, max=100, help="By how many points of hits and labels.")],
    minutes: Table = None,
    rules: Rules = None,
    service: Service = None,
    environment: Environment = None,
    collection: Collection = None,
    store: Store = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """How soon such a fall would be told.

    It is injected into stored minutes, from a moment each six hours of a week: silently, and as a deployment.
    """
    given = {"service": service, "environment": environment, "collection": collection}
    told = history.drill(settings_of(config), _asked(given, store, minutes, rules), language, drop)
    if as_json:
        print_json(told)
    else:
        Console().print(terminal.drill(told))


def _asked(given: dict[str, str | None], store: Path | None, minutes: Path | None, rules: list[Path] | None) -> Asked:
    if store and minutes:
        raise Misconfigured([Mistake("--minutes", "", "expected without --store: minutes come from one of them")])
    return Asked(words(given), store, minutes, rules or ())
