"""Versions under watch: how long, beside what, how many, and from which history."""

from msgspec.structs import replace

from agent.alerting.evaluator import Evaluator
from agent.alerting.minutes import start_of
from agent.alerting.rule import DropRule
from agent.alerting.triage.grouping import GROUP_WAIT
from tests.alerting.traffic import DAY, QUALITY, RULES, START, evaluator, history, key, row, steady, walk

FALLEN = (100, 80, 0, 0)  # 10 points below the history's 90 %
DROP = RULES[0]
assert isinstance(DROP, DropRule)


def test_the_version_rule_is_active_for_72_hours() -> None:
    """A fall that begins on the fourth day is for the other baselines."""
    judge = Evaluator([replace(DROP, baselines=("version",))], QUALITY)
    judge.warm(history())
    minutes = [*steady((1, 1, 0, 0), 3 * DAY), *steady((100, 0, 0, 0), 60, first=START + 3 * DAY)]
    assert walk(judge, minutes) == []


def test_the_next_deployment_is_not_compared_with_a_broken_one() -> None:
    """A day on a broken version is in no baseline: the next version, as broken, is seen to be."""
    judge = evaluator(history(days=2))
    minutes = [*steady(FALLEN, 2 * DAY), *steady(FALLEN, 60, key(version="v43"), START + 2 * DAY)]
    walk(judge, minutes)
    assert judge._falls.deployments._watches is not None
    bases = [
        tally.baseline
        for watches in judge._falls.deployments._watches.values()
        for watch in watches.values()
        for tally in watch.tallies.values()
        if tally.measure != "has_results"
    ]
    assert {round(base.mean, 3) for base in bases if base is not None and base.n} == {0.9, 0.47}


def test_history_of_a_deployment_goes_on() -> None:
    """A process that starts ten minutes after a deployment knows what came on it."""
    judge = evaluator(history())
    judge.warm(each for rows in steady(FALLEN, 10) for each in rows)
    ((minute, incident),) = walk(judge, steady(FALLEN, 10, first=START + 10), START + 10)
    assert minute == 14 + GROUP_WAIT
    assert incident.began_at == start_of(START)
    assert incident.n == 1500


def test_a_version_name_that_changes_all_the_time_does_not_pile_up() -> None:
    """Each is noticed; a collection has eight under watch at most."""
    judge = evaluator(history())
    for at in range(50):
        judge.advance(START + at, [row(START + at, key(version=f"build-{at}"), 100, 90)])
    assert len(judge.changes) == 50
    assert sum(len(watches) for watches in judge._falls.deployments._watches.values()) == 8
