"""How long a message is tried, and how long a receiver is left alone."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from agent.notify import retry
from agent.notify.base import TransportError
from agent.notify.retry import LONGEST_ASKED, LONGEST_REST, SHORTEST_REST
from tests.notify.examples import QUICK


class Waits(threading.Event):
    """Waits no time, and keeps how long it should have been."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        """Note it."""
        self.seen.append(timeout or 0.0)
        return self.is_set()


class Work:
    """Fails so many times, then is done."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = [*failures]
        self.done = 0

    def __call__(self) -> None:
        """Try."""
        if self.failures:
            raise self.failures.pop(0)
        self.done += 1


@pytest.fixture
def waits() -> Waits:
    """An event that nobody waits for."""
    return Waits()


def away(retry_after: float | None = None) -> TransportError:
    """An error that another try may mend."""
    return TransportError("away", permanent=False, retry_after=retry_after)


def test_transient_errors_are_tried_again(waits: Waits) -> None:
    """Two failures, then it is done once."""
    work = Work(away(), away())
    retry.send(work, QUICK, waits)
    assert (work.done, len(waits.seen)) == (1, 2)


def test_waits_grow(waits: Waits) -> None:
    """Without jitter each wait doubles, up to the longest."""
    retry.send(Work(away(), away(), away()), replace(QUICK, wait_initial=1.0, wait_max=3.0, wait_jitter=0.0), waits)
    assert waits.seen == pytest.approx([1.0, 2.0, 3.0])


def test_permanent_errors_are_not_tried_again(waits: Waits) -> None:
    """One attempt, and the error comes out."""
    with pytest.raises(TransportError, match="gone"):
        retry.send(Work(TransportError("gone", permanent=True)), QUICK, waits)
    assert waits.seen == []


def test_attempts_are_bounded(waits: Waits) -> None:
    """After the last attempt the last error comes out."""
    work = Work(*(away() for _ in range(9)))
    with pytest.raises(TransportError, match="away"):
        retry.send(work, QUICK, waits)
    assert len(work.failures) == 9 - QUICK.attempts


def test_retry_after_is_the_wait(waits: Waits) -> None:
    """A channel that asks for a wait gets just that wait, even above the longest of ours."""
    retry.send(Work(away(retry_after=0.05)), QUICK, waits)
    assert waits.seen == pytest.approx([0.05])


def test_retry_after_of_nothing_waits_all_the_same(waits: Waits) -> None:
    """`Retry-After: 0` is no leave to hammer."""
    retry.send(Work(away(retry_after=0)), QUICK, waits)
    assert waits.seen == pytest.approx([QUICK.wait_initial])


def test_retry_after_beyond_the_timeout_gives_up(waits: Waits) -> None:
    """An hour's wait is not waited for."""
    with pytest.raises(TransportError):
        retry.send(Work(away(retry_after=3600)), QUICK, waits)
    assert waits.seen == []


def test_other_errors_are_not_tried_again(waits: Waits) -> None:
    """A bug is no transport error."""
    with pytest.raises(KeyError):
        retry.send(Work(KeyError("x")), QUICK, waits)
    assert waits.seen == []


def test_who_stops_is_not_kept_waiting(waits: Waits) -> None:
    """The attempt that is being made is the last one."""
    waits.set()
    work = Work(away(), away())
    with pytest.raises(TransportError):
        retry.send(work, QUICK, waits)
    assert (len(work.failures), waits.seen) == (1, [])


def test_a_stop_ends_the_waiting() -> None:
    """A wait of a minute ends at once."""
    stop = threading.Event()
    threading.Timer(0.05, stop.set).start()
    with pytest.raises(TransportError):
        retry.send(Work(*(away() for _ in range(9))), replace(QUICK, wait_initial=60.0, timeout=600.0, wait_max=60.0), stop)


def test_rests_grow_to_their_longest() -> None:
    """Half a minute, a minute, two, four, and never more than five."""
    minutes = [retry.rest(failures, away()) / timedelta(minutes=1) for failures in (1, 2, 3, 4, 5, 1000)]
    assert minutes == [0.5, 1, 2, 4, 5, 5]
    assert (timedelta(seconds=30), timedelta(minutes=5)) == (SHORTEST_REST, LONGEST_REST)


def test_a_channel_is_left_alone_as_long_as_it_asks() -> None:
    """Twenty minutes are twenty minutes, but a week is an hour."""
    assert retry.rest(1, away(retry_after=1200)) == timedelta(minutes=20)
    assert retry.rest(1, away(retry_after=7 * 86400)) == LONGEST_ASKED
