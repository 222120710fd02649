"""Checks in processes of their own, one after the other, at their time or when asked."""

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.clock import SystemClock
from agent.cron import parse_cron
from agent.errors import Misconfigured, Mistake
from agent.probing.due import Check, Why
from agent.runtime.schedule import Ended, Schedule, Timed, babelwatch, missed

SUPPORT, OWN = Check("golden", "support", Why.DEPLOYMENT, "v43"), Check("probe", "own", Why.DEPLOYMENT, "v43")
NIGHTLY = Check("golden", "support", Why.SCHEDULE)
NOON = datetime(2026, 11, 16, 12, tzinfo=UTC)
SOON_S = 20.0


def python(code: str) -> Callable[[Check], Sequence[str]]:
    """Every check is this program."""
    return lambda _: [sys.executable, "-c", code]


class Opened:
    """Schedules of a test, closed at its end."""

    def __init__(self) -> None:
        self.schedules: list[Schedule] = []

    def __call__(self, command: Callable[[Check], Sequence[str]]) -> Schedule:
        """An awake one."""
        made = Schedule(command, SystemClock())
        made.wake()
        self.schedules.append(made)
        return made


@pytest.fixture
def opened() -> Iterator[Opened]:
    """Opens schedules."""
    made = Opened()
    yield made
    for one in made.schedules:
        one.close()


def ends(schedule: Schedule, n: int = 1) -> list[Ended]:
    """The next ends."""
    found: list[Ended] = []
    deadline = time.monotonic() + SOON_S
    while len(found) < n and time.monotonic() < deadline:
        found += [one for one in schedule.ended() if one.ended_at]
        time.sleep(0.02)
    return found


def test_a_check_runs_and_its_end_is_told(opened: Opened) -> None:
    """Once, with when it began; what it printed is kept by itself."""
    schedule = opened(python("print('figures')"))
    schedule.ask(SUPPORT)
    (end,) = ends(schedule)
    assert (end.check, end.failed, end.said) == (SUPPORT, False, "")
    assert end.started_at is not None
    assert end.ended_at is not None
    assert end.started_at <= end.ended_at
    assert schedule.ended() == []


def test_a_failure_says_why(opened: Opened) -> None:
    """The end of standard error, without what it said before it failed."""
    schedule = opened(python("import sys; sys.exit('216 searches.\\nbabelwatch: no answer from the search')"))
    schedule.ask(SUPPORT)
    (end,) = ends(schedule)
    assert (end.failed, end.said) == (True, "no answer from the search")


def test_a_check_that_cannot_be_started_fails(opened: Opened) -> None:
    """It may not be configured any more, or the program may be gone."""

    def gone(check: Check) -> Sequence[str]:
        if check.kind == "probe":
            raise Misconfigured([Mistake("", "probes.own", "is not among the settings any more")])
        return ["/nowhere/babelwatch"]

    schedule = opened(gone)
    schedule.ask(OWN)
    schedule.ask(SUPPORT)
    found = {end.check: end for end in ends(schedule, 2)}
    assert found[OWN].said == "probes.own: is not among the settings any more"
    assert "/nowhere/babelwatch" in found[SUPPORT].said


def test_one_runs_at_a_time_and_nicer_than_the_agent(opened: Opened, tmp_path: Path) -> None:
    """A second one waits for the first, and both leave the processor to the agent."""
    trace = tmp_path / "trace"
    code = f"import os, time; f = open({str(trace)!r}, 'a'); f.write('begin '); f.flush(); time.sleep(.3); f.write(f'end{{os.nice(0)}} ')"
    schedule = opened(python(code))
    schedule.ask(SUPPORT)
    schedule.ask(OWN)
    assert len(ends(schedule, 2)) == 2
    nice = min(os.nice(0) + 10, 19)
    assert trace.read_text() == f"begin end{nice} begin end{nice} "


def test_what_is_asked_twice_runs_once(opened: Opened, tmp_path: Path) -> None:
    """While it waits or runs; whoever evaluates anew asks for everything that has no end."""
    trace = tmp_path / "trace"
    schedule = opened(python(f"import time; open({str(trace)!r}, 'a').write('x'); time.sleep(.3)"))
    for check in (SUPPORT, SUPPORT, OWN, OWN):
        schedule.ask(check)
    assert len(ends(schedule, 2)) == 2
    schedule.ask(SUPPORT)
    assert len(ends(schedule)) == 1
    assert trace.read_text() == "xxx"


def test_what_is_asked_of_an_agent_that_evaluates_no_more_is_left_to_its_successor(opened: Opened) -> None:
    """Nothing of before begins when it evaluates again; what is asked then does."""
    schedule = opened(python(""))
    schedule.plan([every_second(OWN)])
    schedule.sleep()
    time.sleep(1.2)
    schedule.wake()
    time.sleep(0.3)
    assert schedule.ended() == []
    schedule.ask(SUPPORT)
    assert [end.check for end in ends(schedule)] == [SUPPORT]


def every_second(check: Check) -> Timed:
    """No test waits for four in the morning."""
    return Timed(check, type(parse_cron("* * * * *"))(second="*", timezone=UTC))


def test_a_check_is_run_at_its_time(opened: Opened) -> None:
    """And a plan takes the place of the one before; each time is one of its own, and its begin is told, too."""
    schedule = opened(python(""))
    schedule.plan([every_second(OWN)])
    schedule.plan([every_second(NIGHTLY)])
    found: list[Ended] = []
    deadline = time.monotonic() + SOON_S
    while len(found) < 4 and time.monotonic() < deadline:
        found += schedule.ended()
        time.sleep(0.05)
    begun = [one for one in found if one.ended_at is None]
    over = [one for one in found if one.ended_at]
    assert {one.check.name for one in found} == {"support"}
    assert [one.check for one in over] == [one.check for one in begun][: len(over)]
    assert len({one.check.id for one in over}) == len(over) >= 2


def test_closing_ends_what_runs(opened: Opened) -> None:
    """Nobody waits for an hour, and nothing is heard of it."""
    schedule = opened(python("import time; time.sleep(600)"))
    schedule.ask(SUPPORT)
    time.sleep(0.5)
    begun = time.monotonic()
    schedule.close()
    assert time.monotonic() - begun < SOON_S
    assert schedule.ended() == []
    opened.schedules.clear()


def test_the_command_is_this_installation(opened: Opened) -> None:
    """`python -m agent` is babelwatch."""
    schedule = opened(lambda _: babelwatch("nonsense"))
    schedule.ask(SUPPORT)
    (end,) = ends(schedule)
    assert "nonsense" in end.said


@pytest.mark.parametrize(
    ("last", "now", "is_missed"),
    [
        (None, NOON, False),  # it never ran: its first time comes
        (NOON - timedelta(hours=8), NOON, False),  # it ran at four
        (NOON - timedelta(hours=32), NOON, True),  # it ran at four of the day before
        (NOON - timedelta(hours=32), NOON.replace(hour=4, minute=30), True),  # nobody would start what is half an hour late
        (NOON - timedelta(hours=32), NOON.replace(hour=3, minute=30), False),
    ],
)
def test_what_was_missed_while_nobody_was_there(last: datetime | None, now: datetime, is_missed: bool) -> None:  # noqa: FBT001 - a row of the table above
    """Its time came and went since it ran last."""
    assert missed(Timed(SUPPORT, parse_cron("0 4 * * *")), last, now) is is_missed
