"""Queries to a search, several at once and evenly spaced; answers come back as they arrive."""

import threading
from collections.abc import Generator, Sequence
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue
from typing import Final, NamedTuple

from agent.clock import Clock
from agent.errors import BabelwatchError, Misconfigured, RetryLater
from agent.probing.base import Hit, Question, Retriever
from agent.probing.golden.dataset import Query

TICK: Final = 60.0


class Load(NamedTuple):
    """What a search is asked: `depth` results a query, at most `rate` queries a second, `concurrency` at once."""

    depth: int
    rate: float
    concurrency: int


class Answer(NamedTuple):
    """What became of a query: its results, or the error that was left after every retry."""

    query: Query
    hits: list[Hit]
    error: BabelwatchError | None = None


class Pace:
    """Evenly spaced starts, whoever asks for the next one."""

    def __init__(self, clock: Clock, rate: float) -> None:
        self._clock = clock
        self._interval = timedelta(seconds=1 / rate)
        self._next: datetime | None = None
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Until it is one's turn. A clock that is set back costs one interval; a turn that was missed is not made up for."""
        with self._lock:
            now = self._clock.now()
            left = min(max((self._next or now) - now, timedelta(0)), self._interval)
            self._clock.sleep(left / timedelta(seconds=1))
            self._next = now + left + self._interval


def send(
    queries: Sequence[Query], retriever: Retriever, load: Load, clock: Clock, patience: float = TICK
) -> Generator[Answer | None]:
    """An answer for each query, in the order of their arrival; None each `patience` seconds without one.

    Left early, it starts no further query. Nobody waits for the threads: a search that hangs does not keep the process from ending.
    """
    work = _Work(queries, Pace(clock, load.rate))
    for _ in range(min(load.concurrency, len(queries))):
        threading.Thread(target=work.through, args=(retriever, load.depth), daemon=True).start()
    try:
        left = len(queries)
        while left:
            answer = work.answer(patience)
            left -= answer is not None
            yield answer
    finally:
        work.over.set()


class _Work:
    """What is still to be asked, and what was answered."""

    def __init__(self, queries: Sequence[Query], pace: Pace) -> None:
        self.over = threading.Event()
        self._pace = pace
        self._done: SimpleQueue[Answer | BaseException] = SimpleQueue()
        self._todo: SimpleQueue[Query] = SimpleQueue()
        for query in queries:
            self._todo.put(query)

    def through(self, retriever: Retriever, depth: int) -> None:
        """One query after the other, until there is none or nobody wants it."""
        while not self._todo.empty():
            self._pace.wait()
            if self.over.is_set():
                return
            try:
                self._done.put(_asked(self._todo.get_nowait(), retriever, depth))
            except Empty:
                return

    def answer(self, patience: float) -> Answer | None:
        """The next one; raises what was raised and is no answer."""
        try:
            found = self._done.get(timeout=patience)
        except Empty:
            return None
        if isinstance(found, BaseException):
            raise found
        return found


def _asked(query: Query, retriever: Retriever, depth: int) -> Answer | BaseException:
    try:
        return Answer(query, retriever.search(Question(query.text, query.language, depth)))
    except (RetryLater, Misconfigured) as error:
        return Answer(query, [], error)
    except BaseException as error:
        return error  # raised again where the answers are read
