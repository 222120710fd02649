"""How long a message is tried."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
import stamina
from stamina.instrumentation import RetryDetails, set_on_retry_hooks

from agent.notify import retry
from agent.notify.base import Message, TransportError
from agent.notify.memory import MemoryNotifier
from tests.notify.examples import KOREAN, QUICK

MESSAGE = Message(KOREAN, "title", "text")


def away(retry_after: float | None = None) -> TransportError:
    """An error that another try may mend."""
    return TransportError("away", permanent=False, retry_after=retry_after)


@pytest.fixture
def waits() -> Iterator[list[float]]:
    """The waits that stamina schedules."""
    seen: list[float] = []

    def note(details: RetryDetails) -> None:
        seen.append(details.wait_for)

    set_on_retry_hooks([note])
    yield seen
    set_on_retry_hooks(None)


def test_transient_errors_are_tried_again(waits: list[float]) -> None:
    """Two failures, then the message arrives once."""
    notifier = MemoryNotifier(failures=[away(), away()])
    retry.send(notifier, MESSAGE, QUICK)
    assert (notifier.messages, len(waits)) == ([MESSAGE], 2)


def test_waits_grow(waits: list[float]) -> None:
    """Without jitter each wait doubles, up to the longest."""
    patience = replace(QUICK, wait_initial=0.001, wait_max=0.003, wait_jitter=0.0)
    retry.send(MemoryNotifier(failures=[away(), away(), away()]), MESSAGE, patience)
    assert waits == pytest.approx([0.001, 0.002, 0.003])


def test_permanent_errors_are_not_tried_again(waits: list[float]) -> None:
    """One attempt, and the error comes out."""
    notifier = MemoryNotifier(failures=[TransportError("gone", permanent=True)])
    with pytest.raises(TransportError, match="gone"):
        retry.send(notifier, MESSAGE, QUICK)
    assert (notifier.messages, waits) == ([], [])


def test_attempts_are_bounded() -> None:
    """After the last attempt the last error comes out."""
    notifier = MemoryNotifier(failures=[away() for _ in range(9)])
    with pytest.raises(TransportError, match="away"):
        retry.send(notifier, MESSAGE, QUICK)
    assert len(notifier.failures) == 9 - QUICK.attempts


def test_retry_after_is_the_wait(waits: list[float]) -> None:
    """A channel that asks for a wait gets just that wait, even above the longest of ours."""
    retry.send(MemoryNotifier(failures=[away(retry_after=0.05)]), MESSAGE, QUICK)
    assert waits == pytest.approx([0.05])


def test_retry_after_of_nothing_waits_all_the_same(waits: list[float]) -> None:
    """`Retry-After: 0` is no leave to hammer."""
    retry.send(MemoryNotifier(failures=[away(retry_after=0)]), MESSAGE, QUICK)
    assert waits == pytest.approx([QUICK.wait_initial])


def test_retry_after_beyond_the_timeout_gives_up(waits: list[float]) -> None:
    """An hour's wait is not waited for."""
    with pytest.raises(TransportError):
        retry.send(MemoryNotifier(failures=[away(retry_after=3600)]), MESSAGE, QUICK)
    assert waits == []


def test_other_errors_are_not_tried_again(waits: list[float]) -> None:
    """A bug is no transport error."""

    class Buggy(MemoryNotifier):
        def send(self, message: Message) -> None:
            raise KeyError(message.title)

    with pytest.raises(KeyError):
        retry.send(Buggy(), MESSAGE, QUICK)
    assert waits == []


def test_stamina_is_active() -> None:
    """Nothing in the tests has switched the retries off."""
    assert stamina.is_active()
    assert not stamina.is_testing()
