"""The loop of `run`: it evaluates what is complete, waits for what is away, and ends only when it is told or must."""

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from agent.errors import RetryLater, Stop
from agent.records import Partition
from agent.runtime.evaluate import Evaluation, minute_of
from agent.runtime.health import STUCK, Health
from agent.runtime.live import FLUSH_PATIENCE, OUTLAST_FOR, PARTIAL_FOR, Live, Pace
from agent.runtime.look import Look
from agent.runtime.remembered import AS_OF
from agent.source.base import Polled
from agent.source.coverage import STUCK_AFTER
from agent.store.base import Entry
from tests.runtime.rig import NOW, P0, P1, Plug, Rig, event, events
from tests.runtime.watchers import START_MINUTE, Watch, korean
from tests.store.builders import START, flush

LATENESS = timedelta(minutes=2)


class After(threading.Event):
    """A signal to stop that comes after so many looks."""

    def __init__(self, looks: int) -> None:
        super().__init__()
        self.looks = looks

    def is_set(self) -> bool:
        """Count down."""
        self.looks -= 1
        return self.looks < 0


class Agent:
    """The whole loop over twins."""

    def __init__(self, *, alone: bool = False, stuck_after: timedelta = STUCK_AFTER) -> None:
        self.rig = Rig()
        self.watch = Watch(windows=self.rig.windows, clock=self.rig.clock)
        self.health = Health(NOW)
        self.missing: list[str] = []
        self.begun = self.evaluated_before = 0
        self.looks: list[Look] = []
        self.resuming: Resuming | None = None
        self.live = Live(
            consumer=self.rig.consumer,
            new_evaluation=self.begin,
            source=self.rig.log,
            windows=self.rig.windows,
            health=self.health,
            clock=self.rig.clock,
            pace=Pace(LATENESS, alone=alone, stuck_after=stuck_after),
            missing_topics=lambda: self.missing,
            on_look=self.looks.append,
        )

    def begin(self) -> Evaluation:
        """What the agent does when it becomes the evaluator."""
        self.evaluated_before = self.evaluated
        self.watch.again(resume=False)
        self.begun += 1
        if self.resuming:
            self.resuming.of(self.watch.evaluation)
        return self.watch.evaluation

    def turn(self, times: int = 1, seconds: float = 20) -> None:
        """So many turns, a while before each."""
        for _ in range(times):
            self.rig.clock.advance(timedelta(seconds=seconds))
            self.live.turn()

    @property
    def evaluated(self) -> int:
        """How many minutes were evaluated."""
        return self.evaluated_before + len(self.watch.evaluator.seen)


@pytest.fixture
def agent() -> Agent:
    """An agent with one partition and five events of five minutes ago."""
    made = Agent()
    made.rig.log.append(P0, events(range(5)))
    return made


def whole_minute(time: datetime) -> datetime:
    """The beginning of its minute."""
    return time.replace(second=0)


def test_only_what_is_complete_is_evaluated(agent: Agent) -> None:
    """Up to two minutes before the last note of the log's end that the store has reached."""
    agent.turn(3)
    assert agent.watch.evaluation.evaluated_to is None
    agent.turn()
    assert agent.watch.evaluation.evaluated_to == whole_minute(agent.rig.clock.now() - LATENESS)


def test_evaluation_begins_anew_when_it_is_told_to(agent: Agent) -> None:
    """At the next turn, and not at the next minute; it goes on where it was, so that every minute is evaluated once."""
    agent.turn(6)
    before = agent.evaluated
    agent.live.begin_anew()
    agent.turn(seconds=1)
    assert agent.begun == 2
    assert agent.evaluated - before in {0, 1}
    agent.turn(6)
    assert agent.begun == 2


def test_what_is_not_stored_is_not_complete(agent: Agent) -> None:
    """While a flush fails as_of stands still; afterwards it goes on."""
    agent.turn(6)
    before = agent.watch.evaluation.evaluated_to
    agent.rig.log.append(P0, [event(9)])
    agent.rig.windows.fail = 1000
    agent.turn(30)
    after = agent.watch.evaluation.evaluated_to
    assert before is not None
    assert after is not None
    assert after - before <= timedelta(minutes=1)
    agent.rig.windows.fail = 0
    agent.turn(7)
    assert agent.watch.evaluation.evaluated_to == whole_minute(agent.rig.clock.now() - LATENESS)


