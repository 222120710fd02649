"""Send with a bounded number of attempts: growing waits with jitter, or the wait that the channel asked for.

A permanent error is not tried again, and neither is one whose `Retry-After` is longer than the whole time-out: what is
not delivered then is a failed delivery, and it is the journal's to remember it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import stamina

from agent.notify.base import Message, Notifier, TransportError


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long one message to one receiver is tried; all waits in seconds."""

    attempts: int = 5
    timeout: float = 60.0
    wait_initial: float = 1.0
    wait_max: float = 20.0
    wait_jitter: float = 1.0


DEFAULT: Final = Patience()


def send(notifier: Notifier, message: Message, patience: Patience) -> None:
    """Deliver, or raise the last `TransportError`."""
    for attempt in stamina.retry_context(
        on=_wait_of(patience),
        attempts=patience.attempts,
        timeout=patience.timeout,
        wait_initial=patience.wait_initial,
        wait_max=patience.wait_max,
        wait_jitter=patience.wait_jitter,
    ):
        with attempt:
            notifier.send(message)


def _wait_of(patience: Patience) -> Callable[[Exception], bool | float]:
    def wait(error: Exception) -> bool | float:
        if not isinstance(error, TransportError) or error.permanent:
            return False
        if error.retry_after is None:
            return True
        return error.retry_after <= patience.timeout and max(error.retry_after, patience.wait_initial)

    return wait
