"""Station 6, the pure part: minutes in, transitions of incidents out. No clock, no store, no messages.

evaluator = Evaluator(rules, quality)
evaluator.take_over(known)               # what an earlier process left
evaluator.warm(history)                  # quarters of an hour or minutes before the first evaluated one, in order
for minute, transitions in evaluator.walk(rows, first, last):       # every minute, also those without rows
    tell(transitions)
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter

from msgspec import Struct

from agent.alerting.action import Action, ended_by
from agent.alerting.changes import Change
from agent.alerting.falls import Falls, FallState, subject_of
from agent.alerting.finding import Subject
from agent.alerting.grid import DAYS
from agent.alerting.incident import Incident
from agent.alerting.judges import Judges
from agent.alerting.lifecycle import Observation, Pace, Standing, step, transition
from agent.alerting.measures import Quality
from agent.alerting.minutes import DAY, end_of, start_of
from agent.alerting.notice import Notice
from agent.alerting.reference import Reference
from agent.alerting.rule import DropRule, Measure, Rule, ShareRule
from agent.alerting.sums import Minute
from agent.alerting.triage.fleet import Looks
from agent.alerting.triage.grouping import ALL, Group, Place, step_all

MINUTE = attrgetter("minute")
FIRED_AT = attrgetter("fired_at")
STATE = attrgetter("state")  # firing sorts before resolved: of one incident given twice the end counts


class State(Struct, frozen=True):
    """What history does not tell: counts of incidents, what they are measured against, who is held back, open windows."""

    standings: tuple[Standing, ...] = ()
    falls: FallState = FallState()
    judges: dict[str, object] = {}
    groups: tuple[Group, ...] = ()
    silent: tuple[Incident, ...] = ()  # over, and nobody was told: those of languages that fell with all others


class Known(Struct, frozen=True):
    """What an earlier process left: incidents, firing or resolved, references, and its state where that is kept."""

    incidents: tuple[Incident, ...] = ()
    references: tuple[Reference, ...] = ()
    state: State | None = None


NOTHING = Known()


class Evaluator:
    """Applies the rules to every minute in turn; the same rows give the same incidents, however they are grouped."""

    def __init__(self, rules: Sequence[Rule], quality: Quality, incidents: Iterable[Incident] = ()) -> None:
        self._rules, self._quality = rules, quality
        self.take_over(Known(tuple(incidents)))

    def take_over(self, known: Known) -> None:
        """Begin as an earlier process ended: resolved incidents keep their time out of baselines, open ones go on."""
        left = _left(known)
        drops = [
            rule.as_fall() if isinstance(rule, ShareRule) else rule
            for rule in self._rules
            if isinstance(rule, DropRule | ShareRule)
        ]
        self._falls = Falls(drops, self._quality, [one for one in left if one.class_ == "change"], known.references)
        self._judges = Judges(self._rules, self._quality)
        self._standings = {subject_of(one): Standing(one) for one in left if one.state == "firing" and one.language != ALL}
        self._groups: tuple[Group, ...] = ()
        self._resolved: list[Incident] = []
        self._silent: tuple[Incident, ...] = ()
        self._actions: list[Action] = []
        self._minute, self._started = -1, False
        self._stale = False  # what was looked at beyond this minute
        self._left = known.state
        if known.state is not None:
            self._standings = {subject_of(one.incident): one for one in known.state.standings}
            self._groups, self._silent = known.state.groups, known.state.silent
            self._falls.restore(known.state.falls)

    @property
    def state(self) -> State:
        """What `take_over` needs besides history."""
        silent = tuple(one for one in self._silent if one.resolved_at and one.resolved_at > start_of(self._minute - DAYS * DAY))
        return State(tuple(self._standings.values()), self._falls.state, dict(self._judges.state()), self._groups, silent)

    @property
    def incidents(self) -> tuple[Incident, ...]:
        """Those resolved since the start, then those pending or firing, without what is held back or stands for all languages."""
        hidden = {one.fingerprint for group in self._groups for one in group.hidden}
        fleets = (group.fleet for group in self._groups if group.fleet is not None)
        single = (self._standings[subject].incident for subject in sorted(self._standings))
        return (*self._resolved, *fleets, *(one for one in single if one.fingerprint not in hidden))

    @property
    def changes(self) -> tuple[Change, ...]:
        """The deployments noticed, oldest first."""
        return tuple(self._falls.changes)

    @property
    def notices(self) -> dict[Change, Notice]:
        """What deployments left comparable, an hour after each."""
        return self._falls.notices

    @property
    def references(self) -> tuple[Reference, ...]:
        """The fixed references learned since the start."""
        return tuple(self._falls.references)

    def begin_anew(self, minute: int, measures: Sequence[Measure] = ()) -> None:
        """What came before this minute was read otherwise, by all measures or by these: nothing is compared with it."""
        self._falls.begin_anew(minute, measures)

    def act(self, actions: Iterable[Action]) -> None:
        """What people did; each counts from the end of the minute in which it was done."""
        self._actions = sorted([*self._actions, *actions], key=attrgetter("at"))

    def warm(self, rows: Iterable[Minute]) -> None:
        """Take in history, oldest first across calls; deployments in it are noticed, nothing fires."""
        known = sorted(rows, key=MINUTE)
        if known and (known[0].minute < self._minute or self._started):
            raise ValueError(f"history goes back from minute {self._minute} to {known[0].minute}")
        self._falls.load(known)
        for minute, group in groupby(known, key=MINUTE):
            self._take(minute, list(group))
            self._judges.skip(minute)

    def suspend_volume(self, minute: int) -> None:
        """Not everything of this minute is counted: rates are judged by what there is, volumes not at all."""
        self._falls.suspend_volume(minute)
        self._judges.suspend_volume(minute)

    def advance(self, minute: int, rows: Sequence[Minute]) -> list[Incident]:
        """Add the rows of this minute and evaluate at its end; returns what is to be told."""
        return [incident for _, transitions in self.walk(rows, minute, minute) for incident in transitions]

    def walk(self, rows: Iterable[Minute], first: int, last: int) -> Iterator[tuple[int, list[Incident]]]:
        """Every minute of first..last in turn with what is to be told at its end; `rows` are those of all of them."""
        if first <= self._minute or (self._started and first != self._minute + 1):
            raise ValueError(f"minute {first} does not follow minute {self._minute}: every minute is evaluated, once and in order")
        by_minute = {minute: list(group) for minute, group in groupby(sorted(rows, key=MINUTE), key=MINUTE)}
        if by_minute and not first <= min(by_minute) <= max(by_minute) <= last:
            raise ValueError(f"a row is of a minute before {first} or after {last}")
        self._start()
        while first <= last:
            end = min(last, (first // DAY + 1) * DAY - 1)
            yield from self._stretch(by_minute, first, end)
            first = end + 1

    def _start(self) -> None:
        if not self._started and self._left is not None:
            self._judges.restore(self._left.judges)
        self._started = True

    def _stretch(self, rows: dict[int, list[Minute]], first: int, last: int) -> Iterator[tuple[int, list[Incident]]]:
        """A part of one day: everything is taken in and looked at together, then decided minute by minute."""
        self._falls.load(row for minute in range(first, last + 1) for row in rows.get(minute, ()))
        self._falls.look(first, last)
        for minute in range(first, last + 1):
            self._take(minute, rows.get(minute, []))
            moved = [*self._handled(minute), *self._moved(minute)]
            told = self._grouped(minute, sorted(moved, key=subject_of))
            if self._stale and minute < last:
                self._falls.look(minute + 1, last)
            self._stale = False
            yield minute, told

    def _take(self, minute: int, rows: Sequence[Minute]) -> None:
        self._minute = minute
        self._falls.add(minute, rows)
        self._judges.add(rows)

    def _moved(self, minute: int) -> list[Incident]:
        observed = [*self._falls.observations(minute, self._standings), *self._judges.observations(minute, self._standings)]
        return [incident for seen in observed if (incident := self._step(minute, *seen)) is not None]

    def _step(self, minute: int, subject: Subject, seen: Observation, pace: Pace) -> Incident | None:
        before = self._standings.get(subject)
        after = step(before, seen, minute, pace)
        fires = after is not None and after.incident.state == "firing" and (before is None or before.incident.state == "pending")
        if after is not None and fires:
            after = self._falls.dated(subject, seen, after, minute)
        self._settle(subject, seen, after, minute)
        return transition(before, after)

    def _settle(self, subject: Subject, seen: Observation, after: Standing | None, minute: int) -> None:
        self._standings.pop(subject, None)
        self._stale |= self._falls.settle(subject, seen, after, minute)
        if after is not None and after.incident.state == "resolved":
            self._resolved.append(after.incident)
        elif after is not None:
            self._standings[subject] = after

    def _handled(self, minute: int) -> list[Incident]:
        """The incidents that people ended in this minute."""
        due = [action for action in self._actions if action.at <= end_of(minute)]
        self._actions = self._actions[len(due) :]
        known = {one.incident.fingerprint: (subject, one) for subject, one in self._standings.items()}
        ended = []
        for action in due:
            subject, standing = known.get(action.fingerprint, (None, None))
            if subject is None or standing is None or (over := ended_by(action, standing.incident, end_of(minute))) is None:
                continue
            self._settle(subject, Observation(), Standing(over), minute)
            ended.append(over)
        return ended

    def _grouped(self, minute: int, moved: Sequence[Incident]) -> list[Incident]:
        """Languages that fall together are one incident; what ends silently with it ends here too."""
        steps = step_all(self._groups, minute, moved, lambda place: self._looks(place, minute))
        self._groups = steps.groups
        self._silent += (*(one for one in moved if one.state == "resolved" and one not in steps.told), *steps.over)
        self._resolved += [one for one in steps.told if one.language == ALL and one.state == "resolved"]
        for incident in steps.over:
            self._settle(subject_of(incident), Observation(), Standing(incident), minute)
        return list(steps.told)

    def _looks(self, place: Place, minute: int) -> Looks:
        firing = {one.incident.language: one.incident for subject, one in self._standings.items() if subject[:2] == place}
        return self._falls.looks(place, minute, {tag for tag, one in firing.items() if one.state == "firing"})


def _left(known: Known) -> list[Incident]:
    """The incidents of an earlier process in the order in which they fired, each as it was last: told, or kept in the state."""
    state = known.state or State()
    untold = [standing.incident for standing in state.standings]
    each = sorted([*known.incidents, *state.silent, *untold], key=STATE)
    found = {(subject_of(one), one.fired_at): one for one in each if one.state != "pending" and one.fired_at}
    return sorted(found.values(), key=FIRED_AT)