def test_a_topic_made_anew_with_as_many_records_is_noticed(agent: Agent) -> None:
    """There is nothing to flush and nothing to read; the next look at the log's end finds another log."""
    agent.turn(6)
    agent.rig.log.generation = "new"
    agent.turn(8)
    assert agent.rig.windows.positions() == {"log/0": 5, "new/0": 5}
    assert agent.rig.windows.counted() == {"ko": 10}
    assert agent.watch.evaluation.evaluated_to is not None
    assert agent.rig.clock.now() - agent.watch.evaluation.evaluated_to < LATENESS + timedelta(minutes=2)


def test_evaluation_comes_once_a_minute(agent: Agent) -> None:
    """Polling goes on in between."""
    asked: list[int] = []
    agent.live._missing_topics = lambda: asked.append(1) or []  # type: ignore[func-returns-value]
    agent.turn(600, seconds=0.5)
    assert len(asked) == 5


def test_who_gets_partitions_does_not_wait_for_the_minute(agent: Agent) -> None:
    """An evaluator that died is replaced as soon as its partition is somebody's."""
    other_s(agent, P0)
    agent.turn(6)
    assert agent.begun == 0
    agent.rig.windows.append(flush(source="log/0", end=5))
    agent.rig.log.assign(P0)
    agent.turn(1, seconds=1)
    assert agent.begun == 1


def test_late_events_are_known_by_what_was_evaluated(agent: Agent) -> None:
    """The consumer learns how far evaluation is."""
    agent.turn(6)
    assert agent.rig.consumer.evaluated_to == minute_of(agent.watch.evaluation.evaluated_to) > 0
    agent.rig.log.append(P0, [event(9)])
    agent.turn(3)
    assert agent.rig.consumer.tally.late == 1


def test_a_missing_topic_is_waited_for(agent: Agent) -> None:
    """It is named where readiness is asked, and the agent is ready once it is there."""
    agent.missing = ["a", "b"]
    agent.turn(6)
    assert agent.health.missing() == {"kafka": "waits for topic a, b"}
    assert agent.evaluated == 0
    agent.missing = []
    agent.turn(6)
    assert agent.health.missing() == {}
    assert agent.evaluated > 0


def test_a_log_without_partitions_is_no_crash(agent: Agent) -> None:
    """A topic that is deleted and made anew has none for a moment, also when much was evaluated before."""
    agent.turn(6)
    before, known = agent.evaluated, agent.rig.log.end_positions
    agent.rig.log.end_positions = dict  # type: ignore[method-assign]  # none
    agent.turn(6)
    assert agent.evaluated == before
    agent.rig.log.end_positions = known  # type: ignore[method-assign]  # and there they are again
    agent.turn(6)
    assert agent.evaluated > before


def test_an_agent_is_ready_after_its_first_look(agent: Agent) -> None:
    """Not before it has seen broker and store."""
    assert agent.health.missing() == {"start": "starting"}
    agent.turn()
    assert agent.health.missing() == {}


def test_dead_letters_that_cannot_be_kept_are_told_where_readiness_is_asked(agent: Agent) -> None:
    """With the partition and the sink's own sentence, until it is mended."""
    agent.rig.log.append(P0, [b"{"])
    agent.rig.letters.plug.pulled = True
    agent.turn(6)
    assert agent.health.missing() == {"logs/0": "the store is away"}
    agent.rig.letters.plug.pulled = False
    agent.turn(6)
    assert agent.health.missing() == {}
    assert len(agent.rig.letters.letters) == 1


def other_s(agent: Agent, *partitions: Partition) -> None:
    """These partitions are in the log, and another member has them."""
    for partition in partitions:
        agent.rig.log.append(partition, [])
        agent.rig.log.revoke(partition)


