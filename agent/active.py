"""From settings to active checks: which there are, when they are due, and the commands that run them."""

from collections.abc import Sequence

from agent.config.probing_settings import GoldenSettings, ProbeSettings
from agent.config.settings import Settings
from agent.cron import parse_cron
from agent.errors import Misconfigured, Mistake
from agent.probing.due import Check, Kind, Planned, Why
from agent.runtime.schedule import Timed, babelwatch


def planned(settings: Settings) -> Planned:
    """The active checks of the settings."""
    return Planned(tuple(one.name for one in settings.probes), {one.name: one.service or "" for one in settings.golden})


def timed(settings: Settings) -> list[Timed]:
    """Those that have a schedule."""
    return [*_timed("probe", settings.probes), *_timed("golden", settings.golden)]


def _timed(kind: Kind, checks: Sequence[ProbeSettings | GoldenSettings]) -> list[Timed]:
    return [Timed(Check(kind, one.name, Why.SCHEDULE), parse_cron(one.schedule)) for one in checks if one.schedule]


def look(settings: Settings) -> None:
    """Look whether the files that they ask with are there; raises Misconfigured with each that is not.

    Only `config check` does: an agent whose files come and go says of each run that failed what it lacked.
    """
    sets = [
        Mistake(str(one.dataset), f"golden[{number}].dataset", "expected a folder in BEIR's layout, or a TSV, found none")
        for number, one in enumerate(settings.golden)
        if not one.dataset.exists()
    ]
    lists = [
        Mistake(str(one.pairs), f"probes[{number}].pairs", "expected a file of concepts, YAML or TSV, found none")
        for number, one in enumerate(settings.probes)
        if one.pairs and not one.pairs.is_file()
    ]
    if mistakes := [*sets, *lists]:
        raise Misconfigured(mistakes)


def command(settings: Settings, check: Check, options: Sequence[str]) -> list[str]:
    """How a check is run in a process of its own; `options` say where its settings are."""
    languages = ("--languages", check.language, "--only-there") if check.language else ()
    if check.kind == "probe":
        return babelwatch("probe", "run", "--probe", check.name, "--json", *languages, *options)
    return babelwatch(
        "golden",
        "run",
        _dataset(settings, check.name),
        "--name",
        check.name,
        "--golden",
        check.name,
        "--json",
        *languages,
        *options,
    )


def _dataset(settings: Settings, name: str) -> str:
    for one in settings.golden:
        if one.name == name:
            return str(one.dataset)
    raise Misconfigured([Mistake("", f"golden.{name}", "is not among the settings any more")])
