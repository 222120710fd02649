"""The tests that come with the bundled rules."""

from pathlib import Path

import pytest

from agent.resources import rules_dir
from agent.rule_tests import report
from agent.rule_tests.run import run
from agent.rule_tests.suite import Suite, load

SUITES = [load(path, rules_dir()) for path in sorted((rules_dir() / "tests").glob("*.yml"))]
CASES = [
    pytest.param(suite._replace(cases=(case,)), id=f"{Path(suite.file).stem}: {case.name}")
    for suite in SUITES
    for case in suite.cases
]


@pytest.mark.parametrize("suite", CASES)
def test_the_bundled_rules_do_what_their_tests_say(suite: Suite) -> None:
    """Series in, incidents out."""
    (result,) = run(suite)
    assert not result.differences, "\n".join(report.lines(result))
