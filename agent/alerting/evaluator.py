"""Station 6, the pure part: minutes in, transitions of incidents out. No clock, no store, no messages.

evaluator = Evaluator(rules, quality)
evaluator.take_over(known)               # what an earlier process left
evaluator.warm(history)                  # quarters of an hour or minutes before the first evaluated one, in order
for minute, transitions in evaluator.walk(rows, first, last):       # every minute, also those without rows
    tell(transitions)
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import groupby
from operator import attrgetter

from msgspec.structs import replace

from agent.alerting.action import Action, given_up
from agent.alerting.board import Board
from agent.alerting.by_hand import Actions, ended_here
from agent.alerting.changes import Change
from agent.alerting.check import missing
from agent.alerting.falls import Falls
from agent.alerting.finding import Subject, severity_of, subject_of
from agent.alerting.incident import Incident
from agent.alerting.judges import Judges
from agent.alerting.known import REMEMBERED, Known, State
from agent.alerting.lifecycle import Observation, Pace, Standing, step, transition
from agent.alerting.measured import Measured
from agent.alerting.measures import Quality
from agent.alerting.minutes import DAY, HOUR, end_of
from agent.alerting.notice import Notice
from agent.alerting.reference import Reference
from agent.alerting.rule import DropRule, Measure, Rule, ShareRule
from agent.alerting.sums import Minute
from agent.alerting.triage.fleet import Looks
from agent.alerting.triage.grouping import Place, is_fleet
from agent.alerting.triage.standing import first_looks, is_part
from agent.alerting.unwatched import Reason, decide, ended
from agent.alerting.weighing import Weighing, Weighings, weighed

MINUTE = attrgetter("minute")


class Evaluator:
    """Applies the rules to every minute in turn; the same rows give the same incidents, however they are grouped."""

    def __init__(self, rules: Sequence[Rule], quality: Quality, incidents: Iterable[Incident] = ()) -> None:
        self._rules, self.quality = rules, quality
        self._auto = {rule.name for rule in rules if rule.severity == "auto"}
        self.take_over(Known(tuple(incidents)))

    def take_over(self, known: Known) -> None:
        """Begin as an earlier process ended: resolved incidents keep their time out of baselines, open ones go on."""
        self.quality = self.quality.with_learned(known.thresholds).with_floors(known.floors)
        drops = [
            rule.as_fall() if isinstance(rule, ShareRule) else rule
            for rule in self._rules
            if isinstance(rule, DropRule | ShareRule)
        ]
        self._falls = Falls(drops, self.quality, [one for one in known.last if one.class_ == "change"], known.references)
        self._judges = Judges(self._rules, self.quality)
        self._board = Board(known)
        self._begins = dict(known.state.begins) if known.state else {}
        self._actions, self._weighings = Actions(), Weighings()
        self._minute, self._started, self._outdated, self._is_watched = -1, False, False, False
        self._left = known.state
        if known.state is not None:
            self._falls.restore(known.state.falls)

    @property
    def state(self) -> State:
        """What `take_over` needs besides history; until the first minute is evaluated that is what was taken over."""
        if not self._started and self._left is not None:
            return self._left
        return State(
            tuple(self._board.standings.values()),
            self._falls.state,
            dict(self._judges.state()),
            self._board.together.groups,
            self._board.silent,
            tuple(self._begins.items()),
        )

    @property
    def incidents(self) -> tuple[Incident, ...]:
        """Those resolved since the start, then those pending or firing, without what is held back or stands for all languages."""
        return (*self._board.resolved, *self._board.open)

    @property
    def all_incidents(self) -> tuple[Incident, ...]:
        """The same with what fires and is held back for the test whether all languages fell."""
        return (*self.incidents, *self._board.together.held)

    def first_looks(self, *, ended: bool = False) -> list[Incident]:
        """What stands since the first day of a service, as one message for each once that day is over, or nothing more comes."""
        over = {place: since for place, since in self._begins.items() if ended or self._minute >= since + DAY - 1}
        return first_looks(self.incidents, over)

    def is_told_at_first_look(self, incident: Incident) -> bool:
        """Whether it is a part of one of these: nobody is told of it alone."""
        return is_part(incident, self._begins)

    @property
    def changes(self) -> tuple[Change, ...]:
        """The deployments noticed, oldest first."""
        return tuple(self._falls.deployments.changes)

    @property
    def missing(self) -> dict[Measure, str]:
        """The measures that rules ask for and the log has not given so far, each with what it needs."""
        return missing(self._rules, {series.measure for series in self._falls.soundings.grid.rows})

    @property
    def not_comparable(self) -> dict[Subject, str]:
        """The languages whose labels are of other queries than before, each with the reason."""
        return self._falls.not_comparable

    @property
    def measured(self) -> list[Measured]:
        """The last hour of each language beside what it usually is, at the newest minute that was evaluated."""
        return self._falls.soundings.measured(self._minute)

    @property
    def notices(self) -> dict[Change, Notice]:
        """What deployments left comparable, an hour after each."""
        return self._falls.deployments.notices

    @property
    def references(self) -> tuple[Reference, ...]:
        """The fixed references learned since the start."""
        return tuple(self._falls.references)

    def explained(self, incident: Incident) -> Incident:
        """Keep what was found out about an incident that fires, so that its end says it too; returns it, as loud as its cause."""
        if incident.state != "firing":
            return incident
        if incident.rule in self._auto:
            incident = replace(incident, severity=severity_of(incident))
        self._board.keep(incident)
        return incident

    def begin_anew(self, minute: int, measures: Sequence[Measure] = ()) -> None:
        """What came before this minute was read otherwise, by all measures or by these: nothing is compared with it."""
        self._falls.begin_anew(minute, measures)
        if not measures:
            for past in range(max(minute - REMEMBERED, 0), minute + HOUR, HOUR):
                self.suspend_volume(min(past, minute))

    def act(self, actions: Iterable[Action]) -> None:
        """What people did; each counts from the end of the minute in which it was done."""
        self._actions.add(actions)

    def weigh(self, weighings: Iterable[Weighing]) -> None:
        """What golden runs say of incidents; each counts from the end of the minute in which it was said."""
        self._weighings.add(weighings)

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
            self._watch(minute, rows.get(minute, []))
            moved = [*self._handled(minute), *self._moved(minute)]
            told = [*self._grouped(minute, sorted(moved, key=subject_of)), *self._weighed(minute)]
            self._falls.finish(minute)
            self._look_again(minute + 1, last)
            yield minute, told

    def _watch(self, minute: int, rows: Sequence[Minute]) -> None:
        for place in {row.key[:2] for row in rows} - self._begins.keys():
            self._begins[Place(*place)] = minute

    def _look_again(self, first: int, last: int) -> None:
        """What fired or ended changes what is usual from the next minute on; this one is decided on one view of it."""
        if self._outdated and first <= last:
            self._falls.look(first, last)
        self._outdated = False

    def _take(self, minute: int, rows: Sequence[Minute]) -> None:
        self._minute = minute
        self._falls.add(minute, rows)
        self._judges.add(rows)

    def _moved(self, minute: int) -> list[Incident]:
        standings = self._board.standings
        observed = [*self._falls.observations(minute, standings), *self._judges.observations(minute, standings)]
        return [incident for seen in observed if (incident := self._step(minute, *self._beside(*seen))) is not None]

    def _beside(self, subject: Subject, seen: Observation, pace: Pace) -> tuple[Subject, Observation, Pace]:
        """One break of a language is one incident: while its fall is open, it is low because of that."""
        fell = subject.class_ == "level" and self._board.firing(subject._replace(class_="change"))
        return subject, seen._replace(breach=None) if fell else seen, pace

    def _step(self, minute: int, subject: Subject, seen: Observation, pace: Pace) -> Incident | None:
        before = self._board.standings.get(subject)
        after = step(before, seen, minute, pace)
        fires = after is not None and after.incident.state == "firing" and (before is None or before.incident.state == "pending")
        if after is not None and fires:
            after = self._falls.dated(subject, seen, after, minute)
        self._settle(subject, seen, after, minute)
        return transition(before, after)

    def _settle(self, subject: Subject, seen: Observation, after: Standing | None, minute: int) -> None:
        self._board.put(subject, after)
        self._outdated |= self._falls.settle(subject, seen, after, minute)

    def _handled(self, minute: int) -> list[Incident]:
        """The incidents that people ended in this minute, or that fire for so long that they end by themselves."""
        due = self._actions.due(minute)
        due += [action for one in self._board.open if (action := given_up(one, end_of(minute))) is not None]
        ends = [partial(ended_here, action, minute=minute) for action in due]
        return [*self._unwatched(minute), *(over for each in ends if (over := self._ended(each, minute)) is not None)]

    def _weighed(self, minute: int) -> Iterator[Incident]:
        """The incidents of which a golden run says something in this minute; what is held back takes it along in silence."""
        for weighing in self._weighings.due(minute):
            for incident in (*self._board.together.fleets, *(one.incident for one in list(self._board.standings.values()))):
                if found := weighed(incident, weighing):
                    kept = self.explained(found)
                    yield from () if kept.fingerprint in self._board.together.hidden else (kept,)

    def _unwatched(self, minute: int) -> Iterator[Incident]:
        """What an earlier process left open and no rule of now looks at: what fires ends, what is pending was nothing."""
        if self._is_watched:
            return
        self._is_watched = True
        for subject, standing in list(self._board.standings.items()):
            if standing.incident.state == "pending" and decide(standing.incident, self._rules) is not Reason.WATCHED:
                self._board.put(subject, None)
        while over := self._ended(lambda one: ended(one, self._rules, end_of(minute)), minute):
            yield over

    def _ended(self, end: Callable[[Incident], Incident | None], minute: int) -> Incident | None:
        """The first incident that ends so; one of all languages takes its languages along."""
        if found := self._board.together.end(end, minute):
            fleet, languages = found
            self._end_silently(languages, minute)
            return fleet
        for subject, standing in self._board.standings.items():
            if over := end(standing.incident):
                self._settle(subject, Observation(), Standing(over), minute)
                return over
        return None

    def _grouped(self, minute: int, moved: Sequence[Incident]) -> list[Incident]:
        """Languages that fall together are one incident; what ends silently with it ends here too."""
        if not moved and not self._board.together.groups:
            return []
        steps = self._board.together.step(minute, moved, lambda place: self._looks(place, minute))
        told = {one.fingerprint for one in steps.told}
        self._end_silently(steps.over, minute)
        self._board.silence([one for one in moved if one.state == "resolved" and one.fingerprint not in told], minute)
        for fleet in (one for one in steps.told if is_fleet(one)):
            self._follow(fleet, minute)
        return [self._board.now(one) for one in steps.told]

    def _follow(self, fleet: Incident, minute: int) -> None:
        """All languages together fire, or that is over."""
        self._falls.follow(fleet, minute)
        self._outdated = True
        if fleet.state == "resolved":
            self._board.resolved.append(fleet)

    def _end_silently(self, over: Sequence[Incident], minute: int) -> None:
        for incident in over:
            self._settle(subject_of(incident), Observation(), Standing(incident), minute)
        self._board.silence(over, minute)

    def _looks(self, place: Place, minute: int) -> Looks:
        return self._falls.looks(place, minute, self._board.fallen(place))
