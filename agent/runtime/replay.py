"""`replay`: files through the very same path at full speed, then the minutes one by one in event time."""

from datetime import timedelta
from typing import Protocol

from agent.clock import Clock
from agent.errors import Unreachable
from agent.runtime.consume import Consumer
from agent.runtime.evaluate import Evaluation, minute_of
from agent.store.base import MINUTE, WindowReader

STORE_PATIENCE = timedelta(minutes=2)


class Watcher(Protocol):
    """Is told how far a replay is."""

    def read(self) -> None:
        """More of the log was read."""

    def evaluated(self, done: int, total: int) -> None:
        """So many minutes of so many were evaluated."""


def replay(consumer: Consumer, evaluation: Evaluation, windows: WindowReader, clock: Clock, watcher: Watcher) -> None:
    """Count to the end, then evaluate every minute up to the newest. Raises Unreachable."""
    evaluation.resume()
    consumer.evaluated_to = minute_of(evaluation.evaluated_to)
    _read(consumer, clock, watcher)
    if span := windows.span():
        evaluation.walk(span[1] + MINUTE, None, watcher.evaluated)


def _read(consumer: Consumer, clock: Clock, watcher: Watcher) -> None:
    """Read to the end, and write everything; what is away is waited for, but not for ever."""
    deadline = clock.now() + STORE_PATIENCE
    while not consumer.exhausted or not consumer.flush_all() or consumer.waits:
        if not consumer.exhausted and not consumer.waits:
            deadline = clock.now() + STORE_PATIENCE
        elif clock.now() > deadline:
            raise Unreachable("the store takes no more windows; replay the same files again to go on where it stopped")
        else:
            clock.sleep(0.5)
        consumer.step()
        watcher.read()
