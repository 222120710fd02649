"""The drop rules at work: every language all the time, and after every deployment; open incidents until they have recovered."""

from collections.abc import Collection as Tags
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from agent.alerting.changes import Change, Collection, Version, Versions
from agent.alerting.fall import LABELS, Fall, Signal, fact_of, weigh
from agent.alerting.finding import Subject
from agent.alerting.grid import Series, Stream
from agent.alerting.incident import Incident, fingerprint
from agent.alerting.intake import Counted
from agent.alerting.lifecycle import Observation, Pace, Standing
from agent.alerting.measures import Quality, Reading
from agent.alerting.minutes import DAY, HOUR, minute_at
from agent.alerting.notice import AFTER, Notice, notice
from agent.alerting.recovery import SMALLEST, SURE, Recovery, Standard, recovered
from agent.alerting.reference import Reference
from agent.alerting.rule import DropRule, Measure
from agent.alerting.soundings import Frozen, Soundings
from agent.alerting.statistics import Figures
from agent.alerting.summary import back_text, refuted_text
from agent.alerting.sums import Minute
from agent.alerting.triage.fleet import Looks
from agent.alerting.triage.grouping import ALL
from agent.alerting.triage.since import search_from, since, snap
from agent.alerting.volume import Volumes
from agent.alerting.watch import ACTIVE_MINUTES, Before, Tally, Watch, why_not
from agent.records import WindowKey

RESOLVE_MINUTES = 15
MOST_ACTIVE = 8  # deployments of a collection watched at a time: a version name that changes all the time is none
BEFORE_FIRING = HOUR  # is left out of baselines, when nothing says that the fall began earlier
FAR = 1 << 62  # a minute that never comes


class Episode(NamedTuple):
    """The time that an incident takes out of a language's baseline: the minutes [first, end)."""

    first: int
    end: int


class FallState(Struct, frozen=True):
    """What open incidents are measured against: what cannot be read again from the log's windows."""

    standards: dict[str, list[Standard]] = {}  # by fingerprint
    quiet: list[str] = []
    heard: dict[str, int] = {}  # since which minute a language is heard again that was quiet


