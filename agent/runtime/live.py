"""The loop of `run`: consume, and once a minute evaluate what is complete; until it is told to stop."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from agent import tracing
from agent.clock import Clock
from agent.errors import RetryLater, Stop
from agent.records import Partition
from agent.runtime.consume import Consumer
from agent.runtime.evaluate import Evaluation, minute_of
from agent.runtime.health import Health
from agent.runtime.left_out import NOTHING, LeftOut
from agent.runtime.look import Look, nobody, unwatched, unwatched_time
from agent.runtime.telling import OVER
from agent.source.base import Source
from agent.source.coverage import STUCK_AFTER, Coverage, Reach
from agent.store.base import MINUTE, WindowReader

log = logging.getLogger(__name__)

PARTIAL_FOR = timedelta(seconds=90)  # longer than a dead member keeps its partitions
OUTLAST_FOR = timedelta(minutes=5)  # who had all of them is still there when a newcomer has given up
FLUSH_PATIENCE = timedelta(seconds=20)  # at the end; what is under way then may take its own time besides


@dataclass(frozen=True)
class Pace:
    """How long events may take to arrive, how often the log's end is noted, and whether one process must have all partitions.

    `stuck_after`: how long as_of waits for a partition that stands still.
    """

    lateness: timedelta
    evaluate_every: timedelta = MINUTE
    alone: bool = False
    stuck_after: timedelta = STUCK_AFTER


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
        on_look: Callable[[Look], None] = unwatched,
        on_turn: Callable[[datetime], None] = unwatched_time,
        on_hand_over: Callable[[], None] = nobody,
    ) -> None:
        self._consumer = consumer
        self._new_evaluation = new_evaluation
        self._evaluation: Evaluation | None = None
        self._in_charge = False
        self._source = source
        self._windows = windows
        self._health = health
        self._clock = clock
        self._pace = pace
        self._missing_topics = missing_topics
        self._on_look = on_look
        self._on_turn = on_turn
        self._on_hand_over = on_hand_over
        self._coverage = Coverage(pace.stuck_after)
        self._left_out = LeftOut()
        self._due_at = clock.now()
        self._looked_at: frozenset[Partition] = frozenset()
        self._partial_since: datetime | None = None
        self._partial_for = PARTIAL_FOR
        self._behind = timedelta.max

    def run(self, stop: threading.Event) -> None:
        """Turn until `stop`, then write what is open. Raises Stop where a person has to act."""
        while not stop.is_set():
            self.turn()
        until = self._clock.now() + FLUSH_PATIENCE
        while not self._consumer.flush_all(until):
            if self._clock.now() >= until:
                log.error("what was not written yet will be read again at the next start")
                return
            self._clock.sleep(1)

    def begin_anew(self) -> None:
        """What is evaluated by has changed: at the next turn evaluation goes on from the journal with it, as after a restart."""
        self._evaluation = None
        self._due_at = self._clock.now()

    def turn(self) -> None:
        """One poll, and what is due; who gets or loses partitions looks at once whether it has all, and who evaluates."""
        try:
            self._consumer.step()
            if self._clock.now() >= self._due_at or self._consumer.partitions != self._looked_at:
                self._evaluate()
        except RetryLater as error:
            self._wait({"log or store": str(error)})
        self._on_turn(self._clock.now())
        self._health.turned(self._clock.now())

    def _evaluate(self) -> None:
        now = self._clock.now()
        self._due_at, self._looked_at = now + self._pace.evaluate_every, self._consumer.partitions
        if missing := self._missing_topics():
            waited = f"waits for topic {', '.join(missing)}"
            self._consumer.trouble.note(waited, now)
            self._health.needs({"kafka": waited})
            return
        self._walk(now)
        waits = self._consumer.waits_for
        mended = not waits and self._consumer.trouble.over()
        needs = self._left_out.missing(waits)
        if not needs and not mended and self._health.missing():
            log.info("ready")
        self._health.needs(needs)

    def _walk(self, now: datetime) -> None:
        ends = self._source.end_positions()
        self._check_alone(frozenset(ends), now)
        sources = {partition: self._source.identity(partition) for partition in ends}
        self._consumer.renew(sources)
        self._coverage.note(now, {sources[partition]: end for partition, end in ends.items()})
        stored = self._windows.positions()
        reach = self._coverage.advance(stored)
        if self._is_evaluator(frozenset(ends)):
            self._left_out.note({partition: reach.without[name] for partition, name in sources.items() if name in reach.without})
            lags = {partition: end - stored.get(sources[partition], 0) for partition, end in ends.items()}
            self._on_look(self._evaluated(reach, now)._replace(lags=lags))
        else:
            self._hand_over()
            self._left_out.note(NOTHING)
            self._on_look(Look())

    def _evaluated(self, reach: Reach, now: datetime) -> Look:
        if reach.at is None:
            return Look()
        begun, as_of, evaluation = self._clock.now(), reach.at - self._pace.lateness, self._taken_over()
        caught_up = not evaluation.behind and self._caught_up(reach.at, now)
        with tracing.span("evaluate", {"as_of": as_of.isoformat()}, links=[*self._consumer.flushed]):
            evaluation.walk(as_of, now, without=self._left_out.now, caught_up=caught_up)
        self._consumer.flushed.clear()
        if evaluation.behind:
            self._due_at = now  # the next turn polls, and walks the next day
        self._consumer.evaluated_to = minute_of(evaluation.evaluated_to)
        return Look(as_of=as_of, incidents=evaluation.open, measured=evaluation.measured, took=self._clock.now() - begun)

    def _caught_up(self, covered: datetime, now: datetime) -> bool:
        """Whether there is no more to wait for: what is covered is of now, or comes no nearer to it."""
        before, self._behind = self._behind, now - covered
        return self._behind < OVER or self._behind >= before

    def _taken_over(self) -> Evaluation:
        """The evaluation as whoever evaluated last has left it; what this agent knew before another did is not asked."""
        if self._evaluation is None or self._evaluation.overtaken():
            self._evaluation = None
            self._in_charge = True
            taken = self._new_evaluation()
            taken.resume()
            self._evaluation = taken
        return self._evaluation

    def _hand_over(self) -> None:
        """Another agent evaluates now; what this one has to say of itself later is still its own to tell."""
        self._evaluation = None
        if self._in_charge:
            self._in_charge = False
            self._on_hand_over()

    def _is_evaluator(self, everything: frozenset[Partition]) -> bool:
        """The owner of partition 0 of the topic with the smallest name evaluates for all; a log without partitions has none."""
        return bool(everything) and min(everything) in self._consumer.partitions

    def _check_alone(self, everything: frozenset[Partition], now: datetime) -> None:
        """An embedded store sees only what its own process counted; of two agents the one that came later stops."""
        if not self._pace.alone or not everything:
            return
        if everything <= self._consumer.partitions:
            self._partial_since, self._partial_for = None, OUTLAST_FOR
            return
        self._partial_since = self._partial_since or now
        if now - self._partial_since >= self._partial_for:
            raise Stop(
                "another member of the consumer group has some of the partitions, and an embedded store would know only the "
                "rest: run one agent, or give all of them one ClickHouse server (store.clickhouse)"
            )

    def _wait(self, missing: dict[str, str]) -> None:
        self._consumer.trouble.note("; ".join(missing.values()), self._clock.now())
        self._health.needs(missing)
        self._clock.sleep(1)
        self._health.turned(self._clock.now())
