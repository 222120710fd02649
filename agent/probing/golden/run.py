"""One golden run: open it, send its queries, score the answers, keep what came out."""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from agent.clock import Clock
from agent.errors import BabelwatchError, Misconfigured, Unreachable
from agent.probing.base import Retriever
from agent.probing.golden import result
from agent.probing.golden.dataset import Dataset, Query
from agent.probing.golden.figures import Ranked, values_of
from agent.probing.golden.opening import Keep, Opening, opening
from agent.probing.golden.partial import Partial
from agent.probing.golden.result import Failure, Outcome
from agent.probing.golden.sending import Answer, Load, send
from agent.probing.kept import GoldenRun, entry_of, whole_milliseconds

SETTLE: Final = 15.0  # seconds: an agent beside us looks every few of them which runs are open
IN_A_ROW: Final = 10  # failures of all languages: the search is gone; where it never answered, those of the first round say so

Progress = Callable[[int, int], object]


class Plan(NamedTuple):
    """What is asked: `run` is its id, `languages` those the set was narrowed to, empty where it was not.

    `settle`: seconds between the opening and the first query.
    """

    run: str
    name: str
    dataset: Dataset
    languages: tuple[str, ...]
    load: Load
    settle: float


class Means(NamedTuple):
    """Who is asked, who keeps what came out, and who watches."""

    retriever: Retriever
    keep: Keep
    clock: Clock
    progress: Progress


class Ended(NamedTuple):
    """What `golden run --json` prints, and the values behind it."""

    result: dict[str, Any]
    outcome: Outcome


def run(plan: Plan, means: Means, partial: Partial) -> Ended:
    """Ask what is not answered yet, then score and keep all of it.

    Raises the last error where the search is gone; the answers so far stay in `partial`. Raises what `keep` raises.
    """
    failures = _ask(plan, means, partial)
    outcome = _scored(plan, partial, failures)
    at = whole_milliseconds(means.clock.now())
    told = _told(plan, outcome, at)
    kept = entry_of(GoldenRun(plan.run, plan.name, at, plan.languages, told))
    means.keep([*result.entries(outcome, plan.run, at), kept])
    partial.remove()
    return Ended(told, outcome)


def _ask(plan: Plan, means: Means, partial: Partial) -> list[Failure]:
    left = spread([query for query in plan.dataset.queries if query.id not in partial.answers])
    if not left:
        return []
    began, lasts = means.clock.now(), timedelta(seconds=plan.settle + len(left) / plan.load.rate)
    opened = opening(plan.run, plan.name, left, (began, lasts), means.keep)
    opened.begin()
    try:
        means.clock.sleep(plan.settle)
        return _sent(plan, means, partial, left, opened)
    finally:
        opened.end(means.clock.now())


def _sent(plan: Plan, means: Means, partial: Partial, left: Sequence[Query], opened: Opening) -> list[Failure]:
    failures: list[Failure] = []
    done = in_a_row = 0
    queries = len(plan.dataset.queries)
    with closing(send(left, means.retriever, plan.load, means.clock)) as answers:
        for answer in answers:
            if answer:
                done, in_a_row = done + 1, in_a_row + 1 if answer.error else 0
                _take(answer, partial, failures)
            if answer and answer.error and in_a_row >= _enough(plan, partial):
                raise _gone(answer.error, len(partial.answers), queries)
            now = means.clock.now()
            opened.go_on(now, (now - opened.run.at) / max(done, 1) * (len(left) - done))
            means.progress(queries - len(left) + done, queries)
    return failures


def _enough(plan: Plan, partial: Partial) -> int:
    """So many failures in a row say that the search is gone."""
    return min(IN_A_ROW, len(plan.dataset.queries), *(() if partial.answers else (plan.load.concurrency,)))


def _take(answer: Answer, partial: Partial, failures: list[Failure]) -> None:
    if answer.error is None:
        partial.add(answer.query.id, answer.hits)
    else:
        failures.append(Failure(answer.query, str(answer.error)))


def _gone(error: BabelwatchError, answered: int, queries: int) -> BabelwatchError:
    """What stops the run: a search that is away is told with what is kept; a mistake of the settings as it is."""
    if isinstance(error, Misconfigured) or not answered:
        return error
    return Unreachable(f"{error}; {answered:,} of {queries:,} queries are answered: the same command goes on from there")


def spread(queries: Sequence[Query]) -> list[Query]:
    """The queries of all languages mixed evenly, so that a search which fails in one language fails never many times in a row."""
    counts, seen = Counter(query.language for query in queries), Counter[str]()
    places: list[tuple[float, int]] = []
    for n, query in enumerate(queries):
        seen[query.language] += 1
        places.append((seen[query.language] / (counts[query.language] + 1), n))
    return [queries[n] for _, n in sorted(places)]


def _scored(plan: Plan, partial: Partial, failures: Sequence[Failure]) -> Outcome:
    answered = [query for query in plan.dataset.queries if query.id in partial.answers]
    ranked = [Ranked(query, partial.answers[query.id]) for query in answered]
    return Outcome(ranked, values_of(ranked, plan.load.depth), failures, plan.load.depth)


def _told(plan: Plan, outcome: Outcome, at: datetime) -> dict[str, Any]:
    return {
        "run": plan.run,
        "name": plan.name,
        "dataset": plan.dataset.path,
        "labels": plan.dataset.labels,
        "at": at.isoformat(timespec="milliseconds"),
        "queries": len(plan.dataset.queries),
        "failed": len(outcome.failures),
        "warnings": [*plan.dataset.warnings, *result.warnings(outcome)],
        "languages": result.languages(outcome),
        "pairs": result.pairs(outcome),
    }
