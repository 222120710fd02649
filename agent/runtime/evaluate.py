"""Evaluates what is complete, minute by minute; the state is rebuilt from the journal and the windows."""

import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from agent.alerting.evaluator import Evaluator
from agent.alerting.incident import Incident
from agent.alerting.measured import Measured
from agent.alerting.minutes import end_of, minute_at, start_of
from agent.notify.pipeline import Pipeline
from agent.probing.due import Seen
from agent.progress import unseen
from agent.report.actions import actions_since
from agent.runtime import configuration
from agent.runtime.checks import Checks, weighings_since
from agent.runtime.configuration import Configuration
from agent.runtime.investigate import Investigation
from agent.runtime.learning import Learning
from agent.runtime.left_out import NOTHING, Without, marked
from agent.runtime.newcomers import Newcomers
from agent.runtime.remembered import Remembered, deployed_since
from agent.runtime.report_round import ReportRound
from agent.runtime.telling import Telling
from agent.runtime.unread import Unread
from agent.store.base import MINUTE, Journal, WindowReader

log = logging.getLogger(__name__)

HISTORY = timedelta(days=35)  # as far as minutes are kept
WARM = HISTORY  # among these days the fourteen of a baseline are found
WATCHED = timedelta(days=4)
QUARTER = timedelta(minutes=15)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
NOTHING_SET: Configuration = {}


