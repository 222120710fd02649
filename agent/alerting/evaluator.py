"""Station 6, the pure part: minutes in, transitions of incidents out. No clock, no store, no messages.

evaluator = Evaluator(rules, quality, open_incidents)
evaluator.warm(history)                  # hours or minutes before the first evaluated one, in order
for minute, rows in minutes:             # every minute, also those without rows
    tell(evaluator.advance(minute, rows))
"""

from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import attrgetter

from agent.alerting.changes import Change
from agent.alerting.falls import Falls, subject_of
from agent.alerting.finding import Subject
from agent.alerting.incident import Incident
from agent.alerting.judges import Judges
from agent.alerting.lifecycle import Observation, Pace, Standing, step, transition
from agent.alerting.measures import Quality
from agent.alerting.rule import DropRule, Rule
from agent.alerting.sums import Minute

MINUTE = attrgetter("minute")
STATE = attrgetter("state")  # firing sorts before resolved: of one incident given twice the end counts


class Evaluator:
    """Applies the rules to every minute in turn; the same rows give the same incidents, however they are grouped."""

    def __init__(self, rules: Sequence[Rule], quality: Quality, incidents: Iterable[Incident] = ()) -> None:
        """`incidents`: what an earlier process left, firing or resolved; the latter keep their time out of baselines."""
        known = {(subject_of(one), one.fired_at): one for one in sorted(incidents, key=STATE) if one.state != "pending"}.values()
        self._falls = Falls(
            [rule for rule in rules if isinstance(rule, DropRule)], quality, [one for one in known if one.class_ == "change"]
        )
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

    def warm(self, rows: Iterable[Minute]) -> None:
        """Take in history, oldest first across calls; deployments in it are noticed, nothing fires."""
        for minute, group in groupby(sorted(rows, key=MINUTE), key=MINUTE):
            if minute < self._minute or self._started:
                raise ValueError(f"history goes back from minute {self._minute} to {minute}")
            self._take(minute, list(group))
            self._judges.skip(minute)

    def suspend_volume(self, minute: int) -> None:
        """Not everything of this minute is counted: rates are judged by what there is, volumes not at all."""
        self._falls.suspend_volume(minute)
        self._judges.suspend_volume(minute)

    def advance(self, minute: int, rows: Sequence[Minute]) -> list[Incident]:
        """Add the rows of this minute and evaluate at its end; returns what began to fire or was resolved."""
        if minute <= self._minute or (self._started and minute != self._minute + 1):
            raise ValueError(f"minute {minute} does not follow minute {self._minute}: every minute is evaluated, once and in order")
        if any(row.minute > minute for row in rows):
            raise ValueError(f"a row is of a minute after {minute}")
        self._started = True
        self._take(minute, rows)
        told = [incident for observed in self._observe(minute) if (incident := self._step(minute, *observed)) is not None]
        return sorted(told, key=subject_of)

    def _take(self, minute: int, rows: Sequence[Minute]) -> None:
        self._minute = minute
        self._falls.add(minute, rows)
        self._judges.add(rows)

    def _observe(self, minute: int) -> list[tuple[Subject, Observation, Pace]]:
        return [*self._falls.observations(minute, self._standings), *self._judges.observations(minute, self._standings)]

    def _step(self, minute: int, subject: Subject, seen: Observation, pace: Pace) -> Incident | None:
        before = self._standings.pop(subject, None)
        after = step(before, seen, minute, pace)
        self._falls.settle(subject, seen, after, minute)
        if after is not None and after.incident.state == "resolved":
            self._resolved.append(after.incident)
        elif after is not None:
            self._standings[subject] = after
        return transition(before, after)
