"""The tests that come with the bundled rules."""

from pathlib import Path

import pytest

from agent.resources import rules_dir
from agent.rule_tests import report
from agent.rule_tests.run import run
from agent.rule_tests.suite import Suite, load

SUITES = [load(path, rules_dir()) for path in sorted((rules_dir() / "tests").glob("*.yml"))]
NOT_YET = {
    "Korean falls by ten points and nothing was deployed": "trailing baselines",
    "no queries are no evidence, neither of a fall nor of recovery": "trailing baselines",
    "a point a week is too slow for the days before, and is found all the same": "the fixed reference",
    "Korean lies 35 points below the three largest languages, French ten": "the kind gap",
    "Korean traffic stops": "the kind vanished",
    "a twentieth is gone too, a third is not": "the kind vanished",
}
CASES = [
    pytest.param(
        suite._replace(cases=(case,)),
        id=f"{Path(suite.file).stem}: {case.name}",
        marks=[pytest.mark.xfail(reason=f"{NOT_YET[case.name]}: not judged yet")] if case.name in NOT_YET else [],
    )
    for suite in SUITES
    for case in suite.cases
]


@pytest.mark.parametrize("suite", CASES)
def test_the_bundled_rules_do_what_their_tests_say(suite: Suite) -> None:
    """Series in, incidents out."""
    (result,) = run(suite)
    assert not result.differences, "\n".join(report.lines(result))
