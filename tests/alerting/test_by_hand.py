"""What people did, until the minute in which it counts."""

from datetime import timedelta

from msgspec.structs import replace

from agent.alerting.action import Action
from agent.alerting.by_hand import Actions, ended_here
from agent.alerting.minutes import end_of
from tests.alerting.test_episodes import FELL
from tests.alerting.traffic import START

ACCEPT = Action(FELL.fingerprint, FELL.began_at, "accept", end_of(START + 100))


def test_an_action_counts_from_the_minute_in_which_it_was_done() -> None:
    """Once, in the order of their times, however they come."""
    waiting, later = Actions(), replace(ACCEPT, action="ack", at=ACCEPT.at + timedelta(seconds=1))
    waiting.add([later])
    waiting.add([ACCEPT])
    assert waiting.due(START + 99) == []
    assert waiting.due(START + 100) == [ACCEPT]
    assert waiting.due(START + 200) == [later]
    assert waiting.due(START + 201) == []


def test_it_ends_the_incident_that_it_is_about() -> None:
    """Not another one, nor the same language's at another time."""
    over = ended_here(ACCEPT, FELL, START + 100)
    assert over is not None
    assert (over.state, over.accepted_at, over.resolved_at) == ("resolved", ACCEPT.at, end_of(START + 100))
    assert ended_here(replace(ACCEPT, fingerprint="0"), FELL, START + 100) is None
    assert ended_here(replace(ACCEPT, began_at=None), FELL, START + 100) is None
