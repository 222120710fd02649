"""Traffic that is gone, as an incident tells it, and when all of a service is gone. Pure."""

from math import sqrt
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from agent.alerting.finding import Loudness, Subject, draft
from agent.alerting.incident import ALL, Cause, Confirmed, Evidence, Incident
from agent.alerting.minutes import start_of
from agent.alerting.rule import VanishedRule
from agent.alerting.statistics import Z95, Figures
from agent.alerting.summary import vanished_text
from agent.alerting.traffic import Expected, Flags, Numbers

METRIC = "events"
BACK = 0.5  # of what is expected, and traffic is back
LEAST_OTHERS = 10  # expected beside the largest language, which alone may be nearly all of a service


class Look(NamedTuple):
    """One window at the end of a minute: its first minute, how long it is, and for each language what came and what was expected."""

    first: int
    minutes: int
    observed: Numbers
    expected: Expected

    def at(self, places: Numbers) -> "Look":
        """The same of some languages."""
        return self._replace(observed=self.observed[places], expected=self.expected[places])

    def gone(self, rule: VanishedRule) -> Flags:
        """Which languages enough was expected of, and next to nothing came."""
        flags: Flags = (self.expected >= rule.min_expected) & (self.observed <= rule.share * self.expected)
        return flags

    def all_gone(self, rule: VanishedRule) -> bool:
        """Whether they are gone together: all of them taken as one, and also those beside the largest."""
        if not len(self.expected) or not self.total().gone(rule)[0]:
            return False
        others = self.expected.argsort()[:-1]
        expected = self.expected[others].sum()
        return bool(expected >= LEAST_OTHERS and self.observed[others].sum() <= rule.share * expected)

    def total(self) -> "Look":
        """All languages taken as one."""
        return self._replace(observed=self.observed.sum(keepdims=True), expected=self.expected.sum(keepdims=True))

    def figures(self) -> Figures:
        """Of the first language: shares of what was expected, with the interval of a Poisson count."""
        seen, expected = int(self.observed[0]), float(self.expected[0])
        middle, half = seen + Z95**2 / 2, Z95 * sqrt(seen + Z95**2 / 4)
        interval = (1 - (middle + half) / expected, 1 - (middle - half) / expected)
        z, se = (expected - seen) / sqrt(expected), half / Z95 / expected
        return Figures(seen, round(expected), seen / expected, 1.0, 1 - seen / expected, se, z, interval, self.minutes)


class Absence(Struct, frozen=True):
    """A language, or all of a service, without traffic."""

    subject: Subject
    rule: VanishedRule
    began: int
    figures: Figures

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The one count that the rule reads."""
        return (Evidence(self.rule.name, METRIC, self.figures.drop, self.figures.z, self.figures.n),)

    @property
    def confirmed(self) -> Confirmed:
        """A count is no signal but a fact."""
        return "yes"

    def incident(self) -> Incident:
        """The incident as it would read now, pending."""
        cause: Cause = "ingest" if self.subject.language == ALL else "unknown"
        why = Loudness(cause, self.confirmed, self.figures.drop, 0.0)
        return replace(
            draft(self.subject, self.rule, why, self.evidence, self.figures),
            began_at=start_of(self.began),
            summary=vanished_text(self.subject.language, self.figures),
        )
