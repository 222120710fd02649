"""Runs a rule test: its rows through the evaluator, minute by minute, and what is there beside what was expected."""

from collections import deque
from collections.abc import Iterator, Sequence
from itertools import chain, islice, repeat
from typing import NamedTuple

import msgspec

from agent.alerting.evaluator import Evaluator
from agent.alerting.incident import Incident
from agent.alerting.sums import Minute
from agent.rule_tests.suite import INCIDENT, Case, Expected, Suite, Wanted
from agent.rule_tests.traffic import read_by, rows


class Difference(NamedTuple):
    """What is not as expected so many minutes after the start: incidents that are not there, and those that nobody expected."""

    at: int
    missing: tuple[Wanted, ...]
    unexpected: tuple[Wanted, ...]


class Result(NamedTuple):
    """A test that was run; it passed where nothing differs."""

    file: str
    case: Case
    differences: tuple[Difference, ...]


def run(suite: Suite) -> Iterator[Result]:
    """Each test of a file, in order, as it is done."""
    for case in suite.cases:
        yield Result(suite.file, case, tuple(_differences(case, suite)))


def _differences(case: Case, suite: Suite) -> Iterator[Difference]:
    quality = read_by(case.streams, suite.quality)
    evaluator = Evaluator(suite.rules, quality)
    minutes = chain(rows(case.streams, case.start, quality), repeat([]))
    evaluator.warm(chain.from_iterable(islice(minutes, case.history)))
    for expected in _walk(evaluator, case, minutes):
        found = compare(expected, evaluator.all_incidents)
        if found.missing or found.unexpected:
            yield found


def _walk(evaluator: Evaluator, case: Case, minutes: Iterator[list[Minute]]) -> Iterator[Expected]:
    """Evaluate all minutes that are over at the time of each expectation."""
    now = case.history
    for expected in case.expected:
        seen = chain.from_iterable(islice(minutes, expected.at - now))
        deque(evaluator.walk(seen, case.start + now, case.start + expected.at - 1), maxlen=0)
        now = expected.at
        yield expected


def compare(expected: Expected, incidents: Sequence[Incident]) -> Difference:
    """Take each incident that is wanted, the most exactly described first, from those that are there."""
    left = [_said(incident) for incident in incidents]
    missing = tuple(wanted for wanted in sorted(expected.incidents, key=len, reverse=True) if not _take(wanted, left))
    return Difference(expected.at, missing, tuple(left))


def _take(wanted: Wanted, left: list[Wanted]) -> bool:
    for number, there in enumerate(left):
        if wanted.items() <= there.items():
            del left[number]
            return True
    return False


def _said(incident: Incident) -> Wanted:
    """Of an incident what a test can ask for."""
    said = msgspec.to_builtins(incident)
    return {name: said[name] for name in INCIDENT if said[name]}
