"""One language after one deployment: running sums of what came on the new version, beside what was usual before."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import mul
from typing import Literal, NamedTuple

from agent.alerting.changes import Change
from agent.alerting.condition import Breach, Counts, InsufficientData, NotComparable, Verdict, fell, judged
from agent.alerting.labelling import Labelling, moved
from agent.alerting.measures import NO_SCALE, Reading
from agent.alerting.minutes import HOUR
from agent.alerting.rule import LABELS, DropRule, Limits, Measure
from agent.alerting.statistics import (
    HOURS,
    LARGEST_VARIANCE,
    MICRO,
    SMALLEST_VARIANCE,
    Baseline,
    Noise,
    Spread,
    Sums,
    Wobbles,
    beside,
    compare,
    plus,
)

ACTIVE_MINUTES = 72 * HOUR
ROUNDING = 1e-9

SIDE_BY_SIDE = 0.5  # of the new version's queries came while the old one ran too: then the same minutes are compared
LEFTOVERS = 0.2  # of the new version's queries: less weight on the old one is what a roll-out left, and a weak comparison


class Before(NamedTuple):
    """What was usual before a change, or why a measure cannot be compared, and how far it wobbles; frozen."""

    baseline: Baseline | None
    reason: str = ""
    wobbles: Wobbles = Wobbles()


Find = Callable[[Reading], Before]


class Tally:
    """One measure since the change: integers only, so that neither order nor grouping of rows matters."""

    __slots__ = (
        "_by_hour",
        "_highest",
        "_least",
        "_n",
        "_new",
        "_old",
        "_squares",
        "_total",
        "baseline",
        "measure",
        "reason",
        "scale",
        "wobbles",
    )

    def __init__(self, measure: Measure, scale: tuple[str, str], before: Before) -> None:
        self.measure, self.scale = measure, scale
        self.baseline, self.reason, self.wobbles = before
        self._least = self.wobbles.least
        self._highest = max(self.baseline.rates) + ROUNDING if self.baseline else 0.0
        self.clear()

    def clear(self) -> None:
        """Begin anew."""
        self._n = self._total = self._squares = 0
        self._by_hour = [0] * HOURS
        self._new: dict[int, Sums] = {}
        self._old: dict[int, Sums] = {}

    def add_old(self, minute: int, sums: Sums) -> None:
        """Count what an earlier version said in a minute after the change."""
        self._old[minute // HOUR] = plus(self._old.get(minute // HOUR), sums)

    def add(self, minute: int, sums: Sums) -> None:
        """Count what a minute said."""
        self._new[minute // HOUR] = plus(self._new.get(minute // HOUR), sums)
        self._n += sums.n
        self._total += sums.total
        self._squares += sums.squares
        self._by_hour[minute // HOUR % HOURS] += sums.n

    @property
    def n(self) -> int:
        """How many values were counted."""
        return self._n

    def may_breach(self, limits: Limits) -> bool:
        """Whether the drop can be a breach: cheap and never wrongly no, as a standard error is never below the least wobble."""
        if self._n < limits.min_events or self.reason:
            return False
        if self._old or self.baseline is None:
            return bool(self._old)
        least = self._total / MICRO + (max(limits.threshold, limits.z * self._least) - ROUNDING) * self._n
        if self._highest * self._n < least:
            return False
        usual: float = sum(map(mul, self._by_hour, self.baseline.rates))
        return usual >= least

    def verdict(self, first: int, last: int, limits: Limits, reason: str = "") -> tuple[Literal["version", "canary"], Verdict]:
        """The version rule over the minutes first..last: against the same minutes where both versions ran, else the days before.

        Where nothing is known of the days before, what few queries are left on the old version are better than nothing.
        `reason`: why it is not compared at all, beside what is known here.
        """
        if (why := reason or self.reason) and self._n:
            return "version", NotComparable(why, Counts(self._n, 0, last - first + 1))
        if (canary := self._canary(last - first + 1, limits, LEFTOVERS)) is not None:
            return "canary", canary
        noise = self.wobbles.since(last - first + 1)
        sums = Sums(self._n, self._total, self._squares)
        found = fell(self._by_hour, sums, self.baseline, (first, last), limits, noise)
        weak = self._canary(last - first + 1, limits, 0.0) if isinstance(found, InsufficientData) else None
        return ("version", found) if weak is None else ("canary", weak)

    def _canary(self, minutes: int, limits: Limits, leftovers: float) -> Verdict | None:
        """None unless the versions run side by side; what both share of the day's mood needs no allowance."""
        if not self._old:
            return None
        now, usual = beside(self._new, self._old)
        if now.n < max(limits.min_events, SIDE_BY_SIDE * self._n) or usual.weight < max(limits.min_events, leftovers * now.n):
            return None
        variance = self.baseline.variance if self.baseline else max(usual.mean * (1 - usual.mean), SMALLEST_VARIANCE)
        binary = now.binary and all(sums.binary for sums in self._old.values())
        return judged(compare(now, usual, Spread(variance, binary), minutes, Noise(self.wobbles.phi, 0.0)), limits)


class Judged(NamedTuple):
    """A rule's verdict on one measure."""

    rule: DropRule
    limits: Limits
    tally: Tally
    baseline: Literal["version", "canary"]
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
                tally = self.tallies[reading[:2]] = Tally(*reading[:2], find(reading))
            tally.add(minute, reading.sums)

    def add_old(self, minute: int, read: Iterable[Reading]) -> None:
        """Count what earlier versions said in the same minute."""
        if minute < self.first:
            return
        for reading in read:
            if (tally := self.tallies.get(reading[:2])) is not None:
                tally.add_old(minute, reading.sums)

    def restart(self, first: int) -> None:
        """Forget what came before a recovery; the baseline stays."""
        self.first, self.events = first, 0
        for tally in self.tallies.values():
            tally.clear()

    def in_breach(self, last: int) -> bool:
        """Whether any rule sees any measure in breach: cheap, as it is asked every minute of every language."""
        return any(
            tally.may_breach(limits) and isinstance(tally.verdict(self.first, last, limits)[1], Breach)
            for rule, limits in self._rules
            for tally in self.tallies.values()
            if tally.measure in rule.measures
        )

    def judge(self, last: int) -> Iterator[Judged]:
        """Every rule's verdict on every measure at the end of this minute."""
        other_queries = self.labels_moved()
        for rule, limits in self._rules:
            for tally in (one for one in self.tallies.values() if one.measure in rule.measures):
                reason = other_queries if tally.measure == LABELS else ""
                yield Judged(rule, limits, tally, *tally.verdict(self.first, last, limits, reason))

    def labels_moved(self) -> str:
        """Why labels are not compared with those before the change; empty where they are, or where none came before."""
        labels, queries = (self.tallies.get((name, NO_SCALE)) for name in (LABELS, "has_results"))
        if labels is None or queries is None or labels.baseline is None or queries.baseline is None:
            return ""
        return moved(Labelling(labels.n, queries.n), Labelling(labels.baseline.n, queries.baseline.n))


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
