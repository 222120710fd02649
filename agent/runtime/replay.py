"""`replay`: files through the very same path at full speed, then the minutes one by one in event time."""

from collections.abc import Callable
from datetime import datetime, timedelta

from agent.alerting.incident import Incident
from agent.clock import Clock
from agent.errors import Unreachable
from agent.runtime.consume import Consumer
from agent.runtime.evaluate import MINUTE, Evaluation, minute_of
from agent.store.base import WindowReader

STORE_PATIENCE = timedelta(minutes=2)


def replay(
    consumer: Consumer, evaluation: Evaluation, windows: WindowReader, clock: Clock, progress: Callable[[], None]
) -> list[Incident]:
    """Count to the end, then evaluate every minute up to the newest; returns the transitions. Raises Unreachable."""
    evaluation.resume()
    consumer.evaluated_to = minute_of(evaluation.evaluated_to)
    while not consumer.exhausted:
        consumer.step()
        progress()
    _finish(consumer, clock, clock.now() + STORE_PATIENCE)
    span = windows.span()
    return evaluation.walk(span[1] + MINUTE, now=None) if span else []


def _finish(consumer: Consumer, clock: Clock, deadline: datetime) -> None:
    while not consumer.flush_all():
        if clock.now() > deadline:
            raise Unreachable("the store takes no more windows; replay the same files again to go on where it stopped")
        clock.sleep(0.5)
