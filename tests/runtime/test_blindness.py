"""The rule on the agent's own blindness, over the memory twins."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from agent.alerting.rule import LagRule
from agent.clock import FakeClock
from agent.errors import RetryLater
from agent.notify.memory import MemoryNotifier
from agent.runtime.blindness import Blindness
from agent.runtime.remembered import AS_OF
from agent.store.base import Entry
from agent.store.memory import MemoryJournal
from tests.support.telling import Told

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Journal(MemoryJournal):
    """One that can be away."""

    away = False
    reads = 0  # of all transitions

    def read(self, kind: str, since: datetime | None = None, until: datetime | None = None) -> list[Entry]:
        """Read, where it is there."""
        if self.away:
            raise RetryLater("the store is away")
        self.reads += kind == "transition"
        return super().read(kind, since, until)

    def write(self, entries: Sequence[Entry]) -> None:
        """Write, where it is there."""
        if self.away:
            raise RetryLater("the store is away")
        super().write(entries)


class Replica:
    """One agent's watch."""

    def __init__(self, journal: Journal, started: datetime = NOW) -> None:
        self.notifier = MemoryNotifier("chat")
        self.told = told = Told([self.notifier], journal, FakeClock(NOW))
        know = partial(told.outbox.take_over, deliver=False)
        self.blindness = Blindness(LagRule(name="lag", where=()), journal, told.pipeline, started, know=know)

    def look(self, minutes: range) -> list[str]:
        """The states told in these minutes after NOW."""
        before = len(self.notifier.messages)
        for minute in minutes:
            self.blindness.look(NOW + minute * MINUTE)
            self.told.turn()
        return [message.incidents[0].state for message in self.notifier.messages[before:]]


def evaluated(journal: Journal, minute: int) -> None:
    """The evaluator has come to this minute after NOW."""
    at = NOW + minute * MINUTE
    journal.write([Entry(AS_OF, AS_OF, at, {})])


def test_blindness_is_told_once_and_so_is_its_end() -> None:
    """Nothing for 15 minutes: one message; evaluation goes on: one more."""
    journal = Journal()
    evaluated(journal, 0)
    one = Replica(journal)
    assert one.look(range(15)) == []
    assert one.look(range(15, 60)) == ["firing"]
    evaluated(journal, 58)
    assert one.look(range(60, 70)) == ["resolved"]


def test_a_second_replica_and_a_restart_tell_nothing_twice() -> None:
    """What was told stands in the journal; whoever sees the end tells it."""
    journal = Journal()
    evaluated(journal, 0)
    assert Replica(journal).look(range(20)) == ["firing"]
    other = Replica(journal)
    assert other.look(range(20, 40)) == []
    evaluated(journal, 39)
    assert other.look(range(40, 45)) == ["resolved"]


def test_what_others_told_while_one_was_young_is_known_to_it() -> None:
    """An agent that had just begun says nothing itself, and still tells the end when whoever told is gone."""
    journal = Journal()
    evaluated(journal, 0)
    old, young = Replica(journal), Replica(journal, NOW + 10 * MINUTE)
    assert young.look(range(10, 15)) == []
    assert old.look(range(20)) == ["firing"]
    evaluated(journal, 19)
    assert young.look(range(20, 25)) == ["resolved"]


def test_blindness_under_a_rule_that_was_removed_ends() -> None:
    """Nobody would tell its end otherwise; without a rule all transitions are read once, not every minute."""
    journal = Journal()
    evaluated(journal, 0)
    Replica(journal).look(range(20))
    left = Replica(journal)
    unwatched = Blindness(None, journal, left.told.pipeline, NOW + 20 * MINUTE)
    for minute in range(20, 40):
        unwatched.look(NOW + minute * MINUTE)
    newest = journal.read("transition")[-1].body
    assert newest["state"] == "resolved"
    assert newest["summary"] == "No longer watched whether babelwatch is blind: the rule lag was removed."
    before = journal.reads
    unwatched.look(NOW + 41 * MINUTE)
    assert journal.reads == before


class Mortal(Journal):
    """One whose process dies once, before or after one of its writings."""

    def __init__(self) -> None:
        super().__init__()
        self.steps, self.dies_at = 0, 0

    def write(self, entries: Sequence[Entry]) -> None:
        """Write, or die."""
        self._step()
        super().write(entries)
        self._step()

    def _step(self) -> None:
        self.steps += 1
        if self.steps == self.dies_at:
            raise KeyboardInterrupt


@pytest.mark.parametrize("dies_at", [0, *range(2, 13)])  # at the first one nothing is stored and nobody was told
def test_who_dies_at_any_writing_leaves_enough_to_tell_the_rest(dies_at: int) -> None:
    """The next process is too young to be blind, and evaluation goes on before it is not; only a message on its way comes twice."""
    journal, told = Mortal(), []
    evaluated(journal, 0)
    journal.steps, journal.dies_at = 0, dies_at
    one = Replica(journal)
    for minute in range(40):
        if minute == 25:
            MemoryJournal.write(journal, [Entry(AS_OF, AS_OF, NOW + 25 * MINUTE, {})])
        try:
            one.look(range(minute, minute + 1))
        except KeyboardInterrupt:
            told += one.notifier.messages
            one = Replica(journal, NOW + minute * MINUTE)
    states = [message.incidents[0].state for message in [*told, *one.notifier.messages]]
    assert list(dict.fromkeys(states)) == ["firing", "resolved"]
    assert len(states) == 2 + (dies_at in {5, 11})
    assert journal.steps >= 12


def test_transitions_are_not_read_again_while_evaluation_goes_on() -> None:
    """Once when the agent begins, and once after an incident is over."""
    journal = Journal()
    one = Replica(journal)
    for minute in range(10):
        evaluated(journal, minute)
        one.look(range(minute, minute + 1))
    assert journal.reads == 1
    one.look(range(10, 30))
    before = journal.reads
    for minute in range(30, 40):
        evaluated(journal, minute)
        one.look(range(minute, minute + 1))
    assert journal.reads == before + 1


def test_the_store_being_away_is_told_although_nothing_can_be_stored() -> None:
    """The last known time counts, and the message goes out."""
    journal = Journal()
    evaluated(journal, 0)
    one = Replica(journal)
    one.look(range(2))
    journal.away = True
    assert one.look(range(2, 40)) == ["firing"]


def test_an_agent_that_has_evaluated_nothing_yet_is_not_blind() -> None:
    """A new installation waits for its first traffic."""
    assert Replica(Journal()).look(range(120)) == []
