"""The flush protocol, walked through every interleaving up to a depth: each offset is counted exactly once.

And each part of the protocol is needed: without it the same walk finds a loss or a double.
"""

import pytest

from tests.runtime.flush_model import RECORDS, Faults, Rules, State, reachable, settled

ONCE = (1,) * RECORDS


def broken(rules: Rules, depth: int, writers: int = 2, faults: Faults = Faults()) -> tuple[State | None, int]:  # noqa: B008 - immutable
    """The first state in which, or after which, an offset is not counted once; and how many were looked at."""
    states = 0
    for state in reachable(State((None,) * writers, faults=faults), rules, depth):
        states += 1
        if max(state.counted) > 1 or settled(state, rules).counted != ONCE:
            return state, states
    return None, states


@pytest.mark.parametrize(("writers", "depth"), [(2, 13), (3, 10)])
def test_each_offset_is_counted_exactly_once(writers: int, depth: int) -> None:
    """Crashes, zombies, lost and late answers, burnt and forgotten tokens, stale readings: in every order."""
    found, states = broken(Rules(), depth, writers)
    assert found is None
    assert states > 20_000


@pytest.mark.parametrize("part", Rules._fields)
def test_no_part_of_the_protocol_can_be_left_out(part: str) -> None:
    """So the walk finds what it looks for."""
    found, _ = broken(Rules(**{part: False}), depth=10)
    assert found is not None
