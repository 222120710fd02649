"""Queries are sent several at once and evenly spaced, each is answered once, and leaving early ends it."""

import threading
import time
from contextlib import closing
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from agent.clock import FakeClock, SystemClock
from agent.errors import Misconfigured, Unreachable
from agent.probing.base import Hit, Question
from agent.probing.golden.memory import MemoryRetriever
from agent.probing.golden.sending import Load, Pace, send
from tests.probing.golden.builders import LOAD, NOW, query

QUERIES = [query(f"q{n}") for n in range(40)]


class Watched(MemoryRetriever):
    """Takes its time, and knows how many searches were under way at once and when each began."""

    def __init__(self) -> None:
        super().__init__({each.text: [each.id] for each in QUERIES})
        self.began: list[datetime] = []
        self.most = self._now = 0
        self._lock = threading.Lock()

    def search(self, question: Question) -> list[Hit]:
        """Answer after a while."""
        with self._lock:
            self.began.append(SystemClock().now())
            self._now += 1
            self.most = max(self.most, self._now)
        time.sleep(0.02)
        with self._lock:
            self._now -= 1
        return super().search(question)


def test_each_query_is_answered_once() -> None:
    """Whoever of the threads asks, an answer is that to its own query; no more are under way than may be."""
    search = Watched()
    answers = list(filter(None, send(QUERIES, search, Load(5, 10_000, 4), SystemClock())))
    assert sorted(answer.query.id for answer in answers) == sorted(each.id for each in QUERIES)
    assert all(answer.hits == [Hit(answer.query.id)] for answer in answers)
    assert search.most == 4
    assert {question[1:] for question in search.asked} == {("en", 5)}


def test_starts_are_evenly_spaced() -> None:
    """Forty searches at 100 a second begin a hundredth of a second apart, whatever each takes: never two at once."""
    search = Watched()
    list(send(QUERIES, search, Load(5, 100, 8), SystemClock()))
    gaps = [(after - before).total_seconds() for before, after in pairwise(sorted(search.began))]
    assert sum(gaps) >= 0.38
    assert sorted(gaps)[len(gaps) // 2] > 0.005


def test_a_turn_is_one_interval_after_the_last() -> None:
    """The first is at once; one that comes late is at once too, and earns no second; a clock that is set back costs one interval."""
    clock = FakeClock(NOW)
    pace = Pace(clock, rate=4)

    def waited(after: timedelta = timedelta(0)) -> float:
        clock.advance(after)
        before = clock.now()
        pace.wait()
        return (clock.now() - before).total_seconds()

    assert [waited(), waited(), waited()] == [0, 0.25, 0.25]
    assert [waited(timedelta(seconds=9)), waited()] == [0, 0.25]
    assert [waited(timedelta(hours=-1)), waited()] == [0.25, 0.25]


def test_a_failure_is_an_answer_too() -> None:
    """With its error, and nothing found; the others go on."""
    search = MemoryRetriever({})
    search.failures.extend([Unreachable("away"), Misconfigured([])])
    answers = list(filter(None, send(QUERIES[:4], search, LOAD, SystemClock())))
    assert [type(answer.error).__name__ for answer in answers] == ["Unreachable", "Misconfigured", "NoneType", "NoneType"]
    assert [answer.hits for answer in answers] == [[], [], [], []]


def test_left_early_no_further_query_is_sent() -> None:
    """Those under way are not waited for."""
    search = Watched()
    with closing(send(QUERIES, search, Load(5, 10_000, 2), SystemClock())) as answers:
        next(answers)
    time.sleep(0.2)
    assert len(search.asked) <= 4


def test_whoever_waits_hears_that_nothing_came() -> None:
    """So that a run whose search hangs can go on saying that it is open."""
    with closing(send(QUERIES[:1], Watched(), LOAD, SystemClock(), patience=0.004)) as answers:
        *waited, answer = answers
    assert answer
    assert len(waited) >= 2
    assert set(waited) == {None}


def test_a_fault_of_our_own_is_raised() -> None:
    """It is no failed query."""

    class Broken(MemoryRetriever):
        def search(self, _: Question) -> list[Hit]:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(send(QUERIES, Broken({}), LOAD, SystemClock()))
