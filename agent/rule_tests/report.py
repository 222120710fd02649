"""What is told of rule tests: lines for a person, a document for a script."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from agent.alerting.minutes import start_of
from agent.rule_tests.run import Difference, Result
from agent.rule_tests.suite import Wanted
from agent.times import format_duration

WHAT = ("language", "class", "state")


def lines(result: Result) -> Iterator[str]:
    """Whether a test passed; where not, what is missing (-) and what nobody expected (+)."""
    yield f"{'FAILED' if result.differences else 'passed'}  {result.file}: {result.case.name}"
    for difference in result.differences:
        since = format_duration(timedelta(minutes=difference.at))
        yield f"  after {since}, at {_time(result, difference)}"
        yield from (f"  - {_incident(one)}" for one in difference.missing)
        yield from (f"  + {_incident(one)}" for one in difference.unexpected)


def summary(results: Sequence[Result]) -> str:
    """How many passed."""
    failed = sum(bool(result.differences) for result in results)
    tests = f"{len(results)} test{'s' * (len(results) > 1)}"
    return f"{failed} of {tests} failed: - was expected and is not there, + is there." if failed else f"{tests} passed."


def document(results: Sequence[Result]) -> dict[str, Any]:
    """The same for a script."""
    failed = sum(bool(result.differences) for result in results)
    return {"passed": len(results) - failed, "failed": failed, "tests": [_test(result) for result in results]}


def _test(result: Result) -> dict[str, Any]:
    differences = [
        {"at": _time(result, one), "missing": list(one.missing), "unexpected": list(one.unexpected)} for one in result.differences
    ]
    return {"file": result.file, "name": result.case.name, "passed": not differences, "differences": differences}


def _time(result: Result, difference: Difference) -> str:
    return start_of(result.case.start + difference.at).isoformat().replace("+00:00", "Z")


def _incident(one: Wanted) -> str:
    rest = (f"{name} {value}" for name, value in one.items() if name not in WHAT)
    return ", ".join([" ".join(one[name] for name in WHAT), *rest])
