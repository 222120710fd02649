"""Evaluates what is complete, minute by minute, and tells: transitions are stored before they are sent."""

import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta

import msgspec

from agent.alerting import loss
from agent.alerting.changes import Change
from agent.alerting.evaluator import Evaluator, Known, State
from agent.alerting.incident import Incident
from agent.alerting.notice import Notice
from agent.alerting.reference import Reference
from agent.errors import RetryLater
from agent.notify.pipeline import Pipeline
from agent.report import thresholds
from agent.report.actions import actions_since
from agent.runtime import configuration
from agent.runtime.caught_up import CaughtUp
from agent.runtime.configuration import Configuration
from agent.runtime.investigate import Investigation
from agent.runtime.learning import Learning
from agent.runtime.left_out import NOTHING, Without, marked
from agent.store.base import Entry, Journal, WindowReader

log = logging.getLogger(__name__)

HISTORY = timedelta(days=35)  # as far as minutes are kept
WARM = HISTORY  # among these days the fourteen of a baseline are found
WATCHED = timedelta(days=4)
QUARTER = timedelta(minutes=15)
OVER = timedelta(minutes=10)  # what happened earlier is found while catching up
TELL_ENDS = timedelta(days=7)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
NOTHING_SET: Configuration = {}
AS_OF = "as_of"
STATE = "state"
REFERENCE = "reference"
PARTIAL = "partial"  # an hour of which not everything was counted when it was evaluated


def unseen(done: int, total: int) -> None:
    """What is shown of a walk where nobody watches."""


