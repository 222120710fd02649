"""Active checks beside the evaluation: what is due is started once, what ended is kept, weighed and told where it failed."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

import msgspec

from agent.alerting import unchecked
from agent.alerting.incident import Incident
from agent.alerting.weighing import Weighing
from agent.probing.due import Check, CheckRun, Planned, Seen, Why, about, due
from agent.records import row_id
from agent.runtime.schedule import LONGEST, Ended, Timed, missed
from agent.store.base import Entry, Journal

log = logging.getLogger(__name__)

CHECK: Final = "check"
WEIGHING: Final = "weighing"
REMEMBERED: Final = timedelta(days=60)

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
        self._failing: dict[tuple[str, str], Incident] = {}
        self._begun = False

    def look(self, seen: Seen, now: datetime, as_of: datetime) -> list[Incident]:
        """Start what is due, and take up what ended; returns what is to be told of checks. Raises RetryLater."""
        if not self._begun:
            self._resume(now)
        told = [incident for ended in self._runner.ended() for incident in self._over(ended, seen, as_of)]
        for check in due(self._planned, seen):
            self._start(check, now)
        return [*self._failing.values(), *told, *(self._falls.look(seen, now) if self._falls else ())]

    def _resume(self, now: datetime) -> None:
        """What was begun before this process, and what was missed while there was none."""
        rows = self._journal.read(CHECK, now - REMEMBERED)
        self._runs = {row.id: msgspec.convert(dict(row.body), CheckRun) for row in rows}
        for run in sorted(self._runs.values(), key=lambda run: run.started_at):
            self._note(run)
        for run in self._runs.values():
            if run.outcome == "running" and now - run.started_at < LONGEST:  # whoever began it may have died
                self._runner.ask(Check(run.kind, run.name, run.why, run.about, run.language))
        self._runner.plan(self._timed)
        for one in self._timed:
            if missed(one, self._last(one.check), now):
                self._start(one.check._replace(why=Why.MISSED, about=f"{now:%Y-%m-%dT%H}"), now)
        self._begun = True

    def _last(self, check: Check) -> datetime | None:
        """When it was started last at its time."""
        timely = (run for run in self._runs.values() if (run.kind, run.name) == (check.kind, check.name) and not run.language)
        return max((run.started_at for run in timely), default=None)

    def _start(self, check: Check, now: datetime) -> None:
        """Once; it is written before it is asked, so that whoever takes over does not do it again."""
        if check.id in self._runs:
            return
        self._keep(_run(check, now))
        self._runner.ask(check)

    def _over(self, ended: Ended, seen: Seen, as_of: datetime) -> Iterator[Incident]:
        """Keep what became of a check; a failing one is told of, and one that works again."""
        run = self._run_of(ended)
        before = self._failing.get((run.kind, run.name))
        self._keep(run)
        if run.outcome == "done" and before:
            yield self._said(unchecked.over(before, ended.ended_at), ended.ended_at)
        elif run.outcome != "done" and before is None:
            self._said(self._failing[run.kind, run.name], ended.ended_at)
        if run.outcome == "done" and ended.check.why is Why.SCORE_ONLY:
            self._weighed(ended.check, seen, as_of)

    def _run_of(self, ended: Ended) -> CheckRun:
        """Its row: of a scheduled one each time has its own."""
        check, begun = ended.check, ended.started_at or ended.ended_at
        asked = check._replace(about=check.about or begun.isoformat(timespec="seconds"))
        outcome = "missed" if ended.started_at is None else "failed" if ended.failed else "done"
        return msgspec.structs.replace(_run(asked, begun), outcome=outcome, ended_at=ended.ended_at, said=ended.said)

    def _note(self, run: CheckRun) -> None:
        """Whether it fails now."""
        place = run.kind, run.name
        if run.outcome == "done":
            self._failing.pop(place, None)
        elif run.outcome in {"failed", "missed"}:
            self._failing.setdefault(place, unchecked.incident(*place, run.ended_at or run.started_at, run.said))

    def _keep(self, run: CheckRun) -> None:
        self._journal.write([Entry(CHECK, run.id, run.started_at, msgspec.to_builtins(run))])
        self._runs[run.id] = run
        self._note(run)

    def _said(self, incident: Incident, at: datetime) -> Incident:
        """Kept among the alerts."""
        name = f"{incident.fingerprint}/{incident.state}/{incident.began_at}"
        self._journal.write([Entry("transition", row_id(name), at, msgspec.to_builtins(incident))])
        return incident

    def _weighed(self, check: Check, seen: Seen, as_of: datetime) -> None:
        """What it says of the incident it was run for counts from the next minute on."""
        for incident in (one for one in seen.incidents if about(one) == check.about):
            if weighing := self._weigh(incident, check, as_of):
                self._journal.write([Entry(WEIGHING, weighing.id, as_of, msgspec.to_builtins(weighing))])
                log.info("%s", weighing.sentence)


def weighings_since(journal: Journal, at: datetime | None) -> list[Weighing]:
    """What golden runs said of incidents from this time on (None: ever), oldest first."""
    return [msgspec.convert(dict(row.body), Weighing) for row in journal.read(WEIGHING, at)]


def _run(check: Check, at: datetime) -> CheckRun:
    return CheckRun(check.id, *check, outcome="running", started_at=at)
