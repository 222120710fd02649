"""Evaluation: every minute once and in order, whatever happens in between, and what is kept for whoever goes on."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import pytest

from agent.alerting.sums import Minute
from agent.errors import RetryLater
from agent.notify.base import TransportError
from agent.report.views import incidents
from agent.runtime.evaluate import EPOCH, HISTORY, minute_of
from agent.runtime.remembered import AS_OF, PARTIAL, STATE
from agent.store.base import MINUTE, Entry
from agent.store.memory import MemoryWindows
from tests.notify.examples import QUICK
from tests.runtime.rig import P1
from tests.runtime.watchers import Watch, korean, stored, watch
from tests.store.builders import START, at, flush, window


def test_every_complete_minute_is_evaluated_once() -> None:
    """Also those without traffic, and never the one that is not over."""
    made = Watch()
    made.traffic(2, 3, 7)
    made.walk(5.9)
    made.walk(5.9)
    made.walk(8)
    assert made.evaluator.seen == [2, 3, 4, 5, 6, 7]


def test_an_empty_store_has_nothing_to_evaluate() -> None:
    """Nothing is remembered either, so that the first window is not before the first evaluated minute."""
    made = Watch()
    assert made.walk(5) == []
    assert made.journal.read(AS_OF) == []
    made.traffic(1)
    made.walk(3)
    assert made.evaluator.seen == [1, 2]


def test_traffic_that_is_not_complete_yet_waits() -> None:
    """Windows after as_of are not looked at."""
    made = Watch()
    made.traffic(9)
    assert made.walk(5) == []
    assert made.evaluator.seen == []
    assert made.evaluation.evaluated_to is None


def test_a_long_history_is_not_evaluated_from_its_beginning() -> None:
    """The first evaluation goes back as far as minutes are kept."""
    made = Watch()
    days = HISTORY // timedelta(days=1)
    made.traffic(-(days + 9) * 1440, 0)
    made.walk(1)
    assert made.evaluator.seen[0] == 1 - days * 1440
    assert made.evaluator.seen[-1] == 0


def test_a_long_way_is_walked_a_day_at_a_time() -> None:
    """The log is polled in between; what fires is told at its end, what fired on the way and is over in a digest."""
    made = Watch({100: korean(), 2_000: korean("resolved"), 4_000: korean(began_at=at(4_000))})
    made.traffic(0, 4_319)
    days: list[object] = []
    while not days or made.evaluation.behind:
        made.evaluation.walk(at(4_320), at(4_320))
        days.append((made.evaluation.evaluated_to, made.told()))
    assert days == [(at(1_440), []), (at(2_880), []), (at(4_320), [("firing", at(4_000)), ("firing", None)])]
    assert made.evaluator.seen == list(range(4_320))


@pytest.mark.parametrize("days", [1, 2, 3])
def test_a_restart_on_a_long_way_forgets_nothing_of_the_digest(days: int) -> None:
    """What fired and ended on the days that the process before has walked is in it all the same, once."""
    made = Watch({100: korean(), 2_000: korean("resolved")})
    made.traffic(0, 4_319)
    for _ in range(days):
        made.evaluation.walk(at(4_320), at(4_320), caught_up=False)
    made.again()
    made.walk(4_320)
    made.again()
    made.walk(4_325)
    assert made.told() == [("firing", None)]


def test_as_of_is_remembered() -> None:
    """One row, moved on with each walk, in whole minutes."""
    made = watch()
    made.walk(5.5)
    made.walk(8.5)
    assert made.journal.read(AS_OF) == [Entry(AS_OF, AS_OF, at(8), {})]
    assert made.evaluation.evaluated_to == at(8)


def test_a_restart_goes_on_where_the_last_run_ended() -> None:
    """No minute is evaluated twice or left out."""
    made = watch()
    made.walk(5)
    made.again()
    assert made.evaluation.evaluated_to == at(5)
    made.walk(8)
    assert made.evaluator.seen == [5, 6, 7]


def test_a_transition_is_stored_and_told() -> None:
    """The journal has it at the end of its minute, as the incident it is."""
    made = watch({3: korean()})
    assert made.walk(5) == [korean()]
    assert incidents(made.journal) == [korean()]
    assert stored(made) == [("firing", "+4")]
    assert made.told() == [("firing", START)]


def test_an_as_of_that_was_not_stored_is_stored_later() -> None:
    """The store is away at the end of a walk, when everything was evaluated."""
    made = watch()
    made.plug.pulled = True
    with pytest.raises(RetryLater):
        made.walk(6)
    made.plug.pulled = False
    made.walk(7)
    assert made.journal.read(AS_OF) == [Entry(AS_OF, AS_OF, at(7), {})]
    assert made.evaluator.seen == list(range(7))


def test_a_crash_in_the_middle_of_a_walk_stores_every_transition_once() -> None:
    """The minutes since as_of are evaluated again, and give the same rows."""
    made = watch({3: korean()})
    made.walk(5)
    as_of = made.journal.read(AS_OF)
    made.journal.write([row._replace(at=at(2)) for row in as_of])
    made.again()
    assert made.evaluation.evaluated_to == at(2)
    made.walk(5)
    assert stored(made) == [("firing", "+4")]
    assert made.states() == ["firing"]


def deployed(made: Watch, *versions: tuple[int, str]) -> None:
    """One window of a version at each of these minutes."""
    for place, version in versions:
        made.traffic(place, index_version=version)


def changes(made: Watch) -> list[tuple[str, str]]:
    """The deployments in the journal: version, and when."""
    return [(row.body["index_version"], str(row.body["at"])) for row in made.journal.read("change")]


def test_a_deployment_is_noted_once() -> None:
    """It stands in the journal with the minute in which it was first seen."""
    made = Watch()
    deployed(made, (0, "v1"), (37, "v2"), (38, "v1"), (39, "v2"))
    made.walk(38)
    made.walk(60)
    assert changes(made) == [("v2", at(37).isoformat().replace("+00:00", "Z"))]


@pytest.mark.parametrize("days", [0, 3, 6, 19])
def test_a_restart_knows_the_deployment(days: int) -> None:
    """History is read by the hour where it is old, and the deployment in it is the same one."""
    made = Watch()
    deployed(made, (-90, "v1"), (37, "v2"))
    made.walk(60)
    made.traffic(days * 1440 + 61, index_version="v2")
    made.walk(days * 1440 + 62)
    made.again()
    made.walk(days * 1440 + 63)
    assert changes(made) == [("v2", at(37).isoformat().replace("+00:00", "Z"))]


def test_a_deployment_that_was_not_stored_is_stored_later() -> None:
    """The store is away when it is to be noted."""
    made = Watch()
    deployed(made, (0, "v1"), (7, "v2"))
    made.plug.pulled = True
    with pytest.raises(RetryLater):
        made.walk(10)
    made.plug.pulled = False
    made.walk(11)
    assert [version for version, _ in changes(made)] == ["v2"]


def test_a_restart_reads_history_before_it_evaluates() -> None:
    """Thirty days, the older ones by the quarter and the newer ones by the minute, oldest first; nothing of it is told again."""
    made = Watch({3: korean()})
    made.traffic(*(-n * 1440 - 61 for n in range(30)), *range(10))
    made.walk(5)
    made.again()
    days = sorted(-n * 1440 - 61 for n in range(30))
    by_the_quarter = [n // 15 * 15 for n in days if n < -5 * 1440]
    assert made.evaluator.warmed == [*by_the_quarter, *days[len(by_the_quarter) :], *range(5)]
    assert made.states() == ["firing"]


class OnceAway(MemoryWindows):
    """A store that is away at the second reading of minutes."""

    readings = 0

    def minutes(self, start: datetime, end: datetime, *, step: timedelta = MINUTE) -> Iterator[Minute]:
        """Read, or fail."""
        self.readings += 1
        if self.readings == 2:
            raise RetryLater("away")
        return super().minutes(start, end, step=step)


def test_resuming_can_be_tried_again() -> None:
    """The store is away in the middle of reading history: the next try takes all of it in, once."""
    made = watch(minutes=10)
    made.walk(5)
    away = OnceAway()
    away.append(flush(window(-9 * 1440), *(window(n) for n in range(10))))
    made.windows, away.readings = away, 0
    with pytest.raises(RetryLater):
        made.again()
    made.evaluation.resume()
    assert made.evaluator.warmed == [-9 * 1440, *range(5)]


@pytest.mark.parametrize(("time", "expected"), [(None, 0), (EPOCH, 0), (EPOCH + timedelta(seconds=119), 1)])
def test_minutes_are_counted_from_the_epoch(time: datetime | None, expected: int) -> None:
    """Nothing evaluated yet is before every minute."""
    assert minute_of(time) == expected


SAYS = " Partial: logs/1 has not been read since 2026-11-16 08:00 UTC."


def test_what_is_found_without_a_partition_says_so() -> None:
    """In the journal and to people, also when it ends; what is found before and afterwards does not."""
    script = {3: korean(), 12: korean("resolved"), 13: korean(began=13), 22: korean("resolved", began=13)}
    made = watch(script)
    made.walk(10)
    made.walk(20, without={P1: START})
    made.walk(30)
    said = [row.body["summary"].removeprefix(korean().summary) for row in made.journal.read("transition")]
    assert said == ["", SAYS, SAYS, ""]
    assert [SAYS.strip() in message.text for message in made.chat.messages] == [False, True, True, False]


def test_what_is_told_later_without_a_partition_says_so() -> None:
    """The channel was down when it fired; it is said once, by the next process."""
    made = watch({15: korean()})
    made.chat.failures.extend([TransportError("down", permanent=False)] * QUICK.attempts)
    made.walk(10)
    made.walk(20, without={P1: START})
    assert made.states() == []
    made.again()
    made.walk(21, without={P1: START})
    assert [message.text.count(SAYS.strip()) for message in made.chat.messages] == [1]


def test_volumes_are_not_compared_without_a_partition() -> None:
    """In the minutes of this walk, and after a restart in their hours: whoever takes over decides alike."""
    made = watch(minutes=200)
    made.walk(50)
    made.walk(70, without={P1: START})
    assert made.evaluator.suspended == list(range(50, 70))
    hours = made.journal.read(PARTIAL)
    assert hours == [Entry(PARTIAL, "2026-11-16T08", START, {}), Entry(PARTIAL, "2026-11-16T09", at(60), {})]
    made.walk(130)
    made.again()
    assert made.evaluator.suspended == [0, 60]
    made.walk(190)
    assert made.evaluator.suspended == [0, 60]


def test_an_hour_that_was_not_whole_is_written_once() -> None:
    """Later walks write as_of and the state that belongs to it."""
    made = watch()
    made.walk(10, without={P1: START})
    written: list[str] = []
    write = made.journal.write

    def noting(entries: Sequence[Entry]) -> None:
        written.extend(entry.kind for entry in entries)
        write(entries)

    made.journal.write = noting  # type: ignore[method-assign]  # looked at
    made.walk(11)
    assert written == [STATE, AS_OF]