class Evaluation:
    """Walks the minutes up to as_of; the state is rebuilt from the journal and the windows."""

    def __init__(  # noqa: PLR0913 - the composition root hands over each part
        self,
        evaluator: Evaluator,
        windows: WindowReader,
        journal: Journal,
        pipeline: Pipeline,
        investigation: Investigation | None = None,
        *,
        reading: Configuration = NOTHING_SET,
    ) -> None:
        self._evaluator = evaluator
        self._reading = reading
        self._investigation = investigation
        self._windows = windows
        self._journal = journal
        self._pipeline = pipeline
        self._known_changes = {_version(entry) for entry in journal.read("change")}
        self._acted: set[str] = set()
        self._untold: list[tuple[int, Incident]] = []
        self._caught_up = CaughtUp()
        self._said = False
        self._said_at: datetime | None = None
        self._ended: list[Incident] = []
        self._remembered = EPOCH
        self._without: Without = NOTHING
        self._partial: set[datetime] = set()
        self._learning = Learning(windows, journal)
        self._outdated = False  # hits are to be read by a new threshold
        self.evaluated_to: datetime | None = None
        self.behind = False
        self.open: list[Incident] = []

    def resume(self) -> None:
        """Go on where the last run had evaluated; nothing is told of what came before, and what it did after is done again."""
        for entry in self._journal.read(AS_OF):
            self.evaluated_to = self._remembered = entry.at
        transitions = [
            entry for entry in self._journal.read("transition") if self.evaluated_to is None or entry.at <= self.evaluated_to
        ]
        known = [one for one in (msgspec.convert(dict(entry.body), Incident) for entry in transitions) if one.class_ != "monitor"]
        self._ended = [incident for incident in known if incident.state == "resolved"]
        if self.evaluated_to is not None:
            learned = thresholds.by_scale(thresholds.frozen(self._journal, self.evaluated_to))
            self._evaluator.take_over(Known(tuple(known), self._references(), self._state(self.evaluated_to), learned))
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

    def _references(self) -> tuple[Reference, ...]:
        return tuple(msgspec.convert(dict(entry.body), Reference) for entry in self._journal.read(REFERENCE))

    def _state(self, at: datetime) -> State | None:
        """The state as of this very moment; one of another moment is of no use."""
        found = [entry for entry in self._journal.read(STATE) if entry.at == at]
        return msgspec.convert(dict(found[-1].body), State) if found else None

    def overtaken(self) -> bool:
        """Whether another agent has evaluated further: then this one's state is of the past, and it must not tell anyone."""
        return any(entry.at > self._remembered for entry in self._journal.read(AS_OF))

    def _warm(self, until: datetime) -> None:
        """Quarters of an hour tell what was usual; the last days are read by the minute, as windows reach back into them."""
        near = until.replace(hour=0, minute=0) - WATCHED
        for entry in self._journal.read(PARTIAL, until - WARM):
            self._evaluator.suspend_volume(minute_of(entry.at))
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
        self._settle(now)
        if self._outdated:
            self._begin_again()
        moved: list[Incident] = []
        if span := self._windows.span():
            end = as_of.replace(second=0, microsecond=0)
            start = self.evaluated_to or (span[0] if now is None else max(span[0], end - HISTORY))
            stop = end if now is None else min(end, start + DAY)
            moved = self._advance(start, stop, now, seen)
            self.behind = stop < end
        if now is not None and not self.behind:
            losses = self._losses(now)
            self.open = [*(one for one in self._evaluator.incidents if one.state != "resolved"), *losses]
            known = self._to_know(now) if caught_up else ()
            digests = self._caught_up.digests(now) if caught_up else ()
            self._tell([*(marked(self._caught_up.marked(one), without) for one in known), *digests, *losses])
        return moved

    def _advance(self, start: datetime, end: datetime, now: datetime | None, seen: Callable[[int, int], None]) -> list[Incident]:
        moved: list[Incident] = []
        self._act()
        for minute, told in self._walked(start, end):
            transitions = [self._investigated(marked(one, self._without)) for one in told]
            moved += transitions
            self._untold += [(minute, incident) for incident in transitions]
            self.evaluated_to = _time(minute + 1)
            self._settle(now)
            if self.evaluated_to < end and self.evaluated_to.hour == self.evaluated_to.minute == 0:
                self._remember(self.evaluated_to)  # a long walk that is interrupted goes on from the day it had reached
            seen(minute - minute_of(start), minute_of(end) - minute_of(start))
        if end > start:
            self._remember(end)
            self._say_what_is_missing(start, end)
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
        self.resume()
        self._act()
        self._outdated = False

    def _act(self) -> None:
        """Hand over what people did since the last look."""
        fresh = [action for action in actions_since(self._journal, self.evaluated_to) if action.id not in self._acted]
        self._acted |= {action.id for action in fresh}
        self._evaluator.act(fresh)

    def _investigated(self, incident: Incident) -> Incident:
        """With its cause, where it sits and what to do; the evaluator keeps that for its end."""
        if self._investigation is None:
            return incident
        return self._evaluator.explained(self._investigation.explain(incident, self._evaluator.changes, whole=not self._without))

    def _suspend_volume(self, minute: int) -> None:
        """While a partition is left out; the hour is remembered, so that whoever takes over compares as this agent does."""
        if self._without:
            self._evaluator.suspend_volume(minute)
            self._partial.add(_time(minute).replace(minute=0))

    def _settle(self, now: datetime | None) -> None:
        """Store the transitions, then tell them; what fails is done again at the next walk."""
        if not self._untold:
            return
        self._check_ours()
        self._journal.write([_entry(incident, minute) for minute, incident in self._untold])
        late = [incident for minute, incident in self._untold if now is not None and now - _time(minute + 1) >= OVER]
        self._caught_up.note(late)
        self._tell(incident for _, incident in self._untold if incident not in late)
        self._untold.clear()

    def _to_know(self, now: datetime) -> list[Incident]:
        """What fires, and what ended lately: who was told that it fires hears that it is over, also after a restart."""
        newest = {(incident.fingerprint, incident.began_at): incident for incident in (*self._ended, *self._evaluator.incidents)}
        return [one for one in newest.values() if one.state == "firing" or (one.resolved_at or EPOCH) > now - TELL_ENDS]

    def _losses(self, now: datetime) -> list[Incident]:
        """What was removed from the log before it was read; whoever was told hears nothing more of it."""
        rows = self._journal.read("lost", now - loss.OPEN_FOR)
        known = [loss.incident(msgspec.convert(dict(row.body), loss.Loss), now) for row in rows]
        return [incident for incident in known if incident.state == "firing"]

    def _say_what_is_missing(self, start: datetime, end: datetime) -> None:
        """Once, when an hour was evaluated: a rule that has nothing to read finds nothing."""
        self._said_at = self._said_at or start + HOUR
        if not self._said and end >= self._said_at:
            self._said = True
            for measure, needed in self._evaluator.missing.items():
                log.info("rules ask for %s, which the log does not give; it needs %s", measure, needed)

    def _remember(self, end: datetime) -> None:
        """Store how far evaluation came, the deployments that were seen on the way, and the hours that were not whole."""
        self._check_ours()
        hours = [Entry(PARTIAL, f"{hour:%Y-%m-%dT%H}", hour, {}) for hour in sorted(self._partial)]
        changes = [_change(change, self._evaluator.notices.get(change)) for change in self._evaluator.changes]
        known = (*changes, *map(_reference, self._evaluator.references))
        fresh = [entry for entry in known if self._known_changes.isdisjoint({_version(entry), (entry.id, True)})]
        state = Entry(STATE, STATE, end, msgspec.to_builtins(self._evaluator.state))
        self._journal.write([*fresh, *hours, state, Entry(AS_OF, AS_OF, end, {})])
        self._known_changes |= {_version(entry) for entry in fresh}
        for notice in (entry.body["notice"] for entry in fresh if "notice" in entry.body):
            log.info("%s", notice)
        self._partial.clear()
        self._remembered = end

    def _check_ours(self) -> None:
        """Asked before anything is written or told: an agent that was stopped for minutes does not know that it was."""
        if self.overtaken():
            raise RetryLater("another agent has evaluated further, and this one begins anew")

    def _tell(self, incidents: Iterable[Incident]) -> None:
        for incident in incidents:
            self._pipeline.notify(incident)


