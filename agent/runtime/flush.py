"""One flush: insert, then read the position back whatever the insert answered, and decide what that means.

The stored position is compared and swapped by the insert's token, so of several writers one wins whole; nobody needs to
know who. Proved with crashes, stalls, lost answers and burnt tokens.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from agent.errors import RetryLater
from agent.runtime.batch import Frozen
from agent.store.base import Flush, WindowLog

BURNT_AFTER = timedelta(seconds=10)
BURNT_ANSWERS = 4
RETRY_EVERY = timedelta(seconds=2)


class Outcome(StrEnum):
    """What became of a flush."""

    DONE = "done"  # the rows are in the store, whoever wrote them
    LOST = "lost"  # another writer went on from the same position: forget the batch
    AGAIN = "again"  # not known, or not written: the same rows and token later
    BURNT = "burnt"  # the engine knows the token and has not the rows: the same rows under the next attempt


def decide(flush: Flush, found: int | None, *, acknowledged: int, for_long: bool) -> Outcome:
    """What the position that was read back means.

    `acknowledged`: how often the insert was answered well and the position stood still; `for_long`: over at least 10 s.
    """
    if found == flush.end:
        return Outcome.DONE
    if found != flush.stored:
        return Outcome.LOST
    if acknowledged >= BURNT_ANSWERS and for_long:
        return Outcome.BURNT
    return Outcome.AGAIN


def attempt(windows: WindowLog, frozen: Frozen, now: datetime) -> Outcome:
    """Insert and read back once; notes in `frozen` when and with which token to try again, and why."""
    frozen.try_at, frozen.problem = now + RETRY_EVERY, "the insert was acknowledged, and its rows are not there"
    try:
        windows.append(frozen.flush)
        frozen.acknowledged += 1
        frozen.acknowledged_since = frozen.acknowledged_since or now
    except RetryLater as error:
        frozen.problem = str(error)
    try:
        found = windows.position(frozen.flush.source)
    except RetryLater as error:
        frozen.problem = f"the position cannot be read back: {error}"
        return Outcome.AGAIN
    for_long = frozen.acknowledged_since is not None and now - frozen.acknowledged_since >= BURNT_AFTER
    outcome = decide(frozen.flush, found, acknowledged=frozen.acknowledged, for_long=for_long)
    if outcome is Outcome.BURNT:
        frozen.flush = frozen.flush._replace(attempt=frozen.flush.attempt + 1)
        frozen.acknowledged, frozen.acknowledged_since = 0, None
    return outcome
