"""A fall after a deployment: what all measures, rules and deployments say of one language, taken together."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from agent.alerting.condition import Breach, Clear
from agent.alerting.finding import Loudness, Subject, draft
from agent.alerting.incident import Cause, Confirmed, Evidence, Incident, Workings
from agent.alerting.measures import Quality
from agent.alerting.minutes import start_of
from agent.alerting.rule import DropRule, Limits
from agent.alerting.statistics import Figures
from agent.alerting.summary import Fact, fall_text, volume_text
from agent.alerting.volume import is_flood
from agent.alerting.watch import Judged, Tally, Watch
from agent.records import WindowKey

LABELS = "recall_at_k"
DECISIVE_SHARE = 0.5  # of the queries labelled: then scores are not asked alone


class Signal(NamedTuple):
    """One rule and measure in breach."""

    rule: DropRule
    limits: Limits
    watch: Watch
    tally: Tally
    figures: Figures

    @property
    def rank(self) -> tuple[object, ...]:
        """Strongest first: labels measure the thing itself and go before scores; then the number of standard errors."""
        change = self.watch.change
        ties = (self.rule.name, self.tally.measure, self.tally.scale, change.where, change.version)
        return self.tally.measure != LABELS, -self.figures.z, *ties

    @property
    def evidence(self) -> Evidence:
        """The signal as an incident lists it."""
        figures = self.figures
        return Evidence(self.rule.name, self.tally.measure, figures.drop, figures.z, figures.n, self._workings())

    def _workings(self) -> Workings | None:
        figures, parts = self.figures, self.figures.parts
        return parts and Workings(
            baseline="version",
            start=start_of(self.watch.first),
            end=start_of(self.watch.first + figures.scale_minutes),
            n=figures.n,
            mean=figures.current,
            expected=figures.baseline,
            n_baseline=parts.weight,
            variance=parts.variance,
            variance_baseline=parts.variance_baseline,
            phi=parts.noise.phi,
            tau=parts.noise.tau,
            se=figures.se,
            drop=figures.drop,
            z=figures.z,
            z_needed=self.limits.z,
            threshold=self.limits.threshold,
            min_events=self.limits.min_events,
            for_minutes=self.rule.for_minutes,
        )


class Fall(Struct, frozen=True):
    """What is in breach for one language: at least one signal, the strongest first.

    `volume`: its traffic since then, as a multiple of the usual (None: not known).
    """

    subject: Subject
    signals: tuple[Signal, ...]
    quality: Quality
    volume: float | None = None

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Each rule and measure in breach, the strongest first."""
        return tuple(signal.evidence for signal in self.signals)

    @property
    def confirmed(self) -> Confirmed:
        """Labels measure the thing itself; scores alone confirm nothing."""
        return "yes" if self.signals[0].tally.measure == LABELS else "unconfirmed"

    @property
    def for_minutes(self) -> int:
        """How long it has to last until it fires, by the least patient rule that sees it."""
        return min(signal.rule.for_minutes for signal in self.signals)

    @property
    def cause(self) -> Cause:
        """The deployment, unless other languages' queries seem to be counted here."""
        return "tagging" if is_flood(self.volume) else "deployment"

    def incident(self) -> Incident:
        """The incident as it would read now, pending."""
        rule, _, watch, _, figures = self.signals[0]
        excess = figures.drop * watch.events / figures.scale_minutes
        why = Loudness(self.cause, self.confirmed, figures.drop, excess)
        return replace(
            draft(self.subject, rule, why, self.evidence, figures),
            began_at=start_of(watch.first),
            embedding_model=watch.change.embedding_model or None,
            index_version=watch.change.index_version or None,
            collection=watch.change.collection or None,
            summary=fall_text(self.subject.language, [_fact(signal, self.quality) for signal in self.signals], watch.change)
            + volume_text(self.volume),
        )


class Weighed(NamedTuple):
    """The signals, strongest first; `refutation`: the labels that show that retrieval did not fall although scores did."""

    signals: tuple[Signal, ...]
    refutation: tuple[Watch, Tally, Figures] | None


def weigh(watches: Iterable[Watch], last: int) -> Weighed:
    """All verdicts on one language at the end of this minute.

    Scores that labels refute are no signal, nor are scores alone where so many queries are labelled that labels decide.
    """
    signals: list[Signal] = []
    refutation: tuple[Watch, Tally, Figures] | None = None
    for watch in watches:
        judged = list(watch.judge(last))
        found = [_signal(watch, one, one.verdict) for one in judged if isinstance(one.verdict, Breach)]
        labels = [signal for signal in found if signal.tally.measure == LABELS]
        no = refuting(watch, judged) if found else None
        refutation = refutation or no
        signals += labels if no or (not labels and labels_decide(watch, judged)) else found
    signals.sort(key=lambda signal: signal.rank)
    return Weighed(tuple(signals), None if signals else refutation)


def refuting(watch: Watch, judged: Sequence[Judged]) -> tuple[Watch, Tally, Figures] | None:
    """The labels, enough of them on both sides, that bound the fall below the threshold; None without such."""
    for one in judged:
        if one.tally.measure == LABELS and isinstance(one.verdict, Clear) and one.verdict.figures.upper95 < one.limits.threshold:
            return watch, one.tally, one.verdict.figures
    return None


def labels_decide(watch: Watch, judged: Sequence[Judged]) -> bool:
    """Whether labels can be judged and come nearly as soon as scores, as so many queries are labelled."""
    return any(
        one.tally.measure == LABELS
        and one.verdict.figures.n_baseline >= one.limits.min_events
        and one.tally.n >= DECISIVE_SHARE * watch.events
        for one in judged
    )


def _signal(watch: Watch, judged: Judged, breach: Breach) -> Signal:
    return Signal(judged.rule, judged.limits, watch, judged.tally, breach.figures)


def _fact(signal: Signal, quality: Quality) -> Fact:
    return fact_of(signal.watch, signal.tally, signal.figures, quality)


def fact_of(watch: Watch, tally: Tally, figures: Figures, quality: Quality) -> Fact:
    """The figures with what they were read with."""
    model, kind = tally.scale
    key = WindowKey(*watch.change.where, watch.language, "", model, watch.change.index_version, kind)
    days = tally.baseline.days if tally.baseline else 0
    return Fact(tally.measure, figures, days, quality.k, quality.hit_threshold.of(key))
