"""What an evaluator leaves to the next one."""

import msgspec
from msgspec.structs import replace

from agent.alerting.known import REMEMBERED, State, newest, silenced
from agent.alerting.minutes import end_of
from agent.alerting.triage.grouping import Place
from tests.alerting.test_episodes import FELL, OVER
from tests.alerting.traffic import START


def test_each_incident_is_known_once_as_it_was_last() -> None:
    """Whatever the order in which its states are given; a pending one is none; in the order in which they fired."""
    later = replace(FELL, fired_at=end_of(START + 900))
    assert newest([later, OVER, FELL, replace(FELL, language="de", state="pending")]) == [OVER, later]


def test_what_ended_silently_keeps_its_times_for_as_long_as_there_is_history() -> None:
    """Without what was said of it."""
    soon = silenced((), [OVER], START + 700)
    assert [(one.began_at, one.resolved_at, one.evidence, one.summary) for one in soon] == [
        (OVER.began_at, OVER.resolved_at, (), "")
    ]
    assert silenced(soon, [], START + 700 + REMEMBERED) == soon
    other = replace(OVER, resolved_at=end_of(START + 700 + REMEMBERED))
    assert [one.resolved_at for one in silenced(soon, [other], START + 700 + REMEMBERED)] == [other.resolved_at]


def test_a_state_goes_through_json() -> None:
    """As it is stored in the journal."""
    state = State(silent=(OVER,), begins=((Place("help", "prod"), START),))
    assert msgspec.convert(msgspec.json.decode(msgspec.json.encode(state)), State) == state
    assert state.silent[0].resolved_at == end_of(START + 600)
