"""Open incidents until they have recovered, and languages that nobody is to hear of, wholly or in part, until they have."""

from itertools import chain

from msgspec import Struct

from agent.alerting.action import is_automatic
from agent.alerting.episodes import FAR, Episodes
from agent.alerting.fall import Signal, fact_of
from agent.alerting.finding import Subject, fingerprint_of
from agent.alerting.frozen import Frozen
from agent.alerting.incident import Incident
from agent.alerting.intake import Counted
from agent.alerting.measures import Quality
from agent.alerting.minutes import minute_at
from agent.alerting.recovery import SMALLEST, SURE, Recovery, Standard, recovered
from agent.alerting.soundings import Soundings
from agent.alerting.summary import back_text


class FallState(Struct, frozen=True):
    """What open incidents are measured against: what cannot be read again from the log's windows."""

    standards: dict[str, list[Standard]] = {}  # by fingerprint
    quiet: list[str] = []
    heard: dict[str, int] = {}  # since which minute a language is heard again that was quiet
    below: dict[str, list[Standard]] = {}


class Recoveries:
    """Freezes what an incident is measured against when it fires, and follows it from then on."""

    def __init__(self, soundings: Soundings, episodes: Episodes, quality: Quality) -> None:
        self._soundings, self._episodes, self._quality = soundings, episodes, quality
        self._open: dict[Subject, list[Recovery]] = {}
        self._quiet: dict[Subject, list[Recovery]] = {}  # closed by a person, and not recovered yet
        self._heard: dict[Subject, int] = {}  # again, since this minute
        self._below: dict[Subject, list[Recovery]] = {}  # accepted by time, and not recovered yet

    def is_quiet(self, subject: Subject) -> bool:
        """Whether a person has closed its incident, and it has not recovered since."""
        return subject in self._quiet

    def quiet_until(self, subject: Subject, end: int) -> int:
        """The first minute at which a language is heard again after an incident that ended in this one."""
        return FAR if subject in self._quiet else max(end, self.heard(subject))

    def is_below(self, subject: Subject) -> bool:
        """Whether it fell long ago, which everybody was told, and still lies below what its fixed reference says."""
        return subject in self._below

    def heard(self, subject: Subject) -> int:
        """Since which minute a language is heard again; 0 where it always was."""
        return self._heard.get(subject, 0)

    def hear_again(self, minute: int) -> list[Subject]:
        """The languages that were quiet and have recovered: they are heard from this minute on."""
        waiting = chain(self._quiet.items(), self._below.items())
        back = [subject for subject, recoveries in waiting if recovered(recoveries, minute - 1) is not None]
        for subject in back:
            self._quiet.pop(subject, None)
            self._below.pop(subject, None)
            self._heard[subject] = minute
        return back

    def count(self, one: Counted) -> None:
        """Count a row for what is followed of its language."""
        row, place = one
        followed = [recovery for of in (self._open, self._quiet, self._below) for recovery in of.get(place.subject, ())]
        for reading in one.read if followed else ():
            for recovery in followed:
                recovery.add(row.minute, place.stream.where.collection, place.version, reading)

    def follow(self, subject: Subject, signal: Signal, first: int) -> None:
        """Measure recovery from a minute on."""
        recoveries = self._open.setdefault(subject, [])
        if any(one.standard.measure == signal.measure and one.standard.scale == signal.scale for one in recoveries):
            return
        if (standard := self._standard(signal, first)) is not None:
            recoveries.append(Recovery(standard))

    def _standard(self, signal: Signal, first: int) -> Standard | None:
        if signal.tally is not None and signal.tally.baseline is not None and signal.change is not None:
            base, version = signal.tally.baseline, signal.change.version
            found: Frozen | None = Frozen(base, {signal.change.collection: base.rates}, signal.tally.wobbles)
        else:
            version = None
            found = signal.track and self._soundings.freeze(signal.track, fixed=signal.against == "reference")
        threshold, _, least = signal.limits
        return found and Standard(signal.measure, signal.scale, *found, threshold, least, signal.figures.n, first, version)

    def take_up(self, subject: Subject, incident: Incident) -> None:
        """Measure the recovery of an incident of which nothing was frozen, by what is usual now."""
        if self._open.get(subject):
            return
        queries = {one.metric: one.n or incident.n or 0 for one in incident.evidence}
        first = minute_at(incident.fired_at) if incident.fired_at else 0
        for track in self._soundings.tracks(subject):
            if track.measure in queries and (found := self._soundings.freeze(track)):
                standard = Standard(track.measure, track.scale, *found, SURE, SMALLEST, queries[track.measure], first)
                self._open.setdefault(subject, []).append(Recovery(standard))

    def back(self, subject: Subject, minute: int) -> str:
        """The text that a language has recovered; empty while it has not."""
        found = recovered(self._open.get(subject, ()), minute)
        if found is None:
            return ""
        recovery, figures = found
        standard = recovery.standard
        fact = fact_of(standard.measure, standard.scale, (subject.language, next(iter(standard.rates))), figures, self._quality)
        return back_text(subject.language, fact, self._episodes.newest(subject).drop)

    def end(self, subject: Subject, incident: Incident) -> None:
        """The incident is over; where a person said so, the language is quiet until it has recovered, and by time in part."""
        ended = self._open.pop(subject, [])
        if incident.verdict is not None and ended:
            self._quiet[subject] = ended
        if is_automatic(incident) and ended:
            self._below[subject] = ended

    @property
    def state(self) -> FallState:
        """What open incidents are measured against, and which languages a person does not want to hear of."""
        known = [*self._open.items(), *self._quiet.items()]
        standards = {fingerprint_of(subject): [one.standard for one in found] for subject, found in known}
        heard = {fingerprint_of(subject): minute for subject, minute in self._heard.items()}
        below = {fingerprint_of(subject): [one.standard for one in found] for subject, found in self._below.items()}
        return FallState(standards, [fingerprint_of(subject) for subject in self._quiet], heard, below)

    def restore(self, state: FallState) -> None:
        """Go on measuring the recovery of incidents that an earlier process left open; before anything is loaded."""
        for subject in self._episodes.subjects:
            name = fingerprint_of(subject)
            if name in state.heard:
                self._heard[subject] = state.heard[name]
            if name in state.below:
                self._below[subject] = [Recovery(standard) for standard in state.below[name]]
            if standards := state.standards.get(name):
                into = self._quiet if name in state.quiet else self._open
                into[subject] = [Recovery(standard) for standard in standards]
