"""What a process has seen of itself since it began."""

from datetime import timedelta

from agent.clock import FakeClock
from agent.errors import Misconfigured, Mistake
from agent.records import Partition
from agent.runtime.look import Look
from agent.runtime.own import Own, both
from agent.runtime.tally import Tally
from tests.runtime.rig import NOW

WRONG = Misconfigured([Mistake("babelwatch.yaml", "quality.k", "expected a number, found 'ten'")])


def test_stored_batches_add_up_since_the_begin() -> None:
    """Each is counted once, and what a reader holds meanwhile does not change under it."""
    own = Own(FakeClock(NOW).now)
    own.stored(Tally(messages=3, accepted=2, duplicates=1))
    held = own.seen()
    own.stored(Tally(messages=4, accepted=4))
    assert (held.since, held.tally.messages) == (NOW, 3)
    assert (own.seen().tally.messages, own.seen().tally.accepted, own.seen().tally.duplicates) == (7, 6, 1)


def test_the_newest_look_at_the_logs_end_counts() -> None:
    """Who does not evaluate any more knows no lag."""
    own, partition = Own(FakeClock(NOW).now), Partition("logs", 0)
    own.looked(Look({partition: 12}))
    assert own.seen().lags == {partition: 12}
    own.looked(Look())
    assert own.seen().lags == {}


def test_a_wrong_configuration_is_known_until_a_right_one_is_read() -> None:
    """The one in force stays the one that was read before."""
    clock = FakeClock(NOW)
    own = Own(clock.now)
    clock.advance(timedelta(hours=1))
    own.reloaded(WRONG)
    assert ("quality.k" in own.seen().wrong, own.seen().read_at) == (True, NOW)
    own.reloaded(None)
    assert (own.seen().wrong, own.seen().read_at) == ("", NOW + timedelta(hours=1))


def test_two_hear_of_the_same() -> None:
    """In this order."""
    heard: list[str] = []
    both(lambda said: heard.append(f"first {said}"), lambda said: heard.append(f"then {said}"))("a look")
    assert heard == ["first a look", "then a look"]
