"""One language after one deployment: running sums of what came on the new version, beside what was usual before."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import mul
from typing import NamedTuple

from agent.alerting.changes import Change
from agent.alerting.condition import Breach, Counts, NotComparable, Verdict, fell
from agent.alerting.measures import NO_SCALE, Reading
from agent.alerting.minutes import HOUR
from agent.alerting.rule import DropRule, Limits, Measure
from agent.alerting.statistics import HOURS, MICRO, TAU, Baseline, Sums

ACTIVE_MINUTES = 72 * HOUR
ROUNDING = 1e-9
LARGEST_VARIANCE = 0.25  # of any value in 0..1

Find = Callable[[Reading], tuple[Baseline | None, str]]


class Tally:
    """One measure since the change: integers only, so that neither order nor grouping of rows matters."""

    __slots__ = ("_by_hour", "_highest", "_n", "_squares", "_total", "baseline", "measure", "reason", "scale")

    def __init__(self, measure: Measure, scale: tuple[str, str], baseline: Baseline | None, reason: str) -> None:
        self.measure, self.scale, self.baseline, self.reason = measure, scale, baseline, reason
        self._highest = max(baseline.rates) + ROUNDING if baseline else 0.0
        self.clear()

    def clear(self) -> None:
        """Begin anew."""
        self._n = self._total = self._squares = 0
        self._by_hour = [0] * HOURS

    def add(self, minute: int, sums: Sums) -> None:
        """Count what a minute said."""
        self._n += sums.n
        self._total += sums.total
        self._squares += sums.squares
        self._by_hour[minute // HOUR % HOURS] += sums.n

    @property
    def n(self) -> int:
        """How many values were counted."""
        return self._n

    def may_breach(self, limits: Limits) -> bool:
        """Whether the drop can be a breach: cheap and never wrongly no, as a standard error is never below TAU."""
        if self._n < limits.min_events or self.baseline is None or self.reason:
            return False
        least = self._total / MICRO + (max(limits.threshold, limits.z * TAU) - ROUNDING) * self._n
        if self._highest * self._n < least:
            return False
        usual: float = sum(map(mul, self._by_hour, self.baseline.rates))
        return usual >= least

    def verdict(self, first: int, last: int, limits: Limits) -> Verdict:
        """The version rule over the minutes first..last."""
        if self.reason and self._n:
            return NotComparable(self.reason, Counts(self._n, 0, last - first + 1))
        return fell(self._by_hour, Sums(self._n, self._total, self._squares), self.baseline, (first, last), limits)


class Judged(NamedTuple):
    """A rule's verdict on one measure."""

    rule: DropRule
    limits: Limits
    tally: Tally
    verdict: Verdict


class Watch:
    """One language's tallies since a change, for as long as the version rule is active."""

    def __init__(self, change: Change, language: str, rules: Sequence[DropRule], first: int) -> None:
        """`first`: the minute from which traffic counts, that of the change or, after a recovery, a later one."""
        self.change, self.language, self.first = change, language, first
        self.events = 0
        self.tallies: dict[tuple[Measure, tuple[str, str]], Tally] = {}
        self._rules = [(rule, rule.limits_of(language)) for rule in rules]

    def add(self, minute: int, events: int, read: Iterable[Reading], find: Find) -> None:
        """Count what a minute said; `find` gives the baseline, or why there is none, when a measure comes for the first time."""
        if minute < self.first:
            return
        self.events += events
        for reading in read:
            tally = self.tallies.get(reading[:2])
            if tally is None:
                tally = self.tallies[reading[:2]] = Tally(*reading[:2], *find(reading))
            tally.add(minute, reading.sums)

    def restart(self, first: int) -> None:
        """Forget what came before a recovery; the baseline stays."""
        self.first, self.events = first, 0
        for tally in self.tallies.values():
            tally.clear()

    def limits_of(self, measure: Measure) -> Limits:
        """The limits of the first rule that reads this measure, else of the first rule."""
        return next((limits for rule, limits in self._rules if measure in rule.measures), self._rules[0][1])

    def in_breach(self, last: int) -> bool:
        """Whether any rule sees any measure in breach: cheap, as it is asked every minute of every language."""
        return any(
            tally.may_breach(limits) and isinstance(tally.verdict(self.first, last, limits), Breach)
            for rule, limits in self._rules
            for tally in self.tallies.values()
            if tally.measure in rule.measures
        )

    def judge(self, last: int) -> Iterator[Judged]:
        """Every rule's verdict on every measure at the end of this minute."""
        for rule, limits in self._rules:
            for tally in self.tallies.values():
                if tally.measure in rule.measures:
                    yield Judged(rule, limits, tally, tally.verdict(self.first, last, limits))


def why_not(reading: Reading, baseline: Baseline | None, scales: Iterable[tuple[str, str]]) -> str:
    """Why a measure has no common scale with what came before; empty where it has, or where nothing came before."""
    if baseline is None and reading.scale != NO_SCALE and any(scale != reading.scale for scale in scales):
        model, kind = reading.scale
        return (
            f"no earlier traffic on model {model or 'without a name'} with {kind} scores; scores of two models have no common scale"
        )
    if baseline is not None and reading.measure == "similarity_mean" and not _within_unit(baseline):
        return "its scores do not lie in 0..1, so that a fall in points says nothing"
    return ""


def _within_unit(baseline: Baseline) -> bool:
    return abs(baseline.mean) <= 1 and baseline.variance <= LARGEST_VARIANCE
