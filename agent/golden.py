"""The composition root of `golden run`, `list` and `coverage`: a labelled set, the search of a service, and the store between them."""

import json
import logging
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import timedelta
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from pydantic import ValidationError

from agent import checking, logs, opening, parts, progress, reached
from agent.config.checks import run_name
from agent.config.mistakes import problems_of
from agent.config.probing_settings import EndpointSettings, GoldenSettings
from agent.config.settings import Settings
from agent.errors import Misconfigured, Mistake, NotFound
from agent.opening import CLOCK
from agent.probing import kept
from agent.probing.golden import coverage as coverages
from agent.probing.golden import dataset, partial, result
from agent.probing.golden.dataset import Dataset
from agent.probing.golden.run import SETTLE, Ended, Means, Plan
from agent.probing.golden.run import run as run_through
from agent.probing.golden.sending import Load
from agent.times import format_duration

HIDDEN: Final = Path(".babelwatch")  # of the working folder, where a server keeps the rows

Tell = Callable[[str], object]


class Asked(NamedTuple):
    """What was said on the command line; `given` are `url`, `body` (JSON) and `results`, `entry` and `against` names of settings.

    `only_there`: a language without queries is left out. `settle`: seconds that an agent beside us has to learn of the run.
    """

    dataset: Path
    name: str
    entry: str | None = None
    given: Mapping[str, str] = {}
    languages: tuple[str, ...] = ()
    against: str | None = None
    store: Path | None = None
    anew: bool = False
    only_there: bool = False
    settle: float = SETTLE


class Search(NamedTuple):
    """What a run is called, and the endpoint that it asks."""

    name: str
    endpoint: EndpointSettings


def run(settings: Settings, asked: Asked, tell: Tell) -> dict[str, Any]:
    """Send a set to a search, or to two; `tell` hears how many searches it will be. Returns what `golden run --json` prints.

    With a second search: that of the first, and `against`, the same of the second, and `differences` between them.
    """
    logs.configure(logging.WARNING)
    searches = [Search(_named(asked.name), _endpoint(settings, asked))]
    if asked.against:
        searches.append(Search(_named(asked.against), _entry(settings, asked.against, "--against").endpoint))
    if len({search.name for search in searches}) < len(searches):
        raise Misconfigured([Mistake("--against", "", "expected the name of other settings than that of the run")])
    found = set_of(settings, asked.dataset)
    if asked.languages:
        found = found.only(_there(found, asked, tell))
    if not found.queries:
        return _nothing(asked)
    ended = [_run(settings, asked, search, found, tell) for search in searches]
    if len(ended) == 1:
        return ended[0].result
    gains = result.differences(ended[0].outcome, ended[1].outcome)
    return {**ended[0].result, "against": ended[1].result, "differences": gains}


def _languages(asked: Asked) -> tuple[str, ...]:
    """The languages that are asked for, in one order."""
    return tuple(sorted(checking.tags(asked.languages, "--languages")))


def _there(found: Dataset, asked: Asked, tell: Tell) -> tuple[str, ...]:
    """The languages that are asked for; those that the set does not have are left out where that is no mistake."""
    wanted, there = _languages(asked), found.languages()
    missing = [tag for tag in wanted if tag not in there]
    if not asked.only_there or not missing:
        return wanted
    tell(f"No queries in {', '.join(missing)}.")
    return tuple(tag for tag in wanted if tag in there)


def _nothing(asked: Asked) -> dict[str, Any]:
    """Nobody was asked, and nothing is kept."""
    return {
        "run": None,
        "name": asked.name,
        "dataset": str(asked.dataset),
        "queries": 0,
        "failed": 0,
        "warnings": [],
        "languages": [],
        "pairs": [],
    }


def runs(settings: Settings, store: Path | None) -> list[dict[str, Any]]:
    """The runs that are kept, oldest first: what `compare` finds it by, languages it was narrowed to, and what it found."""
    with reached.journal(settings, store) as journal:
        found = kept.golden_runs(journal)
    told = zip(kept.addresses(found), found, strict=True)
    return [{"address": address, "languages_only": list(one.languages), **one.result} for address, one in told]


def unfinished(settings: Settings, store: Path | None) -> list[str]:
    """A sentence for each run that was begun here and is not kept yet."""
    return [
        f"{one.name} has not ended: {_answers(one.answered)} since {one.at:%Y-%m-%d %H:%M}. "
        "Unless it still runs, the same command goes on from there."
        for one in partial.left(_folder(settings, store), CLOCK.now())
    ]


def set_of(settings: Settings, path: Path | None) -> Dataset:
    """The set in this path, without one that of the only settings of a golden set; raises Misconfigured with every mistake."""
    if path is None and len(settings.golden) != 1:
        expected = f"expected a golden set: {len(settings.golden)} are configured under golden"
        raise Misconfigured([Mistake("DATASET", "", expected)])
    return dataset.load(path or settings.golden[0].dataset, parts.documents(settings.source))