class Evaluation:
    """Walks the minutes up to as_of, and has told what is found on the way."""

    def __init__(  # noqa: PLR0913 - the composition root hands over each part
        self,
        evaluator: Evaluator,
        windows: WindowReader,
        journal: Journal,
        pipeline: Pipeline,
        investigation: Investigation | None = None,
        *,
        reading: Configuration = NOTHING_SET,
        checks: Checks | None = None,
        reports: ReportRound | None = None,
    ) -> None:
        self._evaluator = evaluator
        self._checks = checks
        self._reports = reports
        self._newcomers = Newcomers(windows, journal) if checks else None
        self._reading = reading
        self._investigation = investigation
        self._windows = windows
        self._journal = journal
        self._pipeline = pipeline
        self._remembered = Remembered(journal)
        self._acted: set[str] = set()
        self._weighed: set[tuple[str, datetime]] = set()
        self._telling = Telling(evaluator, journal, pipeline, self._remembered)
        self._unread = Unread(evaluator)
        self._without: Without = NOTHING
        self._partial: set[datetime] = set()
        self._learning = Learning(windows, journal)
        self._outdated = False  # hits are to be read by a new threshold
        self.evaluated_to: datetime | None = None
        self.behind = False

    def resume(self) -> None:
        """Go on where the last run had evaluated; nothing is told of what came before, and what it did after is done again."""
        self.evaluated_to = self._remembered.resume() or self.evaluated_to
        known = self._remembered.incidents(self.evaluated_to)
        self._telling.resume(known)
        if self.evaluated_to is not None:
            self._evaluator.take_over(self._remembered.known(known, self.evaluated_to))
            self._configured(self.evaluated_to)
            self._warm(self.evaluated_to)
        else:
            configuration.note(self._journal, self._reading, EPOCH)

    def _configured(self, until: datetime) -> None:
        """What was counted up to now was read as before; from the next minute on nothing is compared with what was read otherwise."""
        span = self._windows.span()
        at = max(until, span[1] + MINUTE) if span else until
        configuration.note(self._journal, self._reading, at)
        for begin in configuration.begins(self._journal):
            self._evaluator.begin_anew(minute_of(begin.at), begin.measures)

    @property
    def measured(self) -> list[Measured]:
        """What the languages measure in the last hour that was evaluated."""
        return self._evaluator.measured

    @property
    def open(self) -> list[Incident]:
        """What is pending or fires, and what was lost, when it was last told."""
        return self._telling.open

    def overtaken(self) -> bool:
        """Whether another agent has evaluated further: then this one's state is of the past, and it must not tell anyone."""
        return self._remembered.overtaken()

    def _warm(self, until: datetime) -> None:
        """Quarters of an hour tell what was usual; the last days are read by the minute, as windows reach back into them."""
        near = until.replace(hour=0, minute=0) - WATCHED
        for hour in self._remembered.partial(until - WARM):
            self._evaluator.suspend_volume(minute_of(hour))
        past = list(self._windows.minutes(until.replace(hour=0, minute=0) - WARM, near, step=QUARTER))
        self._evaluator.warm([*past, *self._windows.minutes(near, until)])  # all is read before any is taken in: reading may fail

    def walk(
        self,
        as_of: datetime,
        now: datetime | None,
        seen: Callable[[int, int], None] = unseen,
        without: Without = NOTHING,
        *,
        caught_up: bool = True,
    ) -> list[Incident]:
        """Evaluate every complete minute before `as_of`, and return the transitions; `seen` is told how many of how many are done.

        `now` None: a replay, where every transition is told as it comes; else only what is recent, and what still fires once
        we have `caught_up`: before that its end may stand in the log and not be read yet. Then a long way is walked a day at
        a time, since the log must be polled in between: `behind` says that there is more.
        `without`: partitions that these minutes do not know. What is found says so, and volumes are not compared.
        Raises RetryLater; the next walk goes on where this one stopped.
        """
        self._without = without
        self._telling.settle(now)
        if self._outdated:
            self._begin_again()
        moved: list[Incident] = []
        if span := self._windows.span():
            end = as_of.replace(second=0, microsecond=0)
            start = self.evaluated_to or (span[0] if now is None else max(span[0], end - HISTORY))
            stop = end if now is None else min(end, start + DAY)
            moved = self._advance(start, stop, now, seen)
            self.behind = stop < end
        if now is None:
            self._telling.tell_first_looks(as_of, ended=True)
            self._pipeline.close()
        elif not self.behind and self._telling.tell_what_stands(now, self.evaluated_to, without, caught_up=caught_up):
            self._check(now)
            self._report(now)
        return moved

    def _check(self, now: datetime) -> None:
        """Active checks that are due by what was seen; nobody begins them before it has caught up."""
        if self._checks and self._newcomers and self.evaluated_to:
            new = self._newcomers.met(self.evaluated_to)
            changes = [change for change in deployed_since(self._journal, now - DAY) if change.at <= now]
            seen = Seen(changes, new, self._evaluator.incidents)
            self._pipeline.notify(self._checks.look(seen, now, self.evaluated_to), now)

    def _report(self, now: datetime) -> None:
        if self._reports and self.evaluated_to:
            self._reports.look(self.evaluated_to, now)

    def _advance(self, start: datetime, end: datetime, now: datetime | None, seen: Callable[[int, int], None]) -> list[Incident]:
        moved: list[Incident] = []
        self._act()
        for minute, told in self._walked(start, end):
            transitions = [self._investigated(marked(one, self._without)) for one in told]
            moved += transitions
            self.evaluated_to = end_of(minute)
            self._telling.settle(now, [(minute, incident) for incident in transitions])
            if now is None:
                self._pipeline.look(self.evaluated_to)
            if self.evaluated_to < end and self.evaluated_to.hour == self.evaluated_to.minute == 0:
                self._remember(self.evaluated_to)  # a long walk that is interrupted goes on from the day it had reached
            seen(minute - minute_of(start), minute_of(end) - minute_of(start))
        if end > start:
            self._remember(end)
            self._unread.say(start, end)
        return moved

    def _walked(self, start: datetime, end: datetime) -> Iterator[tuple[int, list[Incident]]]:
        """Every minute of [start, end), also those without rows; read by the day, so that memory is bounded."""
        self._learn(start)
        while start < end:
            until = min(start.replace(hour=0, minute=0) + DAY, end)
            rows = list(self._windows.minutes(start, until))
            until = self._learning.take(rows, until)
            for minute in range(minute_of(start), minute_of(until)):
                self._suspend_volume(minute)
            known = [row for row in rows if row.minute < minute_of(until)]
            if self._newcomers:
                self._newcomers.count(known)
            yield from self._evaluator.walk(known, minute_of(start), minute_of(until) - 1)
            self._learn(until)
            start = until

    def _learn(self, at: datetime) -> None:
        """Freeze the thresholds that are learned of the minutes before this time, and read all hits by them from now on."""
        while learned := self._learning.due(self._evaluator.quality, at):
            self._learning.freeze(learned)
            self._remember(at)
            self._begin_again()

    def _begin_again(self) -> None:
        """As after a restart: what was usual is read again; where the store fails, the next walk does it."""
        self._outdated = True
        self._acted.clear()
        self._weighed.clear()
        self.resume()
        self._act()
        self._outdated = False

    def _act(self) -> None:
        """Hand over what people did and golden runs said since the last look."""
        fresh = [action for action in actions_since(self._journal, self.evaluated_to) if action.id not in self._acted]
        self._acted |= {action.id for action in fresh}
        self._evaluator.act(fresh)
        said = [one for one in weighings_since(self._journal, self.evaluated_to) if (one.id, one.at) not in self._weighed]
        self._weighed |= {(one.id, one.at) for one in said}
        self._evaluator.weigh(said)

    def _investigated(self, incident: Incident) -> Incident:
        """With its cause, where it sits and what to do; the evaluator keeps that for its end."""
        if self._investigation is None or incident.advice:  # of what was found out already only the weight has changed
            return incident
        return self._evaluator.explained(self._investigation.explain(incident, self._evaluator.changes, whole=not self._without))

    def _suspend_volume(self, minute: int) -> None:
        """While a partition is left out; the hour is remembered, so that whoever takes over compares as this agent does."""
        if self._without:
            self._evaluator.suspend_volume(minute)
            self._partial.add(start_of(minute).replace(minute=0))

    def _remember(self, end: datetime) -> None:
        """Store how far evaluation came, the deployments that were seen on the way, and the hours that were not whole."""
        self._telling.keep(end)
        for notice in self._remembered.evaluated(end, self._evaluator, self._partial):
            log.info("%s", notice)
        self._partial.clear()


def minute_of(at: datetime | None) -> int:
    """Minutes since the Unix epoch, 0 for None."""
    return 0 if at is None else minute_at(at)
