"""A store that is gone for an hour: nothing grows, nothing is lost, and it is said in a few lines."""

import pytest

from agent.records import Partition
from tests.notify.examples import incident
from tests.runtime.rig import events
from tests.runtime.test_live import LATENESS, Agent
from tests.runtime.watchers import korean

PARTITIONS = [Partition("logs", number) for number in range(4)]
TURN = 2.0
PER_TURN = 5


class Outage:
    """An agent over four partitions with traffic in every turn, and a store that can be taken away."""

    def __init__(self) -> None:
        self.agent = Agent()
        self.sent = 0
        self.turn(180)

    def turn(self, times: int) -> None:
        """So many turns, with traffic."""
        for _ in range(times):
            for partition in PARTITIONS:
                self.agent.rig.log.append(partition, [*events(range(self.sent, self.sent + PER_TURN)), b"{"])
                self.sent += PER_TURN
            self.agent.turn(seconds=TURN)

    def pull(self, *, away: bool) -> None:
        """Take the store away, or bring it back."""
        for plug in (self.agent.rig.windows.plug, self.agent.rig.journal.plug, self.agent.watch.plug):
            plug.pulled = away

    def held(self) -> tuple[int, int]:
        """The windows and the letters in memory."""
        batches = self.agent.rig.consumer._batches.values()
        return sum(len(batch.aggregator) for batch in batches), sum(len(batch.letters) for batch in batches)


@pytest.fixture
def outage() -> Outage:
    """An agent that has run for six minutes."""
    return Outage()


def test_an_hour_without_a_store_holds_nothing_in_memory(outage: Outage) -> None:
    """Each partition is paused with the batch that it has; what comes meanwhile waits in the log."""
    log = outage.agent.rig.log
    outage.pull(away=True)
    outage.turn(20)
    polled, held = dict(log.polled), outage.held()
    outage.turn(1800)
    assert log._paused == set(PARTITIONS)
    assert dict(log.polled) == polled
    assert outage.held() == held
    assert outage.held()[0] < 100


def test_after_an_hour_without_a_store_everything_is_counted_once(outage: Outage) -> None:
    """Events and rejects, within the minutes that catching up takes; every minute was evaluated once, and as_of is of now."""
    outage.pull(away=True)
    outage.turn(1800)
    outage.pull(away=False)
    outage.agent.turn(12)
    rig, seen = outage.agent.rig, outage.agent.watch.evaluator.seen
    assert rig.windows.counted() == {"ko": outage.sent}
    assert rig.consumer.tally.rejected == len(rig.letters.letters) == outage.sent // PER_TURN
    assert seen == list(range(seen[0], seen[0] + len(seen)))
    assert outage.agent.watch.evaluation.evaluated_to is not None
    assert rig.clock.now() - outage.agent.watch.evaluation.evaluated_to < 2 * LATENESS
    assert outage.agent.health.missing() == {}


def test_what_came_and_went_during_the_outage_is_told_as_one_digest(outage: Outage) -> None:
    """What still fires is told, once; the rest in one message for all."""
    still = incident(language="el", state="firing")
    outage.agent.watch.evaluator.script = {50: korean(began=50), 55: korean("resolved", began=50), 60: still}
    outage.pull(away=True)
    outage.turn(1800)
    outage.pull(away=False)
    outage.agent.turn(12)
    assert [message.incidents[0].language for message in outage.agent.watch.chat.messages] == ["el", "*"]
    assert [row.body["state"] for row in outage.agent.watch.journal.read("transition")] == ["firing", "resolved", "firing"]


def test_an_hour_without_a_store_is_a_line_a_minute(outage: Outage, caplog: pytest.LogCaptureFixture) -> None:
    """For all partitions and all that fails together: when it begins, while it lasts, and when it is over."""
    caplog.clear()
    outage.pull(away=True)
    before = outage.agent.rig.clock.now()
    outage.turn(1800)
    minutes = (outage.agent.rig.clock.now() - before).total_seconds() / 60
    outage.pull(away=False)
    outage.agent.turn(12)
    said = caplog.messages
    assert said[0] == "logs/0 waits: the store is away"
    assert said[-1].startswith("ready again (")
    assert 0.9 * minutes <= len(said) <= minutes + 2
    assert all("the store is away" in line and "failures since" in line for line in said[1:-1])
