"""The drop rules at work: every language all the time, and after every deployment; open incidents until they have recovered."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from agent.alerting.action import is_automatic
from agent.alerting.deployments import Deployments
from agent.alerting.episodes import Episode, Episodes, counts, episode_of
from agent.alerting.fall import Fall, Signal, Weighed, fact_of, ordered, weigh
from agent.alerting.finding import Subject, subject_of
from agent.alerting.grid import Stream
from agent.alerting.incident import Incident
from agent.alerting.intake import Counted
from agent.alerting.lifecycle import Observation, Pace, Standing
from agent.alerting.measures import Quality
from agent.alerting.minutes import DAY, minute_at
from agent.alerting.recoveries import FallState, Recoveries
from agent.alerting.reference import Reference
from agent.alerting.rule import LABELS, DropRule, Measure
from agent.alerting.soundings import Soundings
from agent.alerting.statistics import Figures
from agent.alerting.summary import refuted_text
from agent.alerting.sums import Minute
from agent.alerting.triage.fleet import Looks
from agent.alerting.triage.since import search_from, since, snap
from agent.alerting.volume import Volumes
from agent.alerting.watch import Tally, Watch

RESOLVE_MINUTES = 15


class Falls:
    """Watches languages at every scale, and from a deployment on for 72 hours."""

    def __init__(
        self, rules: Sequence[DropRule], quality: Quality, episodes: Sequence[Incident], references: Iterable[Reference] = ()
    ) -> None:
        """`episodes`: earlier incidents, firing or resolved: their time is in no baseline, and no window reaches back into them."""
        self._quality = quality
        self.soundings = Soundings(rules, quality, references)
        self._volumes = Volumes()
        self._episodes = Episodes(episodes)
        self.deployments = Deployments(self.soundings, self._episodes, self._floor)
        self._recoveries = Recoveries(self.soundings, self._episodes, quality)
        self._waiting: dict[int, list[Counted]] = {}
        self._anew: list[tuple[int, tuple[Measure, ...]]] = []
        self._fell: list[tuple[Subject, Signal]] = []
        self._day, self._looked = -1, -1
        self.references: list[Reference] = []

    def load(self, rows: Iterable[Minute]) -> None:
        """Take the rows of a stretch of minutes into the arrays; `add` follows minute by minute."""
        rows = list(rows)
        for one in self.soundings.take(rows):
            self._waiting.setdefault(one.row.minute, []).append(one)

    def look(self, first: int, last: int) -> None:
        """Find what is in breach at each of the minutes first..last of one day, of which everything is loaded."""
        self._begin_day(first)
        self._looked = last
        self.soundings.look(first, last, {subject: self._floor(subject) for subject in self.soundings.languages})

    def _floor(self, subject: Subject) -> int:
        """The first minute that windows and watches may reach back to: what came before the end of the last incident is over."""
        return max([*self._episodes.over(subject), self._recoveries.heard(subject)])

    def add(self, minute: int, rows: Sequence[Minute]) -> None:
        """Count what was loaded of a minute; versions that are new in it are deployments."""
        self._begin_day(minute)
        self._hear_again(minute)
        self.deployments.begin(minute, rows)
        counted = self._waiting.pop(minute, [])
        for one in counted:
            self._volumes.add(one.place.stream, minute, one.row.events)
            self._recoveries.count(one)
        self.deployments.count(counted)
        self.deployments.notice(minute)

    def _begin_day(self, minute: int) -> None:
        if minute // DAY == self._day:
            return
        self._day = minute // DAY
        self._volumes.forget(minute)
        for subject in self.soundings.languages:
            self._leave_out(subject, minute)
            for incident in self._episodes.accepted(subject):
                self._forget_references(subject, incident)
        for before, measures in self._anew:
            self.soundings.forget_before(before, measures)
        self.references += self.soundings.turn(minute)

    def _spans(self, subject: Subject) -> list[Episode]:
        """The times of a language's incidents; what a person closed as real and unmended lasts until the language is heard again."""
        spans = self._episodes.spans(subject)
        if spans and self._episodes.known(subject)[-1].verdict == "real":
            spans[-1] = spans[-1]._replace(end=self._recoveries.quiet_until(subject, spans[-1].end))
        return spans

    def suspend_volume(self, minute: int) -> None:
        """Not everything of this minute is counted."""
        self._volumes.suspend(minute)

    def observations(self, minute: int, standings: Mapping[Subject, Standing]) -> Iterator[tuple[Subject, Observation, Pace]]:
        """What is to be said of each language that is in breach or has an incident."""
        open_ = (subject for subject in standings if subject.class_ == "change")
        for subject in dict.fromkeys([*self.deployments.subjects, *self.soundings.subjects(minute), *open_]):
            if self._recoveries.is_quiet(subject):
                continue
            watches = self.deployments.of(subject)
            sounded = self._sounded(subject, minute)
            if subject not in standings and not sounded and not any(watch.in_breach(minute) for watch in watches):
                continue
            signals, refutation = self._weighed(subject, minute)
            if refutation and not any(signal.measure == LABELS for signal in sounded):
                sounded = []
            if subject in standings and standings[subject].incident.state == "firing":
                self._recoveries.take_up(subject, standings[subject].incident)
            fall = self._fall(subject, ordered([*signals, *sounded]), minute)
            refuted = "" if fall or not refutation else self._refuted(subject, *refutation)
            seen = Observation(fall, recovered=self._recoveries.back(subject, minute), refuted=refuted)
            yield subject, seen, Pace(fall.for_minutes if fall else 1, RESOLVE_MINUTES)

    def _weighed(self, subject: Subject, minute: int) -> Weighed:
        """What deployments say of a language; labels that are of other queries than before are noted."""
        watches = self.deployments.of(subject)
        for watch in watches:
            if reason := watch.labels_moved():
                self.not_comparable[subject] = reason
        return weigh(watches, minute)

    def _sounded(self, subject: Subject, minute: int) -> list[Signal]:
        """What is in breach; that a language lies below its fixed reference was told for 14 days if it was accepted by time."""
        found, below = self.soundings.signals(subject, minute), self._recoveries.is_below(subject)
        return [signal for signal in found if not (below and signal.against == "reference")]

    def _hear_again(self, minute: int) -> None:
        """A language whose incident a person has closed is quiet until it has recovered; no window reaches back before that."""
        back = self._recoveries.hear_again(minute)
        for subject in back:
            self._leave_out(subject, minute)
            self.deployments.restart(subject, minute)
        if back and minute <= self._looked:
            self.look(minute, self._looked)

    def _fall(self, subject: Subject, signals: Sequence[Signal], minute: int) -> Fall | None:
        if not signals:
            return None
        scales = {signal.figures.scale_minutes for signal in signals}
        corroborated = any(self.soundings.corroborated(subject, scale, minute) for scale in scales)
        return Fall(subject, tuple(signals), self._quality, self._volume(subject, signals[0], minute), corroborated)

    def _refuted(self, subject: Subject, watch: Watch, tally: Tally, figures: Figures) -> str:
        fact = fact_of(tally.measure, tally.scale, (watch.language, watch.change.collection), figures, self._quality)
        return refuted_text(subject.language, fact)

    def _volume(self, subject: Subject, signal: Signal, minute: int) -> float | None:
        """The traffic since then as a multiple of the usual, in the collection where that is most."""
        streams = {series.stream for series in self.soundings.series_of(subject)}
        if signal.change is not None:
            streams = {Stream(signal.change.where, subject.language)}
        spans = [(span.first, span.end) for span in self._spans(subject)]
        known = [self._volumes.change(stream, signal.first, minute, spans) for stream in streams]
        return max((volume for volume in known if volume is not None), default=None)

    def settle(self, subject: Subject, seen: Observation, standing: Standing | None, minute: int) -> bool:
        """Follow what became of an incident: its time is no baseline, and when it is over all begins anew.

        Returns whether what was looked at beyond this minute has to be looked at again.
        """
        if subject.class_ != "change" or standing is None or standing.incident.state == "pending":
            return False
        fresh = self._episodes.remember(subject, standing.incident)
        if standing.incident.state == "resolved":
            self._start_over(subject, standing.incident, minute + 1)
            return True
        if fresh:
            self._leave_out(subject, minute + 1)
        if isinstance(seen.breach, Fall):
            self._fell += [(subject, signal) for signal in seen.breach.signals]
        return fresh

    def finish(self, minute: int) -> None:
        """Freeze what the falls of this minute are measured against from the next one on, without their own time."""
        self.soundings.refresh()
        for subject, signal in self._fell:
            if self._episodes.newest(subject).state == "firing":
                self._recoveries.follow(subject, signal, minute + 1)
        self._fell.clear()

    def follow(self, fleet: Incident, minute: int) -> None:
        """An incident of all languages fires or is over: its time is in no baseline of any of them, and then all begin anew."""
        self._episodes.remember(subject_of(fleet), fleet)
        for subject in [one for one in self.soundings.languages if one[:2] == subject_of(fleet)[:2]]:
            self._set_apart(subject, fleet, minute + 1)
            if fleet.state == "resolved":
                self._begin_again(subject, fleet, minute + 1)

    def _set_apart(self, subject: Subject, incident: Incident, end: int) -> None:
        """The time of an incident is in no baseline; that of a mistake, or of a level that was accepted, is again."""
        if incident.accepted_at is not None or not counts(incident):
            self.soundings.take_back(subject)
        self._leave_out(subject, end)

    def _leave_out(self, subject: Subject, end: int) -> None:
        """The times of a language's incidents are in no baseline, of one that is open up to the minute `end`."""
        for span in self._spans(subject):
            self.soundings.leave_out(subject, span.first, min(span.end, end))

    def _start_over(self, subject: Subject, incident: Incident, first: int) -> None:
        """After a recovery no window reaches back before it. After a refutation labels and scores go on as they are."""
        self._recoveries.end(subject, incident)
        self._set_apart(subject, incident, first)
        self._begin_again(subject, incident, first)

    def _begin_again(self, subject: Subject, incident: Incident, first: int) -> None:
        if incident.accepted_at is not None:
            self._accept(subject, incident)
        if counts(incident):
            self.deployments.restart(subject, first)

    def _accept(self, subject: Subject, incident: Incident) -> None:
        """The new level is the usual one: what deployments say of the old one is over. References are moved by people alone."""
        self.deployments.accept(subject)
        if not is_automatic(incident):
            self._forget_references(subject, incident)

    def _forget_references(self, subject: Subject, incident: Incident) -> None:
        day = episode_of(incident).end // DAY
        self.soundings.references.begin_anew(self.soundings.series_of(subject), day + 1)

    @property
    def not_comparable(self) -> dict[Subject, str]:
        """The languages whose labels were not compared, with the newest reason."""
        return self.soundings.not_comparable

    @property
    def state(self) -> FallState:
        """What open incidents are measured against, and which languages a person does not want to hear of."""
        return self._recoveries.state

    def restore(self, state: FallState) -> None:
        """Go on measuring the recovery of incidents that an earlier process left open; before anything is loaded."""
        self._recoveries.restore(state)

    def begin_anew(self, minute: int, measures: Sequence[Measure]) -> None:
        """What came before this minute was read otherwise, by all measures or by these: nothing is compared with it."""
        self._anew.append((minute, tuple(measures)))
        self.soundings.forget_before(minute, measures)

    def dated(self, subject: Subject, seen: Observation, standing: Standing, minute: int) -> Standing:
        """A fall that fires now with its most likely begin: that of a deployment, if one lies within the interval."""
        if not isinstance(seen.breach, Fall):
            return standing
        signal = seen.breach.signals[0]
        series = self.soundings.minutes(subject, signal, search_from(minute, signal.figures.scale_minutes), minute)
        found = None if series is None else since(series)
        if found is None:
            return standing
        places = {series.stream.where for series in self.soundings.series_of(subject)}
        deployed = [minute_at(change.at) for change in self.deployments.changes if change.where in places]
        began = snap(found, deployed)
        return replace(standing, incident=replace(standing.incident, began_at=began.at, began_between=began.between))

    def looks(self, place: tuple[str, str], minute: int, firing: Collection[str]) -> Looks:
        """What the short windows show of every language of a service, by the measure that most languages have."""
        return self.soundings.looks(place, minute, firing)
