"""Trials on history: what the rules would have told if something had begun at this or that moment."""

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from typing import NamedTuple

from agent.alerting.evaluator import Evaluator
from agent.alerting.sums import Minute
from agent.backtest.days import Alter, Minutes, Span, before, days, warm

FORMER = "before the trial"  # of rows that name no version: without one there is none to follow
LATER = "trial"


class Trial(NamedTuple):
    """A moment, and an evaluator that knows all that came before it."""

    start: int
    evaluator: Evaluator


def trials(new: Callable[[], Evaluator], minutes: Minutes, starts: Sequence[int]) -> Iterator[Trial]:
    """One trial for each start, oldest first: history is taken in once, and copied at each of them."""
    known, evaluator = minutes.span(), new()
    if not starts or known is None:
        return
    reached = before(Span(starts[0], starts[0]), known).first
    for start in starts:
        warm(evaluator, days(minutes, Span(reached, start), former))
        reached = start
        yield Trial(start, deepcopy(evaluator))


def former(row: Minute) -> Minute:
    """A row of history; where it names no version, it gets one."""
    if row.key.index_version or row.key.embedding_model:
        return row
    return row._replace(key=row.key._replace(index_version=FORMER))


def deployed(row: Minute) -> Minute:
    """The row as if a new index version had come."""
    return row._replace(key=row.key._replace(index_version=f"{row.key.index_version} {LATER}".lstrip()))


def both(first: Alter, second: Alter) -> Alter:
    """One change after the other."""
    return lambda row: second(first(row))
