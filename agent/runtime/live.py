"""The loop of `run`: consume, and once a minute evaluate what is complete; until it is told to stop."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from agent.clock import Clock
from agent.errors import RetryLater, Stop
from agent.records import Partition
from agent.runtime.consume import Consumer
from agent.runtime.evaluate import MINUTE, OVER, Evaluation, minute_of
from agent.runtime.health import Health
from agent.source.base import Source
from agent.source.coverage import Coverage
from agent.store.base import WindowReader

log = logging.getLogger(__name__)

PARTIAL_FOR = timedelta(seconds=90)  # longer than a dead member keeps its partitions
FLUSH_PATIENCE = 20  # tries at the end, a second apart


@dataclass(frozen=True)
class Pace:
    """How often the log's end is noted, how long events may take to arrive, and whether one process must have all partitions."""

    lateness: timedelta
    evaluate_every: timedelta = MINUTE
    alone: bool = False


class Live:
    """One turn is one poll; evaluation, when it is due, reads only what the stored positions cover."""

    def __init__(  # noqa: PLR0913 - the composition root hands over each part by name
        self,
        *,
        consumer: Consumer,
        new_evaluation: Callable[[], Evaluation],
        source: Source,
        windows: WindowReader,
        health: Health,
        clock: Clock,
        pace: Pace,
        missing_topics: Callable[[], list[str]] = list,
    ) -> None:
        self._consumer = consumer
        self._new_evaluation = new_evaluation
        self._evaluation: Evaluation | None = None
        self._source = source
        self._windows = windows
        self._health = health
        self._clock = clock
        self._pace = pace
        self._missing_topics = missing_topics
        self._coverage = Coverage()
        self._due_at = clock.now()
        self._partial_since: datetime | None = None
        self._behind = timedelta.max

    def run(self, stop: threading.Event) -> None:
        """Turn until `stop`, then write what is open. Raises Stop where a person has to act."""
        while not stop.is_set():
            self.turn()
        for _ in range(FLUSH_PATIENCE):
            if self._consumer.flush_all():
                return
            self._clock.sleep(1)
        log.error("what was not written yet will be read again at the next start")

    def turn(self) -> None:
        """One poll, and what is due."""
        try:
            self._consumer.step()
            if self._clock.now() >= self._due_at:
                self._evaluate()
        except RetryLater as error:
            self._wait({"log or store": str(error)})
        self._health.turned(self._clock.now())

    def _evaluate(self) -> None:
        now = self._clock.now()
        self._due_at = now + self._pace.evaluate_every
        if missing := self._missing_topics():
            waited = f"waits for topic {', '.join(missing)}"
            self._consumer.trouble.note(waited, now)
            self._health.needs({"kafka": waited})
            return
        self._walk(now)
        waits = self._consumer.waits_for
        if not waits and not self._consumer.trouble.over() and self._health.missing():
            log.info("ready")
        self._health.needs(waits)

    def _walk(self, now: datetime) -> None:
        ends = self._source.end_positions()
        self._check_alone(frozenset(ends), now)
        sources = {partition: self._source.identity(partition) for partition in ends}
        self._consumer.renew(sources)
        self._coverage.note(now, {sources[partition]: end for partition, end in ends.items()})
        covered = self._coverage.advance(self._windows.positions())
        if not self._is_evaluator(frozenset(ends)):
            self._evaluation = None
        elif covered is not None:
            evaluation = self._taken_over()
            evaluation.walk(covered - self._pace.lateness, now, caught_up=self._caught_up(covered, now))
            self._consumer.evaluated_to = minute_of(evaluation.evaluated_to)

    def _caught_up(self, covered: datetime, now: datetime) -> bool:
        """Whether there is no more to wait for: what is covered is of now, or comes no nearer to it."""
        before, self._behind = self._behind, now - covered
        return self._behind < OVER or self._behind >= before

    def _taken_over(self) -> Evaluation:
        """The evaluation as whoever evaluated last has left it; what this agent knew before another did is not asked."""
        if self._evaluation is None or self._evaluation.overtaken():
            self._evaluation = None
            taken = self._new_evaluation()
            taken.resume()
            self._evaluation = taken
        return self._evaluation

    def _is_evaluator(self, everything: frozenset[Partition]) -> bool:
        """The owner of partition 0 of the topic with the smallest name evaluates for all; a log without partitions has none."""
        return bool(everything) and min(everything) in self._consumer.partitions

    def _check_alone(self, everything: frozenset[Partition], now: datetime) -> None:
        """An embedded store sees only what its own process counted."""
        if not self._pace.alone or not everything - self._consumer.partitions:
            self._partial_since = None
            return
        self._partial_since = self._partial_since or now
        if now - self._partial_since >= PARTIAL_FOR:
            raise Stop(
                "another member of the consumer group has some of the partitions, and an embedded store would know only the "
                "rest: run one agent, or give all of them one ClickHouse server (store.clickhouse)"
            )

    def _wait(self, missing: dict[str, str]) -> None:
        self._consumer.trouble.note("; ".join(missing.values()), self._clock.now())
        self._health.needs(missing)
        self._clock.sleep(1)
        self._health.turned(self._clock.now())
