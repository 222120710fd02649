"""A log with a past: everything in it is counted, what is over is told to nobody, and a wrong clock changes nothing."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from agent.aggregate.histogram import MICRO
from agent.alerting.evaluator import Evaluator
from agent.alerting.incident import Incident
from agent.clock import FakeClock
from agent.decode.dead_letter import Reason
from agent.notify.memory import MemoryNotifier
from agent.records import Partition
from agent.report.views import incidents
from agent.runtime.evaluate import EPOCH, Evaluation
from agent.runtime.health import Health
from agent.runtime.investigate import Investigation
from agent.runtime.live import Live, Pace
from tests.alerting.traffic import QUALITY, RULES
from tests.runtime.rig import ALWAYS, NOW, P0, P1, Log, Rig
from tests.runtime.searches import MINUTE, Cell, Fall, search, searches, truth
from tests.support.telling import pipeline_of

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LATENESS = timedelta(minutes=2)
LATER = NOW + 3 * HOUR
OVER = Fall("de", "v1", NOW - DAY, NOW - 20 * HOUR)
MISSED = Fall("ko", "v2", NOW + 10 * MINUTE, NOW + 60 * MINUTE)  # begins and ends while the agent is stopped
HERE = Fall("ko", "v2", NOW - HOUR, NOW + DAY)

Events = list[dict[str, Any]]


class Agent:
    """The whole loop with the bundled rules, over a log and a store that outlive its process."""

    def __init__(self, log: Log | None = None) -> None:
        self.rig = Rig(log=log or Log(), clock=FakeClock(NOW))
        self.chat = MemoryNotifier("chat")
        self.live = self._live()

    def start(self, at: datetime) -> None:
        """The next process, at this time."""
        self.rig.clock.advance(at - self.rig.clock.now())
        self.rig.again(P0, P1)
        self.live = self._live()

    def stop(self) -> None:
        """End in order: what is open is written."""
        assert self.rig.consumer.flush_all()

    def send(self, events: Iterable[Mapping[str, Any]], into: Sequence[Partition] = (P0, P1)) -> None:
        """Put events into the log, in turn into each of these partitions."""
        values = [msgspec.json.encode(event) for event in events]
        for number, partition in enumerate(into):
            self.rig.log.append(partition, values[number :: len(into)])

    def turn(self, minutes: float) -> None:
        """Let so much time go by, twenty seconds a turn."""
        for _ in range(round(minutes * 3)):
            self.rig.clock.advance(timedelta(seconds=20))
            self.live.turn()

    def counted(self) -> dict[Cell, tuple[int, int]]:
        """The searches in each cell of the store, and those that found the right document."""
        rows = self.rig.windows.minutes(ALWAYS.start, ALWAYS.end)
        return {
            (EPOCH + row.minute * MINUTE, row.key.language, row.key.index_version): (row.events, row.recall_sum // MICRO)
            for row in rows
        }

    def alerts(self) -> list[Incident]:
        """What `babelwatch alerts --all` shows."""
        return incidents(self.rig.journal)

    def as_of(self) -> datetime:
        """Up to when it has evaluated."""
        [row] = self.rig.journal.read("as_of")
        return row.at

    def _live(self) -> Live:
        return Live(
            consumer=self.rig.consumer,
            new_evaluation=self._evaluation,
            source=self.rig.log,
            windows=self.rig.windows,
            health=Health(self.rig.clock.now()),
            clock=self.rig.clock,
            pace=Pace(LATENESS),
        )

    def _evaluation(self) -> Evaluation:
        pipeline = pipeline_of(self.rig.journal, self.chat, clock=self.rig.clock)
        evaluator = Evaluator(RULES, QUALITY, self.alerts())
        investigation = Investigation(self.rig.windows, self.rig.journal, QUALITY)
        return Evaluation(evaluator, self.rig.windows, self.rig.journal, pipeline, investigation)


def after(*logs: Events) -> Agent:
    """An agent that found this log at its start, and has caught up."""
    agent = Agent()
    for log in logs:
        agent.send(log)
    agent.turn(10)
    return agent


def told(agent: Agent) -> list[tuple[str, str]]:
    """Class and state of each message."""
    return [(message.incidents[0].class_, message.incidents[0].state) for message in agent.chat.messages]


def states(agent: Agent) -> list[tuple[str, str | None, str]]:
    """Language, version and state of each alert."""
    return [(alert.language, alert.index_version, alert.state) for alert in agent.alerts()]


@pytest.fixture(scope="module")
def days() -> Events:
    """Three of them, in which German fell and recovered; there is more traffic about that time."""
    mended = OVER.end + 2 * HOUR
    return [
        *searches(NOW - 3 * DAY, OVER.start, every=2 * MINUTE),
        *searches(OVER.start, mended, [OVER]),
        *searches(mended, NOW, [OVER], every=2 * MINUTE),
    ]


def test_days_are_counted_and_what_is_over_in_them_is_a_line_of_a_digest(days: Events) -> None:
    """Each minute has exactly its searches; the old incident is kept, with the time that it had."""
    agent = after(days)
    assert agent.counted() == truth(days)
    [alert] = agent.alerts()
    assert states(agent) == [("de", "v1", "resolved")]
    assert alert.began_at == OVER.start
    assert alert.resolved_at is not None
    assert OVER.end < alert.resolved_at < OVER.end + 2 * HOUR
    assert told(agent) == [("monitor", "firing")]
    assert "German" in agent.chat.messages[0].text
    assert agent.rig.clock.now() - agent.as_of() < LATENESS + 2 * MINUTE


def test_what_begins_and_ends_during_a_stop_is_a_line_of_a_digest(days: Events) -> None:
    """Three hours later each minute of the stop was counted and evaluated, and the days before are as they were."""
    agent = after(days)
    agent.stop()
    stopped = list(searches(NOW, LATER, [OVER, MISSED]))
    agent.send(stopped)
    agent.start(LATER)
    agent.turn(10)
    assert agent.counted() == truth(days + stopped)
    assert states(agent) == [("de", "v1", "resolved"), ("ko", "v2", "resolved")]
    assert agent.alerts()[1].began_at == MISSED.start
    assert told(agent) == [("monitor", "firing")] * 2
    assert ["Korean" in message.text for message in agent.chat.messages] == [False, True]


def test_what_still_goes_on_is_told_once() -> None:
    """The silence about what is over is not deafness."""
    agent = after(list(searches(NOW - 2 * DAY, HERE.start, every=2 * MINUTE)), list(searches(HERE.start, NOW, [HERE])))
    assert states(agent) == [("ko", "v2", "firing")]
    assert [message.incidents[0].language for message in agent.chat.messages] == ["ko"]


class SlowLog(Log):
    """Brings forty records a poll, which are 120 a minute."""

    def poll(self, max_records: int, timeout_s: float) -> Any:
        """Read on, slowly."""
        return super().poll(min(max_records, 40), timeout_s)


def slow(fall: Fall, minutes: int, every: timedelta) -> Agent:
    """An agent that has to read for most of an hour before it has the four days that were there at its start, and goes on."""
    agent = Agent(SlowLog())
    agent.send(searches(NOW - 4 * DAY, fall.start, every=2 * MINUTE), [P0])
    agent.send(searches(fall.start, NOW, [fall]), [P0])
    for _ in range(minutes):
        now = agent.rig.clock.now()
        agent.send(searches(now - MINUTE, now, [fall], every=every), [P0])
        agent.turn(1)
    return agent


def test_what_ends_while_the_agent_catches_up_is_a_line_of_a_digest() -> None:
    """What fired at its start is over when it has come so far, which stands in the log and is not read yet."""
    agent = slow(Fall("ko", "v1", NOW - 100 * MINUTE, NOW - 30 * MINUTE), 100, every=MINUTE / 10)
    [alert] = agent.alerts()
    assert alert.state == "resolved"
    assert alert.resolved_at is not None
    assert NOW < alert.resolved_at < NOW + HOUR
    assert told(agent) == [("monitor", "firing")]
    assert agent.rig.clock.now() - agent.as_of() < LATENESS + 2 * MINUTE


def test_an_agent_that_cannot_keep_up_tells_all_the_same() -> None:
    """More comes than it can read: waiting for the end of that would be silence."""
    agent = slow(Fall("ko", "v1", NOW - 100 * MINUTE, LATER), 70, every=MINUTE / 70)
    assert agent.rig.clock.now() - agent.as_of() > HOUR / 2
    assert [(message.incidents[0].language, message.incidents[0].state) for message in agent.chat.messages] == [("ko", "firing")]


def ahead(start: datetime, minutes: int) -> Events:
    """Searches of a producer whose clock is two hours ahead: all are wrong, in a version and a language of its own too."""
    times = [start + 2 * HOUR + n * MINUTE for n in range(minutes)]
    return [search(at, language, version, right=False) for at in times for language, version in (("ko", "v2"), ("lo", "v9"))]


def test_a_producer_ahead_of_time_changes_no_alert() -> None:
    """Its searches are dead letters; counts, alerts, messages and the minute up to which is evaluated are those without it."""
    past, fall = list(searches(NOW - 2 * DAY, NOW, every=2 * MINUTE)), Fall("ko", "v2", NOW, LATER)
    alone, beside = after(past), after(past, ahead(NOW, 5))
    for _ in range(40):
        now = alone.rig.clock.now()
        live = list(searches(now - MINUTE, now, [fall]))
        alone.send(live)
        beside.send([*live, *ahead(now, 1)])
        alone.turn(1)
        beside.turn(1)
        assert beside.as_of() == alone.as_of()
    assert states(alone) == [("ko", "v2", "firing")]
    assert beside.alerts() == alone.alerts()
    assert beside.counted() == alone.counted()
    assert [one.text for one in beside.chat.messages] == [one.text for one in alone.chat.messages]
    assert len(alone.chat.messages) == 1
    assert {letter.reason for _, letter in beside.rig.letters.letters} == {Reason.IN_FUTURE}
    assert len(beside.rig.letters.letters) == beside.rig.consumer.tally.rejected == 2 * (5 + 40)
