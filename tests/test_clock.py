"""The clock: it follows the machine's, and never goes back."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from agent.clock import SystemClock, steady

NOON = datetime(2026, 11, 16, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Machine:
    """A machine whose clock can be set."""

    def __init__(self) -> None:
        self.wall, self.up = NOON, 0.0

    def clock(self) -> SystemClock:
        """What reads it."""
        return SystemClock(lambda: self.wall, lambda: self.up)

    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.wall += timedelta(seconds=seconds)
        self.up += seconds


def test_it_is_the_machines() -> None:
    """As long as nobody sets it, or it is set forward."""
    machine = Machine()
    clock = machine.clock()
    machine.wait(5)
    assert clock.now() == NOON + timedelta(seconds=5)
    machine.wall += HOUR
    assert clock.now() == machine.wall


def test_set_back_it_goes_on_at_half_speed_until_both_agree() -> None:
    """What is due in a minute comes within two; twice the step later nobody can tell that there was one."""
    machine = Machine()
    clock = machine.clock()
    machine.wall -= HOUR
    begun = clock.now()
    machine.wait(120)
    assert clock.now() - begun == timedelta(seconds=60)
    for _ in range(120):
        machine.wait(60)
        clock.now()
    assert clock.now() == machine.wall


@given(st.lists(st.tuples(st.floats(0, 1e5), st.floats(-1e5, 1e5)), max_size=30))
def test_it_never_goes_back_and_is_never_behind(steps: list[tuple[float, float]]) -> None:
    """Whatever is done to the machine's."""
    machine = Machine()
    clock = machine.clock()
    before = clock.now()
    for passed, step in steps:
        machine.wait(passed)
        machine.wall += timedelta(seconds=step)
        now = clock.now()
        assert now >= max(before, machine.wall)
        before = now


def test_a_short_look_back_is_no_step() -> None:
    """Clocks that are adjusted by microseconds."""
    assert steady(NOON, NOON - timedelta(microseconds=3), 0.001) - NOON < timedelta(milliseconds=1)


def test_the_real_one_tells_the_time() -> None:
    """Aware, in UTC."""
    now = SystemClock().now()
    assert now.tzinfo is UTC
    assert abs(now - datetime.now(UTC)) < timedelta(seconds=5)
