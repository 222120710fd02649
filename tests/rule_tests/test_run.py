"""A rule test at work: what it takes in, when it looks, and what it calls a difference."""

from pathlib import Path
from typing import Any

import pytest

from agent.resources import rules_dir
from agent.rule_tests import report
from agent.rule_tests.run import Difference, Result, compare, run
from agent.rule_tests.suite import Expected, Wanted, load
from tests.notify.examples import incident

FALL = """
rules: [default]
tests:
  - name: a fall
    history: 1d
    series:
      - {language: de, index_version: v1, queries: 100x1d, hit_rate: .9}
      - {language: de, index_version: v2, queries: 0x1d 100x1h, hit_rate: .5}
    expect: [EXPECT]
"""
FIRING = "{language: de, class: change, state: firing}"


def result(folder: Path, expect: str, text: str = FALL) -> Result:
    """One test, run."""
    file = folder / "tests.yml"
    file.write_text(text.replace("EXPECT", expect), encoding="utf-8")
    (one,) = run(load(file, rules_dir()))
    return one


@pytest.mark.parametrize(
    "expect",
    [
        f"{{at: 1d5m, incidents: [{FIRING}]}}",
        "{at: 1d4m, incidents: [{language: de, class: change, state: pending}]}",
        f"{{at: 1d30m, incidents: [{FIRING}]}}, {{at: 24h1m, incidents: [{{language: de, class: change, state: pending}}]}}",
        f"{{at: 2026-01-06T00:30:00Z, incidents: [{FIRING}]}}, {{at: 1d30m, incidents: [{FIRING}]}}",
        f"{{at: 2d, incidents: [{FIRING}]}}",
    ],
    ids=["fired after five minutes", "not after four", "in any order", "twice at a time", "after the last query"],
)
def test_what_is_there_at_a_time(tmp_path: Path, expect: str) -> None:
    """All minutes that are over by then are evaluated, and no other."""
    assert result(tmp_path, expect).differences == ()


@pytest.mark.parametrize(
    ("expect", "missing", "unexpected"),
    [
        ("[]", [], ["firing"]),
        ("[{language: ko, class: change, state: firing}, " + FIRING + "]", ["firing"], []),
        ("[{language: de, class: change, state: resolved}]", ["resolved"], ["firing"]),
        ("[{language: de, class: change, state: firing, severity: info}]", ["firing"], ["firing"]),
        (f"[{FIRING}, {FIRING}]", ["firing"], []),
    ],
    ids=["unexpected", "missing", "another state", "another severity", "once, not twice"],
)
def test_a_test_fails_by_what_is_missing_and_by_what_nobody_expected(
    tmp_path: Path, expect: str, missing: list[str], unexpected: list[str]
) -> None:
    """Both are told, each with its state."""
    (difference,) = result(tmp_path, f"{{at: 1d30m, incidents: {expect}}}").differences
    assert difference.at == 1470
    assert [one["state"] for one in difference.missing] == missing
    assert [one["state"] for one in difference.unexpected] == unexpected


def test_history_is_as_good_as_evaluated_minutes(tmp_path: Path) -> None:
    """Where nothing happens in it the incidents are the same, and it is faster."""
    expect = "{at: 1d4m, incidents: [{language: de, class: change, state: pending}]}, {at: 1d5m, incidents: [" + FIRING + "]}"
    assert result(tmp_path, expect).differences == ()
    assert result(tmp_path, expect, FALL.replace("    history: 1d\n", "")).differences == ()


def test_a_test_that_is_run_twice_ends_alike(tmp_path: Path) -> None:
    """There is no chance in it."""
    expect = "{at: 1d30m, incidents: []}"
    assert result(tmp_path, expect) == result(tmp_path, expect)


def test_what_is_described_most_exactly_is_taken_first() -> None:
    """A loose expectation does not take the incident that a strict one needs."""
    loose: Wanted = {"language": "ko", "class": "change", "state": "firing"}
    strict: Wanted = {**loose, "severity": "critical"}
    there = [incident(severity="critical"), incident(severity="warning")]
    assert compare(Expected(5, (loose, strict)), there) == Difference(5, (), ())


def test_a_difference_is_told_line_by_line(tmp_path: Path) -> None:
    """With a minus what was expected, with a plus what is there, and when."""
    failed = result(tmp_path, "{at: 1d30m, incidents: [{language: ko, class: level, state: pending, rule: low}]}")
    first, time, minus, plus = report.lines(failed)
    assert first == f"FAILED  {tmp_path}/tests.yml: a fall"
    assert time == "  after 1d30m, at 2026-01-06T00:30:00Z"
    assert minus == "  - ko level pending, rule low"
    assert plus.startswith("  + de change firing, rule drop, ")


def test_the_sum_and_the_document_of_several(tmp_path: Path) -> None:
    """How many passed, and every difference for a script."""
    passed, failed = (result(tmp_path, f"{{at: 1d30m, incidents: {one}}}") for one in (f"[{FIRING}]", "[]"))
    assert report.summary([passed]) == "1 test passed."
    assert report.summary([passed, failed]).startswith("1 of 2 tests failed")
    document: dict[str, Any] = report.document([passed, failed])
    assert (document["passed"], document["failed"]) == (1, 1)
    good, bad = document["tests"]
    assert (good["name"], good["passed"], good["differences"]) == ("a fall", True, [])
    assert bad["differences"][0]["at"] == "2026-01-06T00:30:00Z"
    assert bad["differences"][0]["unexpected"][0]["language"] == "de"
