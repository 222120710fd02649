"""All rules but those on falls, as one: each judges by itself, and one incident hears one of them a minute.

judges = Judges(rules, quality)
judges.add(rows); judges.skip(minute)                       # history
judges.restore(state)                                       # what an earlier process left
judges.add(rows); judges.observations(minute, standings)    # every minute, also those without rows
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from msgspec import Struct
from msgspec.structs import replace

from agent.alerting.finding import Finding, Subject
from agent.alerting.gaps import Gaps
from agent.alerting.incident import Confirmed, Evidence, Incident
from agent.alerting.levels import Levels
from agent.alerting.lifecycle import Observation, Pace, Standing
from agent.alerting.measures import Quality
from agent.alerting.rule import GapRule, LowRule, Rule, VanishedRule
from agent.alerting.sums import Minute
from agent.alerting.vanished import Vanished

Observed = tuple[Subject, Observation, Pace]


class Judge(Protocol):
    """One rule at work."""

    def add(self, rows: Sequence[Minute]) -> None:
        """Count rows: those of a minute, or of the past by the hour or quarter."""

    def skip(self, minute: int) -> None:
        """A minute of the past is over: it counts, but nothing is said."""

    def observations(self, minute: int, standings: Mapping[Subject, Standing]) -> Iterator[Observed]:
        """What is to be said at the end of this minute."""

    def state(self) -> dict[str, Any]:
        """What `restore` needs besides history, as plain JSON."""

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take the place of another judge after the same history was added."""


class Joint(Struct, frozen=True):
    """What two rules found, told as the first one tells it."""

    lead: Finding
    more: Finding

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """That of both."""
        return (*self.lead.evidence, *self.more.evidence)

    @property
    def confirmed(self) -> Confirmed:
        """By the first one."""
        return self.lead.confirmed

    def incident(self) -> Incident:
        """That of the first one with the evidence of both."""
        return replace(self.lead.incident(), evidence=self.evidence)


class Judges:
    """The rules, by name."""

    def __init__(self, rules: Sequence[Rule], quality: Quality) -> None:
        gaps = {rule.name: Gaps(rule, quality) for rule in rules if isinstance(rule, GapRule)}
        levels = {rule.name: Levels(rule, quality, list(gaps.values())) for rule in rules if isinstance(rule, LowRule)}
        self._vanished = {rule.name: Vanished(rule) for rule in rules if isinstance(rule, VanishedRule)}
        self._judges: dict[str, Judge] = {**gaps, **levels, **self._vanished}

    def add(self, rows: Sequence[Minute]) -> None:
        """Count rows."""
        for judge in self._judges.values():
            judge.add(rows)

    def skip(self, minute: int) -> None:
        """A minute of the past is over."""
        for judge in self._judges.values():
            judge.skip(minute)

    def suspend_volume(self, minute: int) -> None:
        """Not everything of this minute is counted: volumes are not judged."""
        for vanished in self._vanished.values():
            vanished.suspend_volume(minute)

    def observations(self, minute: int, standings: Mapping[Subject, Standing]) -> list[Observed]:
        """One for each subject: a breach before what is none, labels before scores, what else is certain as evidence in it."""
        heard: dict[Subject, Observed] = {}
        for judge in self._judges.values():
            for observed in judge.observations(minute, standings):
                before = heard.get(observed[0])
                heard[observed[0]] = observed if before is None else _joined(before, observed)
        return list(heard.values())

    def state(self) -> dict[str, Any]:
        """What `restore` needs besides history, as plain JSON."""
        return {name: judge.state() for name, judge in self._judges.items()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on where an earlier process was; a rule that it did not have begins anew."""
        for name in self._judges.keys() & state.keys():
            self._judges[name].restore(state[name])


def _joined(one: Observed, other: Observed) -> Observed:
    """Two observations of a subject as one: what is in breach often enough to fire is evidence in what leads."""
    lead, more = one[1].breach, other[1].breach
    if lead is None or more is None:
        return one if more is None else other
    if other[1].in_a_row < other[2].fire:
        return one
    return one[0], one[1]._replace(breach=Joint(lead, more)), one[2]