class Falls:
    """Watches languages at every scale, and from a deployment on for 72 hours."""

    def __init__(
        self, rules: Sequence[DropRule], quality: Quality, episodes: Sequence[Incident], references: Iterable[Reference] = ()
    ) -> None:
        """`episodes`: earlier incidents, firing or resolved: their time is in no baseline, and no window reaches back into them."""
        self._quality = quality
        self.soundings = Soundings(rules, quality, references)
        self._volumes, self._versions = Volumes(), Versions()
        self._seen: set[WindowKey] = set()
        self._day = -1
        self._quiet: dict[Subject, list[Recovery]] = {}  # closed by a person, and not recovered yet
        self._heard: dict[Subject, int] = {}  # again, since this minute
        self._looked = -1
        self._anew: list[tuple[int, tuple[Measure, ...]]] = []
        self._began: dict[Collection, list[int]] = {}  # the days on which versions began
        self._active: dict[Collection, dict[Version, Change]] = {}
        self._watches: dict[Subject, dict[tuple[Collection, Version], Watch]] = {}
        self._recoveries: dict[Subject, list[Recovery]] = {}
        self._episodes: dict[Subject, list[Incident]] = {}
        self._waiting: dict[int, list[Counted]] = {}
        self.changes: list[Change] = []
        self.references: list[Reference] = []
        self.notices: dict[Change, Notice] = {}
        for episode in episodes:
            self._episodes.setdefault(subject_of(episode), []).append(episode)

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
        """The first minute that windows may reach back to: what came before the end of the last incident is over."""
        over = [minute_at(one.resolved_at) for one in self._known(subject) if one.resolved_at and counts(one)]
        return max([*over, self._heard.get(subject, 0)])

    def add(self, minute: int, rows: Sequence[Minute]) -> None:
        """Count what was loaded of a minute; versions that are new in it are deployments."""
        self._begin_day(minute)
        self._expire(minute)
        self._hear_again(minute)
        new = [row.key for row in rows if row.key not in self._seen]
        if new:
            self._admit(minute, new)
        counted = self._waiting.pop(minute, [])
        for one in counted:
            self._count(one)
        for one in counted:
            self._beside(one)
        self._notice(minute)

    def _notice(self, minute: int) -> None:
        """Say of each deployment once what it left comparable."""
        for active in self._active.values():
            for change in active.values():
                if minute_at(change.at) + AFTER == minute:
                    watches = (found.get((change.where, change.version)) for found in self._watches.values())
                    tallies = chain.from_iterable(watch.tallies.values() for watch in watches if watch is not None)
                    self.notices[change] = notice(tallies)

    def _begin_day(self, minute: int) -> None:
        if minute // DAY == self._day:
            return
        self._day = minute // DAY
        self._volumes.forget(minute)
        for subject in self.soundings.languages:
            for span in self._spans(subject):
                self.soundings.leave_out(subject, span.first, min(span.end, minute))
            for incident in self._known(subject):
                if incident.accepted_at is not None:
                    self._forget_references(subject, incident)
        for before, measures in self._anew:
            self.soundings.forget_before(before, measures)
        self.references += self.soundings.turn(minute)

    def suspend_volume(self, minute: int) -> None:
        """Not everything of this minute is counted."""
        self._volumes.suspend(minute)

    def observations(self, minute: int, standings: Mapping[Subject, Standing]) -> Iterator[tuple[Subject, Observation, Pace]]:
        """What is to be said of each language that is in breach or has an incident."""
        open_ = (subject for subject in standings if subject.class_ == "change")
        for subject in dict.fromkeys([*self._watches, *self.soundings.subjects(minute), *open_]):
            if subject in self._quiet:
                continue
            watches = self._watches.get(subject, {}).values()
            sounded = self.soundings.signals(subject, minute)
            if subject not in standings and not sounded and not any(watch.in_breach(minute) for watch in watches):
                continue
            signals, refutation = weigh(watches, minute)
            if refutation and not any(signal.measure == LABELS for signal in sounded):
                sounded = []
            if subject in standings and standings[subject].incident.state == "firing" and not self._recoveries.get(subject):
                self._take_up(subject, standings[subject].incident)
            fall = self._fall(subject, sorted([*signals, *sounded], key=lambda signal: signal.rank), minute)
            refuted = "" if fall or not refutation else self._refuted(subject, *refutation)
            seen = Observation(fall, recovered=self._recovered(subject, minute), refuted=refuted)
            yield subject, seen, Pace(fall.for_minutes if fall else 1, RESOLVE_MINUTES)

    def _hear_again(self, minute: int) -> None:
        """A language whose incident a person has closed is quiet until it has recovered; no window reaches back before that."""
        back = [subject for subject, recoveries in self._quiet.items() if recovered(recoveries, minute - 1) is not None]
        for subject in back:
            del self._quiet[subject]
            self._heard[subject] = minute
            for watch in self._watches.get(subject, {}).values():
                watch.restart(minute)
        if back and minute <= self._looked:
            self.look(minute, self._looked)

    def _fall(self, subject: Subject, signals: Sequence[Signal], minute: int) -> Fall | None:
        if not signals:
            return None
        corroborated = any(self.soundings.corroborated(subject, signal, minute) for signal in signals[:1])
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
        """Follow what became of an incident: freeze what it is measured against, begin anew when it is over.

        Returns whether what was looked at beyond this minute has to be looked at again.
        """
        if subject.class_ != "change" or standing is None or standing.incident.state == "pending":
            return False
        fresh = self._remember(subject, standing.incident)
        if standing.incident.state == "resolved":
            self._start_over(subject, standing.incident, minute + 1)
            return True
        if fresh:
            self._leave_out(subject, minute)
        if isinstance(seen.breach, Fall):
            for signal in seen.breach.signals:
                self._follow(subject, signal, minute + 1)
        return fresh

    def follow(self, fleet: Incident, minute: int) -> None:
        """An incident of all languages fires or is over: its time is in no baseline of any of them, and then all begin anew."""
        self._remember(subject_of(fleet), fleet)
        span = episode_of(fleet)
        for subject in [one for one in self.soundings.languages if one[:2] == subject_of(fleet)[:2] and counts(fleet)]:
            self.soundings.leave_out(subject, span.first, min(span.end, minute + 1))
            if fleet.state == "resolved":
                self._begin_again(subject, fleet, minute + 1)

    def _leave_out(self, subject: Subject, minute: int) -> None:
        for span in self._spans(subject)[-1:]:
            self.soundings.leave_out(subject, span.first, min(span.end, minute + 1))

    def _admit(self, minute: int, keys: Sequence[WindowKey]) -> None:
        self._seen.update(keys)
        for change in self._versions.notice(minute, keys):
            self.changes.append(change)
            self._began.setdefault(change.where, []).append(minute // DAY)
            if change.new_model:
                self._forget_labels(change, minute)
            active = self._active.setdefault(change.where, {})
            active[change.version] = change
            if len(active) > MOST_ACTIVE:
                self._end(next(iter(active.values())))

    def _forget_labels(self, change: Change, minute: int) -> None:
        """What labels said of another model is no reference for this one."""
        series = [one for one in self.soundings.grid.rows if one.stream.where == change.where and not any(one.scale)]
        self.soundings.references.begin_anew(series, minute // DAY + 1)

    def _count(self, one: Counted) -> None:
        row, place = one
        self._volumes.add(place.stream, row.minute, row.events)
        own = self._active.get(place.stream.where, {}).get(place.version)
        if own is not None and (watch := self._watch(one, own)) is not None:
            watch.add(row.minute, row.events, one.read, partial(self._usual, place.stream, own))
        for recovery in (*self._recoveries.get(place.subject, ()), *self._quiet.get(place.subject, ())):
            for reading in one.read:
                recovery.add(row.minute, place.stream.where.collection, place.version, reading)

    def _beside(self, one: Counted) -> None:
        """Count a row beside the deployments that came after its version; they are known once all rows of the minute are counted."""
        row, place = one
        watches = self._watches.get(place.subject)
        if not watches:
            return
        read = tuple(one.read)
        own = self._active.get(place.stream.where, {}).get(place.version)
        for key, watch in watches.items():
            if watch.change.where == place.stream.where and key[1] != place.version and (own is None or own.at < watch.change.at):
                watch.add_old(row.minute, read)

    def _watch(self, one: Counted, change: Change) -> Watch | None:
        place, key = one.place, (change.where, change.version)
        rules = [rule for rule in place.rules if "version" in rule.baselines and not self._is_accepted(place.subject, change)]
        watches = self._watches.setdefault(place.subject, {}) if rules else {}
        if rules and key not in watches:
            over = [span.end for span in self._spans(place.subject) if span.end != FAR]
            watches[key] = Watch(change, place.stream.language, rules, max([minute_at(change.at), *over]))
        return watches.get(key)

    def _is_accepted(self, subject: Subject, change: Change) -> bool:
        """Whether a person has accepted what came after this deployment."""
        return any(one.accepted_at is not None and one.accepted_at >= change.at for one in self._known(subject))

    def _usual(self, stream: Stream, change: Change, reading: Reading) -> Before:
        series = Series(stream, reading.measure, reading.scale)
        day = minute_at(change.at) // DAY
        earlier = [began for began in self._began.get(change.where, ()) if began < day]
        base = self.soundings.baseline(series, day - 1, max(earlier, default=-1) + 1)
        scales = {one.scale for one in self.soundings.grid.rows if one[:2] == series[:2]}
        subject = Subject(stream.where.service, stream.where.environment, stream.language, "change")
        return Before(base, why_not(reading, base, scales), self.soundings.wobbles(subject, reading.measure, reading.scale))

    def _spans(self, subject: Subject) -> list[Episode]:
        """The times of a language's incidents, from when it fell until it had recovered; refuted ones and mistakes are none.

        Where the new level was accepted it is the time before: what was usual then is not usual any more.
        """
        return [episode_of(incident) for incident in self._known(subject) if counts(incident)]

    def _known(self, subject: Subject) -> list[Incident]:
        """The incidents of all languages together, then those of this one."""
        return [*self._episodes.get(subject._replace(language=ALL), ()), *self._episodes.get(subject, ())]

    def _remember(self, subject: Subject, incident: Incident) -> bool:
        """Whether it is a new incident."""
        episodes = self._episodes.setdefault(subject, [])
        known = bool(episodes) and episodes[-1].fired_at == incident.fired_at
        if known:
            episodes.pop()
        episodes.append(incident)
        return not known

    def _follow(self, subject: Subject, signal: Signal, first: int) -> None:
        """Measure recovery from a minute on."""
        recoveries = self._recoveries.setdefault(subject, [])
        if any(one.standard.measure == signal.measure and one.standard.scale == signal.scale for one in recoveries):
            return
        if (standard := self._standard(signal, first)) is not None:
            recoveries.append(Recovery(standard))

    def _take_up(self, subject: Subject, incident: Incident) -> None:
        """Measure the recovery of an incident of which nothing was frozen, by what is usual now."""
        queries = {one.metric: one.n or incident.n or 0 for one in incident.evidence}
        first = minute_at(incident.fired_at) if incident.fired_at else 0
        for track in self.soundings.tracks(subject):
            if track.measure in queries and (found := self.soundings.freeze(track)):
                standard = Standard(track.measure, track.scale, *found, SURE, SMALLEST, queries[track.measure], first)
                self._recoveries.setdefault(subject, []).append(Recovery(standard))

    def _standard(self, signal: Signal, first: int) -> Standard | None:
        if signal.tally is not None and signal.tally.baseline is not None and signal.change is not None:
            base, version = signal.tally.baseline, signal.change.version
            found: Frozen | None = Frozen(base, {signal.change.collection: base.rates}, signal.tally.wobbles)
        else:
            version = None
            found = signal.track and self.soundings.freeze(signal.track, fixed=signal.against == "reference")
        threshold, _, least = signal.limits
        return found and Standard(signal.measure, signal.scale, *found, threshold, least, signal.figures.n, first, version)

    def _recovered(self, subject: Subject, minute: int) -> str:
        found = recovered(self._recoveries.get(subject, ()), minute)
        if found is None:
            return ""
        recovery, figures = found
        fallen = self._episodes[subject][-1].drop
        standard = recovery.standard
        fact = fact_of(standard.measure, standard.scale, (subject.language, next(iter(standard.rates))), figures, self._quality)
        return back_text(subject.language, fact, fallen)

    def _start_over(self, subject: Subject, incident: Incident, first: int) -> None:
        """After a recovery no window reaches back before it. After a refutation labels and scores go on as they are."""
        ended = self._recoveries.pop(subject, [])
        if incident.verdict is not None and ended:
            self._quiet[subject] = ended
        self._leave_out(subject, first - 1)
        self._begin_again(subject, incident, first)

    def _begin_again(self, subject: Subject, incident: Incident, first: int) -> None:
        if incident.accepted_at is not None:
            self._accept(subject, incident)
        if counts(incident):
            for watch in self._watches.get(subject, {}).values():
                watch.restart(first)

    def _accept(self, subject: Subject, incident: Incident) -> None:
        """The new level is the usual one: what deployments and references say of the old one is over."""
        self._watches.pop(subject, None)
        self._forget_references(subject, incident)

    def _forget_references(self, subject: Subject, incident: Incident) -> None:
        day = episode_of(incident).end // DAY
        self.soundings.references.begin_anew(self.soundings.series_of(subject), day + 1)

    def _expire(self, minute: int) -> None:
        for active in list(self._active.values()):
            for change in [change for change in active.values() if minute_at(change.at) + ACTIVE_MINUTES <= minute]:
                self._end(change)

    def _end(self, change: Change) -> None:
        """Stop looking for a fall after this deployment; an incident that is open stays open."""
        del self._active[change.where][change.version]
        for subject in list(self._watches):
            self._watches[subject].pop((change.where, change.version), None)
            if not self._watches[subject]:
                del self._watches[subject]

    @property
    def state(self) -> FallState:
        """What open incidents are measured against, and which languages a person does not want to hear of."""
        known = [*self._recoveries.items(), *self._quiet.items()]
        standards = {fingerprint_of(subject): [one.standard for one in found] for subject, found in known}
        heard = {fingerprint_of(subject): minute for subject, minute in self._heard.items()}
        return FallState(standards, [fingerprint_of(subject) for subject in self._quiet], heard)

    def restore(self, state: FallState) -> None:
        """Go on measuring the recovery of incidents that an earlier process left open; before anything is loaded."""
        for subject in self._episodes:
            name = fingerprint_of(subject)
            if name in state.heard:
                self._heard[subject] = state.heard[name]
            if standards := state.standards.get(name):
                into = self._quiet if name in state.quiet else self._recoveries
                into[subject] = [Recovery(standard) for standard in standards]

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
        deployed = [minute_at(change.at) for change in self.changes if change.where in places]
        began = snap(found, deployed)
        return replace(standing, incident=replace(standing.incident, began_at=began.at, began_between=began.between))

    def looks(self, place: tuple[str, str], minute: int, firing: Tags[str]) -> Looks:
        """What the short windows show of every language of a service, by the measure that most languages have."""
        return self.soundings.looks(place, minute, firing)


def counts(incident: Incident) -> bool:
    """Whether an incident's time is left out: something did fall, and nobody said that it was none."""
    return incident.confirmed != "no" and incident.verdict not in {"false", "expected"}


def episode_of(incident: Incident) -> Episode:
    """From an hour before it fired, or from when it began, to its end."""
    fired = minute_at(incident.fired_at) if incident.fired_at else FAR
    began = minute_at(incident.began_at) if incident.began_at else fired
    if incident.accepted_at is not None:
        return Episode(0, began)
    return Episode(min(began, fired - BEFORE_FIRING), minute_at(incident.resolved_at) if incident.resolved_at else FAR)


def subject_of(incident: Incident) -> Subject:
    """What an incident is about."""
    return Subject(incident.service, incident.environment, incident.language, incident.class_)


def fingerprint_of(subject: Subject) -> str:
    """The identity of an incident about this."""
    return fingerprint(*subject)
