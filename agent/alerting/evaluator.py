"""Station 6, the pure part: minutes in, transitions of incidents out. No clock, no store, no messages.

evaluator = Evaluator(rules, quality, open_incidents)
evaluator.warm(history)                  # quarters of an hour or minutes before the first evaluated one, in order
for minute, transitions in evaluator.walk(rows, first, last):       # every minute, also those without rows
    tell(transitions)
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter

from agent.alerting.changes import Change
from agent.alerting.falls import Falls, subject_of
from agent.alerting.finding import Subject
from agent.alerting.incident import Incident
from agent.alerting.judges import Judges
from agent.alerting.lifecycle import Observation, Pace, Standing, step, transition
from agent.alerting.measures import Quality
from agent.alerting.minutes import DAY
from agent.alerting.reference import Reference
from agent.alerting.rule import DropRule, Rule
from agent.alerting.sums import Minute

MINUTE = attrgetter("minute")
STATE = attrgetter("state")  # firing sorts before resolved: of one incident given twice the end counts


class Evaluator:
    """Applies the rules to every minute in turn; the same rows give the same incidents, however they are grouped."""

    def __init__(
        self,
        rules: Sequence[Rule],
        quality: Quality,
        incidents: Iterable[Incident] = (),
        references: Iterable[Reference] = (),
    ) -> None:
        """`incidents`: what an earlier process left, firing or resolved; the latter keep their time out of baselines."""
        known = {(subject_of(one), one.fired_at): one for one in sorted(incidents, key=STATE) if one.state != "pending"}.values()
        drops = [rule for rule in rules if isinstance(rule, DropRule)]
        self._falls = Falls(drops, quality, [one for one in known if one.class_ == "change"], references)
        self._judges = Judges(rules, quality)
        self._standings = {subject_of(incident): Standing(incident) for incident in known if incident.state == "firing"}
        self._resolved: list[Incident] = []
        self._minute = -1
        self._started = False

    @property
    def incidents(self) -> tuple[Incident, ...]:
        """Those resolved since the start, then those pending or firing."""
        return (*self._resolved, *(self._standings[subject].incident for subject in sorted(self._standings)))

    @property
    def changes(self) -> tuple[Change, ...]:
        """The deployments noticed, oldest first."""
        return tuple(self._falls.changes)

    @property
    def references(self) -> tuple[Reference, ...]:
        """The fixed references learned since the start."""
        return tuple(self._falls.references)

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
        """Add the rows of this minute and evaluate at its end; returns what began to fire or was resolved."""
        return [incident for _, transitions in self.walk(rows, minute, minute) for incident in transitions]

    def walk(self, rows: Iterable[Minute], first: int, last: int) -> Iterator[tuple[int, list[Incident]]]:
        """Every minute of first..last in turn with what began to fire or was resolved at its end; `rows` are those of all of them."""
        if first <= self._minute or (self._started and first != self._minute + 1):
            raise ValueError(f"minute {first} does not follow minute {self._minute}: every minute is evaluated, once and in order")
        by_minute = {minute: list(group) for minute, group in groupby(sorted(rows, key=MINUTE), key=MINUTE)}
        if by_minute and not first <= min(by_minute) <= max(by_minute) <= last:
            raise ValueError(f"a row is not of the minutes from {first} to {last}")
        self._started = True
        while first <= last:
            end = min(last, (first // DAY + 1) * DAY - 1)
            yield from self._stretch(by_minute, first, end)
            first = end + 1

    def _stretch(self, rows: dict[int, list[Minute]], first: int, last: int) -> Iterator[tuple[int, list[Incident]]]:
        """A part of one day: everything is taken in and looked at together, then decided minute by minute."""
        self._falls.load(row for minute in range(first, last + 1) for row in rows.get(minute, ()))
        self._falls.look(first, last)
        for minute in range(first, last + 1):
            self._take(minute, rows.get(minute, []))
            told = [incident for seen in self._observe(minute) if (incident := self._step(minute, last, *seen)) is not None]
            yield minute, sorted(told, key=subject_of)

    def _take(self, minute: int, rows: Sequence[Minute]) -> None:
        self._minute = minute
        self._falls.add(minute, rows)
        self._judges.add(rows)

    def _observe(self, minute: int) -> list[tuple[Subject, Observation, Pace]]:
        return [*self._falls.observations(minute, self._standings), *self._judges.observations(minute, self._standings)]

    def _step(self, minute: int, last: int, subject: Subject, seen: Observation, pace: Pace) -> Incident | None:
        before = self._standings.pop(subject, None)
        after = step(before, seen, minute, pace)
        if self._falls.settle(subject, seen, after, minute) and minute < last:
            self._falls.look(minute + 1, last)
        if after is not None and after.incident.state == "resolved":
            self._resolved.append(after.incident)
        elif after is not None:
            self._standings[subject] = after
        return transition(before, after)
