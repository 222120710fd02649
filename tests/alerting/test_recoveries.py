"""Open incidents: what ends them, and what does not."""

from agent.alerting.minutes import end_of, start_of
from agent.alerting.triage.grouping import GROUP_WAIT
from tests.alerting.traffic import DAY, START, evaluator, history, key, row, states, steady, walk

FALLEN = (100, 80, 0, 0)  # 10 points below the history's 90 %
WELL = (100, 90, 0, 0)
OLD, NEW = key(version="v41"), key(version="v42")


def test_it_ends_when_the_language_has_recovered_on_all_its_traffic() -> None:
    """Rolled back when it fired: an hour entirely after the firing, then 15 minutes in a row; it does not open again."""
    judge = evaluator(history())
    found = walk(judge, [*steady(FALLEN, 8), *steady(WELL, 500, OLD, START + 8)])
    assert states(found) == [(7 + GROUP_WAIT, "firing"), (7 + 60 + 14, "resolved")]
    assert found[1][1].resolved_at == end_of(START + 81)
    assert "is back" in found[1][1].summary


def test_silence_ends_nothing() -> None:
    """A day without traffic, then traffic that is as bad as before."""
    judge = evaluator(history())
    assert states(walk(judge, [*steady(FALLEN, 8), *([[]] * DAY), *steady(FALLEN, 300, OLD, START + 8 + DAY)])) == [(12, "firing")]


def test_it_stays_open_beyond_the_72_hours() -> None:
    """An incident ends by recovery, not by the calendar."""
    judge = evaluator(history())
    minutes = [*steady(FALLEN, 4000), *steady(FALLEN, 700, first=START + 4000), *steady(WELL, 300, first=START + 4700)]
    found = states(walk(judge, minutes))
    assert found[0] == (12, "firing")
    assert [state for _, state in found] == ["firing", "resolved"]
    assert found[1][0] > 4700


def test_a_canary_does_not_look_recovered_because_the_rest_is_well() -> None:
    """One query in ten on the new version: all traffic together is one point down, the new version ten."""
    judge = evaluator(history((60_000, 54_000, 0, 0)))
    minutes = [[row(START + at, OLD, 900, 810), row(START + at, NEW, 100, 80)] for at in range(600)]
    assert states(walk(judge, minutes)) == [(12, "firing")]


def test_a_fall_that_comes_back_is_a_new_incident_of_the_same_fingerprint() -> None:
    """Repaired in place, and broken again: no window reaches back before the recovery, and it began when it was broken again."""
    judge = evaluator(history())
    minutes = [*steady(FALLEN, 8), *steady(WELL, 100, first=START + 8), *steady(FALLEN, 100, first=START + 108)]
    first, resolved, second = (incident for _, incident in walk(judge, minutes))
    assert first.fingerprint == resolved.fingerprint == second.fingerprint
    assert resolved.resolved_at is not None
    assert resolved.resolved_at < start_of(START + 108)
    assert second.began_at == start_of(START + 108)
    assert [incident.state for incident in judge.incidents] == ["resolved", "firing"]
