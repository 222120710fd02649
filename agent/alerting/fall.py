"""A fall: what all measures, rules, baselines and deployments say of one language, taken together."""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from agent.alerting.changes import Change
from agent.alerting.condition import Breach, Clear
from agent.alerting.finding import Loudness, Subject, draft
from agent.alerting.incident import Cause, Confirmed, Evidence, Incident, Workings
from agent.alerting.ladder import Track
from agent.alerting.measures import Quality
from agent.alerting.minutes import start_of
from agent.alerting.rule import LABELS, DropRule, Limits, Measure
from agent.alerting.statistics import Figures
from agent.alerting.summary import Fact, fall_text, volume_text
from agent.alerting.volume import is_flood
from agent.alerting.watch import Judged, Tally, Watch
from agent.records import WindowKey

Against = Literal["version", "canary", "trailing", "reference"]
SCORES = ("hit_rate", "similarity_mean")
DECISIVE_SHARE = 0.5  # of the queries labelled: then scores are not asked alone


class Signal(NamedTuple):
    """One rule and measure in breach, against one baseline, in the minutes [first, end).

    It was seen by a watch of a deployment (`change`, `tally`) or by the ladder (`track`). `days` is the reach of the baseline.
    """

    rule: DropRule
    limits: Limits
    against: Against
    measure: Measure
    scale: tuple[str, str]
    figures: Figures
    first: int
    end: int
    days: int
    change: Change | None = None
    tally: Tally | None = None
    track: Track | None = None
    relative: bool = False

    @property
    def rank(self) -> tuple[object, ...]:
        """Strongest first: labels measure the thing itself and go before scores; then the number of standard errors."""
        place = () if self.change is None else (self.change.where, self.change.version)
        return self.measure != LABELS, -self.figures.z, self.rule.name, self.measure, self.scale, self.against, place

    @property
    def evidence(self) -> Evidence:
        """The signal as an incident lists it."""
        figures = self.figures
        return Evidence(self.rule.name, self.measure, figures.drop, figures.z, figures.n, self._workings())

    def _workings(self) -> Workings | None:
        figures, parts = self.figures, self.figures.parts
        return parts and Workings(
            baseline=self.against,
            start=start_of(self.first),
            end=start_of(self.end),
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
            relative=self.relative,
        )


class Fall(Struct, frozen=True):
    """What is in breach for one language: at least one signal, the strongest first.

    `volume`: its traffic since then, as a multiple of the usual (None: not known). `corroborated`: something other than scores,
    such as zero results, says so too.
    """

    subject: Subject
    signals: tuple[Signal, ...]
    quality: Quality
    volume: float | None = None
    corroborated: bool = False
    began: int | None = None

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Each rule and measure in breach once, the strongest first."""
        found: dict[tuple[str, str], Evidence] = {}
        for signal in self.signals:
            found.setdefault((signal.rule.name, signal.measure), signal.evidence)
        return tuple(found.values())

    @property
    def confirmed(self) -> Confirmed:
        """Labels and counts measure the thing itself; scores alone confirm nothing."""
        return "yes" if self.corroborated or any(signal.measure not in SCORES for signal in self.signals) else "unconfirmed"

    @property
    def for_minutes(self) -> int:
        """How long it has to last until it fires, by the least patient rule that sees it."""
        return min(signal.rule.for_minutes for signal in self.signals)

    @property
    def change(self) -> Change | None:
        """The deployment that it came with, by the strongest signal that knows one."""
        return next((signal.change for signal in self.signals if signal.change), None)

    @property
    def cause(self) -> Cause:
        """The deployment, unless other languages' queries seem to be counted here."""
        if is_flood(self.volume):
            return "tagging"
        return "deployment" if self.change else "unknown"

    def incident(self) -> Incident:
        """The incident as it would read now, pending."""
        first, change = self.signals[0], self.change
        figures = first.figures
        facts = [_fact(signal, self.subject.language, self.quality) for signal in self._told()]
        return replace(
            draft(self.subject, first.rule, self._loudness(), self.evidence, figures),
            began_at=start_of(first.first if self.began is None else self.began),
            embedding_model=(change.embedding_model if change else first.scale[0]) or None,
            index_version=(change.index_version or None) if change else None,
            collection=(change.collection or None) if change else None,
            summary=fall_text(self.subject.language, facts, change, confirmed=self.confirmed == "yes") + volume_text(self.volume),
        )

    def _loudness(self) -> Loudness:
        """By the larger fall of two: that of the lead, and of the strongest where a deployment leads it."""
        both = self.signals[0], min(self.signals, key=lambda signal: signal.rank)
        figures = max((signal.figures for signal in both), key=lambda figures: figures.drop)
        return Loudness(self.cause, self.confirmed, figures.drop, figures.drop * figures.n / figures.scale_minutes)

    def _told(self) -> Iterable[Signal]:
        """The strongest signal of each measure."""
        found: dict[Measure, Signal] = {}
        for signal in self.signals:
            found.setdefault(signal.measure, signal)
        return found.values()


def ordered(signals: Iterable[Signal]) -> list[Signal]:
    """The strongest first, but a deployment goes before the window of its rule and measure that leads, unless it surely shows less.

    It says since when, and has nothing of the time before in its figures.
    """
    by_rank = sorted(signals, key=lambda signal: signal.rank)
    of_deployment = [signal for signal in by_rank if signal.change is not None and _shows(signal, by_rank[0])]
    return [*of_deployment[:1], *(signal for signal in by_rank if signal not in of_deployment[:1])]


def _shows(signal: Signal, lead: Signal) -> bool:
    same = (signal.rule.name, signal.measure, signal.scale) == (lead.rule.name, lead.measure, lead.scale)
    return same and signal.figures.drop >= lead.figures.ci95[0]


class Weighed(NamedTuple):
    """The signals; `refutation`: the labels that show that retrieval did not fall although scores did."""

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
        found = [_signal(watch, last, one, one.verdict) for one in judged if isinstance(one.verdict, Breach)]
        labels = [signal for signal in found if signal.measure == LABELS]
        no = refuting(watch, judged) if found else None
        refutation = refutation or no
        signals += labels if no or (not labels and labels_decide(watch, judged)) else found
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


def _signal(watch: Watch, last: int, judged: Judged, breach: Breach) -> Signal:
    tally = judged.tally
    days = tally.baseline.days if tally.baseline and judged.baseline == "version" else 0
    span = watch.first, last + 1, days
    return Signal(
        judged.rule, judged.limits, judged.baseline, tally.measure, tally.scale, breach.figures, *span, watch.change, tally
    )


def _fact(signal: Signal, language: str, quality: Quality) -> Fact:
    collection = signal.change.collection if signal.change else ""
    fact = fact_of(signal.measure, signal.scale, (language, collection), signal.figures, quality)
    return fact._replace(days=signal.days, against=signal.against)


def fact_of(measure: Measure, scale: tuple[str, str], place: tuple[str, str], figures: Figures, quality: Quality) -> Fact:
    """The figures with what they were read with; `place` is the language and the collection."""
    language, collection = place
    key = WindowKey("", "", collection, language, "", scale[0], "", scale[1])
    thresholds = quality.hit_threshold
    return Fact(measure, figures, 0, quality.k, thresholds.of(key), provisional=thresholds.is_provisional(key))
