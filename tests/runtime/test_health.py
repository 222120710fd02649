"""Whether the loop turns, and what it waits for."""

from datetime import timedelta

import pytest

from agent.runtime.health import STUCK, Health
from tests.runtime.rig import NOW


@pytest.mark.parametrize(("after", "alive"), [(timedelta(0), True), (STUCK - timedelta(seconds=1), True), (STUCK, False)])
def test_a_loop_that_does_not_come_round_is_stuck(after: timedelta, alive: bool) -> None:  # noqa: FBT001  a table's column
    """Two minutes without a turn are no life any more."""
    assert Health(NOW).alive(NOW + after) is alive


def test_a_turn_is_a_sign_of_life() -> None:
    """Each one counts from its own time."""
    health = Health(NOW)
    health.turned(NOW + STUCK)
    assert health.alive(NOW + STUCK + STUCK / 2)


def test_an_agent_is_not_ready_before_it_says_so() -> None:
    """Between start and first evaluation nobody knows yet whether everything is there."""
    health = Health(NOW)
    assert health.missing() == {"start": "starting"}
    health.needs({})
    assert health.missing() == {}


def test_what_is_missing_is_what_was_said_last() -> None:
    """A change in the caller's own dictionary changes nothing."""
    health, missing = Health(NOW), {"kafka": "waits for topic logs"}
    health.needs(missing)
    missing.clear()
    assert health.missing() == {"kafka": "waits for topic logs"}
