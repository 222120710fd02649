"""Active checks beside the evaluation: what is due is started once, what ended is kept, weighed and told where it failed."""

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

import msgspec
from msgspec.structs import replace

from agent.alerting import unchecked
from agent.alerting.incident import Incident, is_to_know
from agent.alerting.weighing import Weighing
from agent.probing.due import Check, CheckRun, Outcome, Planned, Seen, Why, about, due
from agent.records import row_id
from agent.runtime.schedule import LONGEST, Ended, Timed, missed
from agent.store.base import Entry, Journal

log = logging.getLogger(__name__)

TRANSITION: Final = "transition"
CHECK: Final = "check"
WEIGHING: Final = "weighing"
REMEMBERED: Final = timedelta(days=60)

Place = tuple[str, str]
Weigh = Callable[[Incident, Check, datetime], Weighing | None]
"""What the golden run of a check says of an incident at a time; None: nothing."""


class Falls(Protocol):
    """What golden sets see fall by themselves."""

    def look(self, seen: Seen, now: datetime) -> list[Incident]:
        """What fires, and what is over since the last look."""


class Runner(Protocol):
    """Who runs checks, one after the other."""

    def plan(self, timed: Iterable[Timed]) -> None:
        """From now on these have their time."""

    def ask(self, check: Check) -> None:
        """Run one as soon as can be."""

    def ended(self) -> list[Ended]:
        """What ended since the last time."""