def test_an_embedded_store_that_sees_a_part_only_stops() -> None:
    """Ninety seconds are more than a rebalance takes; the sentence says what to do."""
    agent = Agent(alone=True)
    agent.rig.log.append(P0, events(range(5)))
    other_s(agent, P1)
    agent.turn(4)
    with pytest.raises(Stop, match="run one agent, or give all of them one ClickHouse server"):
        agent.turn(PARTIAL_FOR // timedelta(seconds=20) + 3)
    assert agent.rig.clock.now() - NOW >= PARTIAL_FOR


def test_a_rebalance_does_not_stop_an_embedded_agent() -> None:
    """Partitions that come within the time begin it anew."""
    agent = Agent(alone=True)
    agent.rig.log.append(P0, events(range(5)))
    for _ in range(4):
        other_s(agent, P1)
        agent.turn(4)
        agent.rig.log.assign(P1)
        agent.turn(4)
    assert agent.rig.consumer.partitions == {P0, P1}


def test_an_embedded_agent_outlasts_one_that_came_later() -> None:
    """Who had all partitions has them back when the newcomer has given up; who does not get them back stops as well."""
    agent = Agent(alone=True)
    agent.rig.log.append(P0, events(range(5)))
    agent.rig.log.append(P1, [])
    agent.turn(4)
    assert agent.rig.consumer.partitions == {P0, P1}
    other_s(agent, P1)
    agent.turn(2 * PARTIAL_FOR // timedelta(seconds=20))
    agent.rig.log.assign(P1)
    agent.turn(4)
    assert agent.rig.consumer.partitions == {P0, P1}
    other_s(agent, P1)
    with pytest.raises(Stop, match="run one agent"):
        agent.turn(OUTLAST_FOR // timedelta(seconds=20) + 4)


def test_agents_over_one_server_share_the_partitions(agent: Agent) -> None:
    """Others may have some for ever."""
    other_s(agent, P1)
    agent.turn(30)
    assert agent.rig.consumer.partitions == {P0}


@pytest.mark.parametrize(
    ("ours", "others", "evaluates"),
    [
        pytest.param([P0], [P1], True, id="it has partition 0"),
        pytest.param([P1], [P0], False, id="another has partition 0"),
        pytest.param([P0], [Partition("a", 0)], False, id="another has partition 0 of the smaller name"),
        pytest.param([Partition("a", 0)], [P0, P1], True, id="it has that of the smaller name"),
    ],
)
def test_one_agent_evaluates_for_all(ours: list[Partition], others: list[Partition], evaluates: bool) -> None:  # noqa: FBT001
    """The owner of partition 0 of the topic with the smallest name; the others only count."""
    agent = Agent()
    for partition in ours:
        agent.rig.log.append(partition, events([partition.number]))
    other_s(agent, *others)
    for partition in others:
        agent.rig.windows.append(flush(source=f"log/{partition.number}", end=0))
    agent.turn(12)
    assert (agent.evaluated > 0) is evaluates


class Unsteady:
    """Something that is away for a while."""

    def __init__(self, agent: Agent) -> None:
        self.agent = agent
        self.plug = Plug()
        self._wrap(agent.rig.log, "poll")
        self.log, self.store, self.journal = self.plug, agent.rig.windows.plug, agent.watch.plug

    def _wrap(self, thing: Any, name: str) -> None:
        real = getattr(thing, name)

        def asked(*arguments: Any) -> Any:
            self.plug.check()
            return real(*arguments)

        setattr(thing, name, asked)


@pytest.mark.parametrize("what", ["log", "store", "journal"])
def test_what_is_away_for_an_hour_ends_nothing(agent: Agent, what: str) -> None:
    """The loop goes on, is alive, says what it waits for, and makes up for everything afterwards without a restart."""
    unsteady = Unsteady(agent)
    agent.turn(6)
    plug: Plug = getattr(unsteady, what)
    plug.pulled = True
    agent.rig.log.append(P0, events(range(5, 9)))
    agent.turn(180)
    assert agent.health.alive(agent.rig.clock.now())
    assert agent.health.missing() == {"log or store": "the store is away"}
    plug.pulled = False
    agent.turn(8)
    assert agent.health.missing() == {}
    assert agent.rig.windows.counted() == {"ko": 9}
    seen = agent.watch.evaluator.seen
    assert seen == list(range(seen[0], seen[0] + len(seen)))
    assert agent.watch.evaluation.evaluated_to is not None
    assert agent.rig.clock.now() - agent.watch.evaluation.evaluated_to < LATENESS + timedelta(minutes=2)


def test_an_end_offset_that_cannot_be_asked_is_not_taken_for_the_last_one(agent: Agent) -> None:
    """Only the end offsets tell idle from blind: without them nothing is called complete."""
    agent.turn(6)
    before = agent.watch.evaluation.evaluated_to
    ends = agent.rig.log.end_positions
    plug = Plug()

    def asked() -> Any:
        plug.check()
        return ends()

    agent.rig.log.end_positions = asked  # type: ignore[method-assign]  # the broker is away
    plug.pulled = True
    agent.turn(30)
    assert agent.watch.evaluation.evaluated_to == before


def test_what_a_person_has_to_mend_ends_the_loop(agent: Agent) -> None:
    """A schema that does not fit is not waited for."""

    def refuse(source: str) -> int | None:
        raise Stop("unknown column")

    agent.rig.windows.position = refuse  # type: ignore[method-assign]  # the schema is another one
    with pytest.raises(Stop, match="unknown column"):
        agent.live.run(threading.Event())


def test_at_the_end_what_is_open_is_written(agent: Agent) -> None:
    """A stop does not wait for the interval, and loses nothing."""
    agent.live.run(After(4))
    assert agent.rig.windows.counted() == {"ko": 5}
    assert agent.rig.windows.positions() == {"log/0": 5}


def failing_inserts(agent: Agent) -> None:
    """The store does not take a flush."""
    agent.rig.windows.fail = 1000


def unknown_positions(agent: Agent) -> None:
    """The broker does not say where a partition stands."""
    agent.rig.log.plug.pulled = True


@pytest.mark.parametrize("trouble", [failing_inserts, unknown_positions])
def test_the_end_is_not_held_up_for_ever(agent: Agent, caplog: pytest.LogCaptureFixture, trouble: Callable[[Agent], None]) -> None:
    """Twenty seconds fit into the time that a stop has; what is left is read again."""
    agent.turn(2, seconds=0)
    trouble(agent)
    before = agent.rig.clock.now()
    with caplog.at_level(logging.ERROR):
        agent.live.run(After(2))
    assert agent.rig.clock.now() - before == FLUSH_PATIENCE
    assert "will be read again at the next start" in caplog.text


def test_a_store_that_comes_back_at_the_end_gets_everything(agent: Agent) -> None:
    """One failed insert is tried again a second later."""
    agent.turn(2, seconds=0)
    agent.rig.windows.fail = 3
    agent.live.run(After(2))
    assert agent.rig.windows.counted() == {"ko": 5}


class Resuming:
    """An evaluation whose history cannot be read yet."""

    def __init__(self, agent: Agent, failures: int) -> None:
        self.left = failures
        self.agent = agent
        self.alive: list[bool] = []
        self.missing: list[object] = []

    def of(self, evaluation: Evaluation) -> None:
        """Stand before this one's `resume`."""
        self._real = evaluation.resume
        evaluation.resume = self  # type: ignore[method-assign]  # the store is away

    def __call__(self) -> None:
        """Fail so many times."""
        self.alive.append(self.agent.health.alive(self.agent.rig.clock.now()))
        self.missing.append(self.agent.health.missing())
        if self.left:
            self.left -= 1
            raise RetryLater("the store is away")
        self._real()


def test_a_store_that_is_away_at_the_start_is_waited_for(agent: Agent) -> None:
    """For minutes, and the agent is not called stuck meanwhile: ending it would not help."""
    tries = int(STUCK.total_seconds()) + 60
    resume = agent.resuming = Resuming(agent, tries)
    agent.turn((tries + 5) * 3)
    assert resume.left == 0
    assert all(resume.alive)
    assert resume.missing[1:] == [{"log or store": "the store is away"}] * tries
    assert agent.evaluated > 0


def test_an_agent_that_takes_over_begins_where_the_other_ended(agent: Agent) -> None:
    """What it knew from an earlier time is not asked: the other has told since then."""
    agent.turn(6)
    assert agent.begun == 1
    agent.rig.log.revoke(P0)
    agent.turn(6)
    other = whole_minute(agent.rig.clock.now())
    agent.watch.journal.write([Entry(AS_OF, AS_OF, other, {})])
    agent.rig.log.assign(P0)
    agent.turn(12)
    assert agent.begun == 2
    assert agent.watch.evaluator.seen[0] == (other - START) // timedelta(minutes=1)


def test_an_agent_that_was_stopped_for_minutes_begins_anew(agent: Agent) -> None:
    """Nobody told it that another has evaluated since; the journal does, and as_of does not go back."""
    agent.turn(6)
    other = whole_minute(agent.rig.clock.now())
    agent.watch.journal.write([Entry(AS_OF, AS_OF, other, {})])
    agent.turn(3)
    assert agent.begun == 2
    assert [entry.at for entry in agent.watch.journal.read(AS_OF)] >= [other]


def test_a_poll_that_brings_nothing_is_a_turn(agent: Agent) -> None:
    """A loop without traffic is alive."""
    agent.rig.log.poll = lambda *_: Polled({})  # type: ignore[method-assign]  # nothing comes
    agent.turn(30)
    assert agent.health.alive(agent.rig.clock.now())


MINUTES = 3  # turns of twenty seconds


class Halves:
    """An agent with two partitions, of which one can be stuck: its dead letters cannot be kept."""

    def __init__(self, stuck_after: timedelta = STUCK_AFTER) -> None:
        self.agent = Agent(stuck_after=stuck_after)
        self.sent = 0
        for partition in (P0, P1):
            self.send(partition)
        self.agent.turn(5 * MINUTES)

    def send(self, partition: Partition) -> None:
        """A query of just now."""
        self.sent += 1
        self.agent.rig.log.append(partition, [event(self.sent, timestamp=self.agent.rig.clock.now().isoformat())])

    def block(self) -> None:
        """A message of P1 cannot be read, and nobody may keep it."""
        self.agent.rig.letters.plug.pulled = True
        self.agent.rig.log.append(P1, [b"{"])

    def go_on(self, minutes: int, *partitions: Partition) -> None:
        """Queries in these partitions, one a minute."""
        for _ in range(minutes):
            for partition in partitions:
                self.send(partition)
            self.agent.turn(MINUTES)

    @property
    def behind(self) -> timedelta:
        """How far evaluation is from now."""
        evaluated_to = self.agent.watch.evaluation.evaluated_to
        assert evaluated_to is not None
        return self.agent.rig.clock.now() - evaluated_to


UP_TO_DATE = LATENESS + timedelta(minutes=2)


def test_as_of_goes_on_without_a_stuck_partition(caplog: pytest.LogCaptureFixture) -> None:
    """Not within fifteen minutes; then it is named in the log once, and where readiness is asked."""
    halves = Halves()
    halves.block()
    halves.go_on(14, P0)
    assert halves.behind > timedelta(minutes=14)
    halves.go_on(10, P0)
    assert halves.behind < UP_TO_DATE
    assert [line.split(":")[0] for line in caplog.messages if "as_of" in line] == [
        "as_of goes on, alerts are marked partial, volumes are not compared"
    ]
    told = halves.agent.health.missing()["logs/1"]
    assert told.startswith("the store is away; has not been read since 2026-11-16 08:3")
    assert told.endswith(" UTC, as_of goes on without it")


def test_positions_that_move_seldom_are_waited_for_longer() -> None:
    """Where counts are written every half hour, a position that stands for a quarter is not stuck."""
    halves = Halves(stuck_after=timedelta(minutes=90))
    halves.block()
    halves.go_on(30, P0)
    assert halves.behind > timedelta(minutes=30)
    halves.go_on(65, P0)
    assert halves.behind < UP_TO_DATE


def test_only_the_evaluator_tells_who_is_left_out() -> None:
    """Another agent's readiness says why its own partition waits, and nothing of evaluation."""
    halves = Halves()
    halves.block()
    halves.go_on(20, P0)
    halves.agent.rig.log.revoke(P0)
    halves.go_on(3)
    assert halves.agent.health.missing() == {"logs/1": "the store is away"}


def test_a_partition_that_nobody_reads_is_left_out() -> None:
    """No member has it: the evaluator sees its end, and no position."""
    halves = Halves()
    halves.agent.rig.log.revoke(P1)
    halves.send(P1)
    halves.agent.rig.log.revoke(P1)
    halves.go_on(20, P0)
    assert halves.behind < UP_TO_DATE
    assert list(halves.agent.health.missing()) == ["logs/1"]


def test_a_stuck_partition_that_is_read_again_is_like_any_other(caplog: pytest.LogCaptureFixture) -> None:
    """It is waited for, what it brings is counted, and late where its minutes were evaluated."""
    halves = Halves()
    halves.block()
    halves.go_on(20, P0)
    for _ in range(7):
        halves.send(P1)
    halves.go_on(4, P0)
    suspended = len(halves.agent.watch.evaluator.suspended)
    assert suspended > 0
    halves.agent.rig.letters.plug.pulled = False
    caplog.clear()
    halves.go_on(6, P0, P1)
    assert [line for line in caplog.messages if "as_of" in line] == ["as_of waits for all partitions again"]
    assert halves.behind < UP_TO_DATE
    assert halves.agent.health.missing() == {}
    assert halves.agent.rig.windows.counted() == {"ko": halves.sent}
    assert halves.agent.rig.consumer.tally.late == 7
    assert len(halves.agent.watch.evaluator.suspended) == suspended


def test_a_partition_that_catches_up_is_waited_for() -> None:
    """It is hours behind and moves: that is no stuck one."""
    halves = Halves()
    halves.agent.rig.log.revoke(P1)
    positions, moves = halves.agent.rig.windows.positions, iter(range(2, 1000))
    halves.agent.rig.log.append(P1, events(range(1000, 3000)))
    halves.agent.rig.log.revoke(P1)  # another member reads it
    halves.agent.rig.windows.positions = lambda: {**positions(), "log/1": next(moves)}  # type: ignore[method-assign]  # slowly
    halves.go_on(40, P0)
    assert halves.behind > timedelta(minutes=40)
    assert halves.agent.health.missing() == {}


def test_alerts_of_a_part_are_marked_and_volumes_are_not_compared() -> None:
    """From the first minute that does not know the partition on, in what is told and in what is kept."""
    halves = Halves()
    minute = minute_of(halves.agent.rig.clock.now()) - START_MINUTE + 20
    halves.agent.watch.evaluator.script = {minute: korean(began=minute)}
    halves.block()
    halves.go_on(25, P0)
    (message,) = halves.agent.watch.chat.messages
    assert "Partial: logs/1 has not been read since 2026-11-16 08:3" in message.text
    (row,) = halves.agent.watch.journal.read("transition")
    assert " Partial: logs/1 has not been read since" in row.body["summary"]
    suspended = halves.agent.watch.evaluator.suspended
    assert suspended == list(range(suspended[0], halves.agent.watch.evaluator.seen[-1] + 1))
    assert suspended[0] <= minute - 20


def test_the_evaluator_tells_of_the_whole_log(agent: Agent) -> None:
    """How much of each partition is not in the store, whoever reads it, how far evaluation is, and how long it took."""
    agent.turn(6)
    look = agent.looks[-1]
    assert look.lags == {P0: 0}
    assert look.as_of is not None
    assert whole_minute(look.as_of) == agent.watch.evaluation.evaluated_to
    assert look.took == timedelta(0)
    agent.rig.log.append(P1, events(range(10, 13)))
    agent.rig.log.revoke(P1)
    agent.turn(3)
    assert agent.looks[-1].lags == {P0: 0, P1: 3}


def test_who_does_not_evaluate_tells_nothing(agent: Agent) -> None:
    """Two agents would tell the same figure twice."""
    agent.turn(6)
    agent.rig.log.revoke(P0)
    agent.turn(6)
    assert agent.looks[-1] == Look()
