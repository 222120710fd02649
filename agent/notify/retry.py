"""Send with a bounded number of attempts: growing waits with jitter, or the wait that the channel asked for.

A permanent error is not tried again, and neither is one whose `Retry-After` is longer than the whole time-out: what is
not delivered then stays in the outbox, and another round comes.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import tenacity

from agent.notify.base import TransportError

LONGEST_REST: Final = timedelta(minutes=5)
SHORTEST_REST: Final = timedelta(seconds=30)
LONGEST_ASKED: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long one message to one receiver is tried in a round; all waits in seconds."""

    attempts: int = 5
    timeout: float = 60.0
    wait_initial: float = 1.0
    wait_max: float = 20.0
    wait_jitter: float = 1.0


DEFAULT: Final = Patience()


def send(work: Callable[[], None], patience: Patience, stop: threading.Event) -> None:
    """Do it, or raise the last `TransportError`; `stop` ends the waiting."""
    tenacity.Retrying(
        stop=tenacity.stop_any(
            tenacity.stop_after_attempt(patience.attempts),
            tenacity.stop_before_delay(patience.timeout),
            tenacity.stop_when_event_set(stop),
        ),
        wait=_wait(patience),
        retry=tenacity.retry_if_exception(_is_passing(patience)),
        sleep=tenacity.sleep_using_event(stop),
        reraise=True,
    )(work)


def rest(failures: int, error: TransportError) -> timedelta:
    """How long a receiver is left alone after so many rounds in a row have failed."""
    asked = timedelta(seconds=min(error.retry_after or 0.0, LONGEST_ASKED.total_seconds()))
    doubled: timedelta = SHORTEST_REST * 2 ** min(failures - 1, 10)
    return max(asked, min(doubled, LONGEST_REST))


def _is_passing(patience: Patience) -> Callable[[BaseException], bool]:
    def passing(error: BaseException) -> bool:
        return isinstance(error, TransportError) and not error.permanent and (error.retry_after or 0.0) <= patience.timeout

    return passing


def _wait(patience: Patience) -> Callable[[tenacity.RetryCallState], float]:
    growing = tenacity.wait_exponential_jitter(multiplier=patience.wait_initial, max=patience.wait_max, jitter=patience.wait_jitter)

    def wait(state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after if isinstance(error, TransportError) else None
        return growing(state) if asked is None else max(asked, patience.wait_initial)

    return wait