def _entry(incident: Incident, minute: int) -> Entry:
    """A transition's row: made twice, after a crash, it is the same row."""
    name = f"{incident.fingerprint}/{incident.state}/{minute}"
    return Entry("transition", hashlib.sha256(name.encode()).hexdigest()[:32], _time(minute + 1), msgspec.to_builtins(incident))


def _change(change: Change, notice: Notice | None) -> Entry:
    """A deployment's row. Its id has the hour only: after a restart older history is read by the quarter, and it is the same one."""
    name = "/".join((*change.where, *change.version, f"{change.at:%Y-%m-%dT%H}"))
    said = {} if notice is None else {**msgspec.to_builtins(notice), "notice": notice.text(change)}
    body = {**msgspec.to_builtins(change), **said}
    return Entry("change", hashlib.sha256(name.encode()).hexdigest()[:32], change.at, body)


def _version(entry: Entry) -> tuple[str, bool]:
    """A row is written again when its notice is known, and never without one that it had."""
    return entry.id, "notice" in entry.body


def _reference(reference: Reference) -> Entry:
    """A fixed reference's row; one learned anew takes the place of the one before."""
    where, language = reference.series.stream
    name = "/".join((*where, language, reference.measure, *reference.scale))
    at = EPOCH + reference.first_day * DAY
    return Entry(
        REFERENCE, hashlib.sha256(f"{name}/{reference.first_day}".encode()).hexdigest()[:32], at, msgspec.to_builtins(reference)
    )


def minute_of(at: datetime | None) -> int:
    """Minutes since the Unix epoch, 0 for None."""
    return 0 if at is None else (at - EPOCH) // MINUTE


def _time(minute: int) -> datetime:
    return EPOCH + minute * MINUTE