def coverage(settings: Settings, found: Dataset, words: Mapping[str, str], store: Path | None, budget: int) -> dict[str, Any]:
    """Traffic beside a set, pair by pair, and what to label next."""
    with reached.reading(settings, store) as views:
        return coverages.coverage(views.pairs(words), found, budget)


def _run(settings: Settings, asked: Asked, search: Search, found: Dataset, tell: Tell) -> Ended:
    endpoint, name = search.endpoint, secrets.token_hex(8)
    load = Load(endpoint.depth, endpoint.rate, endpoint.concurrency)
    plan = Plan(name, search.name, found, _languages(asked), load, checking.settle(settings, asked.store, asked.settle))
    file = _folder(settings, asked.store) / f"{'+'.join((search.name, *plan.languages))}{partial.SUFFIX}"
    with (
        partial.opened(file, _fingerprint(found, endpoint), CLOCK.now(), anew=asked.anew) as part,
        _telling_when_stopped(part, asked, tell),
        closing(checking.retriever(endpoint, name)) as retriever,
        progress.counting(f"searching ({search.name})") as shown,
    ):
        tell(_announced(plan, endpoint, len(part.answers)))
        return run_through(plan, Means(retriever, lambda rows: checking.keep(settings, asked.store, rows), CLOCK, shown), part)


@contextmanager
def _telling_when_stopped(part: partial.Partial, asked: Asked, tell: Tell) -> Iterator[None]:
    """Who presses Ctrl-C is told what that leaves."""
    try:
        yield
    except KeyboardInterrupt:
        again = f"The same command{' without --anew' * asked.anew} goes on from there for a day."
        tell(f"Stopped: {_answers(len(part.answers))} and kept. {again}" if part.answers else "Stopped: no query is answered yet.")
        raise


def _answers(count: int) -> str:
    return f"{count:,} {'query is' if count == 1 else 'queries are'} answered"


def _folder(settings: Settings, store: Path | None) -> Path:
    home = store or opening.home(settings)
    return (home or HIDDEN) / "golden"


def _fingerprint(found: Dataset, endpoint: EndpointSettings) -> str:
    """What makes answers those to the same questions of the same search."""
    how = [found.fingerprint(), endpoint.url, endpoint.method, dict(endpoint.body), endpoint.results, endpoint.depth]
    return blake2b(json.dumps(how, sort_keys=True).encode(), digest_size=16).hexdigest()


def _announced(plan: Plan, endpoint: EndpointSettings, answered: int) -> str:
    queries = len(plan.dataset.queries)
    left = queries - answered
    at_least = timedelta(seconds=round(left / plan.load.rate + plan.settle))
    before = f" ({answered:,} of {queries:,} are answered already; --anew asks all)" if answered else ""
    host = urlsplit(endpoint.url).netloc
    return f"{left:,} searches at {host}, at most {plan.load.rate:g} a second: {format_duration(at_least)} or longer{before}."


def _named(name: str) -> str:
    try:
        return run_name(name)
    except ValueError as expected:
        raise Misconfigured([Mistake("--name", "", f"expected {expected}, found {name[:40]!r}")]) from None


def _endpoint(settings: Settings, asked: Asked) -> EndpointSettings:
    """What was given, else that of the named settings, else of those with the run's name, or its set, or the only ones."""
    if asked.given and asked.entry:
        raise Misconfigured([Mistake("--golden", "", "expected without --url, --body and --results: one of them says what to ask")])
    if asked.given:
        return _said(asked.given)
    if asked.entry:
        return _entry(settings, asked.entry, "--golden").endpoint
    by_name = [one for one in settings.golden if one.name == asked.name]
    by_set = [one for one in settings.golden if one.dataset.resolve() == asked.dataset.resolve()]
    found = next((some for some in (by_name, by_set, settings.golden) if len(some) == 1), None)
    if found is None:
        names = ", ".join(one.name for one in settings.golden) or "none"
        expected = f"expected --url, or --golden with the name of settings under golden (there: {names})"
        raise Misconfigured([Mistake("golden run", "", expected)])
    return found[0].endpoint


def _entry(settings: Settings, name: str, option: str) -> GoldenSettings:
    for one in settings.golden:
        if one.name == name:
            return one
    names = ", ".join(one.name for one in settings.golden) or "none"
    raise NotFound([Mistake(option, "", f"expected the name of settings under golden (there: {names}), found {name!r}")])


def _said(given: Mapping[str, str]) -> EndpointSettings:
    try:
        body = {"body": json.loads(given["body"])} if "body" in given else {}
        return EndpointSettings.model_validate({**given, **body})
    except ValidationError as error:
        told = [Mistake(f"--{problem.at[0]}", ".".join(problem.at[1:]), problem.expected) for problem in problems_of(error)]
        raise Misconfigured(told) from error
    except ValueError as error:
        raise Misconfigured([Mistake("--body", "", f"expected JSON: {error}")]) from error