class Checks:
    """Of the process that evaluates; what it knows stands in the journal."""

    def __init__(  # noqa: PLR0913 - the composition root hands over each part
        self,
        planned: Planned,
        timed: Sequence[Timed],
        runner: Runner,
        journal: Journal,
        *,
        weigh: Weigh,
        falls: Falls | None = None,
    ) -> None:
        self._planned, self._timed, self._runner, self._journal = planned, timed, runner, journal
        self._weigh, self._falls = weigh, falls
        self._runs: dict[str, CheckRun] = {}
        self._failing: dict[Place, Incident] = {}
        self._over: list[Incident] = []
        self._ends: deque[Ended] = deque()
        self._begun = False

    def look(self, seen: Seen, now: datetime, as_of: datetime) -> list[Incident]:
        """Start what is due, and take up what ended; returns what is to be told of checks. Raises RetryLater."""
        if not self._begun:
            self._resume(now)
        self._ends += self._runner.ended()
        while self._ends:  # each is done with only when all of it is written
            self._take(self._ends[0], seen, as_of)
            self._ends.popleft()
        for check in due(self._planned, seen):
            self._start(check, now)
        self._over = [one for one in self._over if is_to_know(one, now)]
        return [*self._failing.values(), *self._over, *(self._falls.look(seen, now) if self._falls else ())]

    def _resume(self, now: datetime) -> None:
        """What was begun before this process, and what was missed while there was none."""
        rows = self._journal.read(CHECK, now - REMEMBERED)
        self._runs = {row.id: msgspec.convert(dict(row.body), CheckRun) for row in rows}
        self._failing.clear()
        for run in sorted(self._runs.values(), key=lambda run: run.started_at):
            self._note(run)
        self._told_before(now)
        self._runner.plan(self._timed)
        self._begun = True
        self._go_on([run for run in self._runs.values() if run.outcome == "running"], now)
        for one in self._timed:
            if missed(one, self._last(one.check), now):
                self._start(one.check._replace(why=Why.MISSED, about=f"{now:%Y-%m-%dT%H}"), now)

    def _go_on(self, running: Iterable[CheckRun], now: datetime) -> None:
        """Whoever began them may have died: they are asked again, or, where nobody waits for them any more, were missed."""
        for run in running:
            if (run.kind, run.name) not in self._planned.places or now - run.started_at >= LONGEST:
                self._keep(replace(run, outcome="missed", ended_at=now, said="the agent that ran it is gone"))
            else:
                self._runner.ask(Check(run.kind, run.name, run.why, run.about, run.language))

    def _last(self, check: Check) -> datetime | None:
        """When the whole of it was started last, for whatever reason."""
        whole = (run for run in self._runs.values() if (run.kind, run.name) == (check.kind, check.name) and not run.language)
        return max((run.started_at for run in whole), default=None)

    def _start(self, check: Check, now: datetime) -> None:
        """Once; it is written before it is asked, so that whoever takes over does not do it again."""
        if check.id not in self._runs:
            self._keep(_run(check, now))
            self._runner.ask(check)

    def _told_before(self, now: datetime) -> None:
        """What people were told of checks: it goes on, or has ended, or ends now since nothing fails any more."""
        failing = {one.fingerprint for one in self._failing.values()}
        told = {one.fingerprint: one for one in _incidents(self._journal)}
        self._over = [one for one in told.values() if one.state == "resolved"]
        for one in told.values():
            if one.state == "firing" and one.fingerprint not in failing:
                self._close(one, now)

    def _take(self, ended: Ended, seen: Seen, as_of: datetime) -> None:
        """What became of a check: what it says of an incident first, so that it is not lost with a process that dies here."""
        run = _run_of(ended)
        place, at = (run.kind, run.name), run.ended_at or run.started_at
        if run.outcome == "done" and run.why is Why.SCORE_ONLY:
            self._weighed(ended.check, seen, as_of)
        before = self._failing.get(place)
        self._keep(run)
        after = self._failing.get(place)
        if before and not after:
            self._close(before, at)
        elif after and not before:
            self._say(after, at)

    def _close(self, firing: Incident, at: datetime) -> None:
        self._over.append(self._say(unchecked.over(firing, at), at))

    def _say(self, incident: Incident, at: datetime) -> Incident:
        """Keep it among the alerts."""
        name = f"{incident.fingerprint}/{incident.state}/{incident.began_at}"
        self._journal.write([Entry(TRANSITION, row_id(name), at, msgspec.to_builtins(incident))])
        return incident

    def _note(self, run: CheckRun) -> None:
        """Whether it fails now; what one language alone could be asked says nothing of the whole."""
        place = run.kind, run.name
        if run.outcome == "done" and not run.language:
            self._failing.pop(place, None)
        elif run.outcome in {"failed", "missed"} and place in self._planned.places:
            self._failing.setdefault(place, unchecked.incident(*place, run.ended_at or run.started_at, run.said))

    def _keep(self, run: CheckRun) -> None:
        self._journal.write([Entry(CHECK, run.id, run.started_at, msgspec.to_builtins(run))])
        self._runs[run.id] = run
        self._note(run)

    def _weighed(self, check: Check, seen: Seen, as_of: datetime) -> None:
        """What it says of the incident it was run for counts from the next minute on."""
        for incident in (one for one in seen.incidents if about(one) == check.about):
            if weighing := self._weigh(incident, check, as_of):
                self._journal.write([Entry(WEIGHING, weighing.id, as_of, msgspec.to_builtins(weighing))])
                log.info("%s", weighing.sentence)


def _run_of(ended: Ended) -> CheckRun:
    begun = ended.started_at or ended.ended_at
    assert begun is not None, "it began, or was missed at a time"
    run = _run(ended.check, begun)
    if ended.ended_at is None:
        return run
    outcome: Outcome = "missed" if ended.started_at is None else "failed" if ended.failed else "done"
    return replace(run, outcome=outcome, ended_at=ended.ended_at, said=ended.said)


def _incidents(journal: Journal) -> Iterator[Incident]:
    """What was told of checks, oldest first."""
    rows = (msgspec.convert(dict(row.body), Incident) for row in journal.read(TRANSITION))
    return (one for one in rows if unchecked.check_of(one))


def weighings_since(journal: Journal, at: datetime | None) -> list[Weighing]:
    """What golden runs said of incidents from this time on (None: ever), oldest first."""
    return [msgspec.convert(dict(row.body), Weighing) for row in journal.read(WEIGHING, at)]


def _run(check: Check, at: datetime) -> CheckRun:
    return CheckRun(check.id, *check, outcome="running", started_at=at)
