"""The version rule at work: every language after every deployment, and what was usual before."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from agent.alerting.changes import Change, Collection, Version, Versions, collection_of, version_of
from agent.alerting.fall import Fall, fact_of, weigh
from agent.alerting.finding import Subject
from agent.alerting.history import History, Span, Stream
from agent.alerting.incident import Incident
from agent.alerting.lifecycle import Observation, Pace, Standing
from agent.alerting.measures import Quality, Reading, first_hit_bin, readings
from agent.alerting.minutes import DAY, minute_at
from agent.alerting.recovery import Recovery, recovered
from agent.alerting.rule import DropRule, Measure, applies
from agent.alerting.statistics import Baseline
from agent.alerting.summary import back_text, refuted_text
from agent.alerting.sums import Minute
from agent.alerting.volume import Volumes
from agent.alerting.watch import ACTIVE_MINUTES, Tally, Watch, why_not
from agent.records import WindowKey

RESOLVE_MINUTES = 15
MOST_ACTIVE = 8  # deployments of a collection watched at a time: a version name that changes all the time is none
FAR = 1 << 62  # a minute that never comes


class Place(NamedTuple):
    """Where a window key belongs, and how it is read; found once for each key."""

    stream: Stream
    version: Version
    subject: Subject
    rules: tuple[DropRule, ...]
    hit_bin: int | None


RecoveryKey = tuple[Collection, Version, Measure, tuple[str, str]]


class Falls:
    """Watches languages from a deployment on for 72 hours, and open incidents until they have recovered."""

    def __init__(self, rules: Sequence[DropRule], quality: Quality, episodes: Sequence[Incident]) -> None:
        """`episodes`: earlier incidents, firing or resolved: their time is in no baseline, and no window reaches back into them."""
        self._rules, self._quality = rules, quality
        self._history, self._volumes, self._versions = History(), Volumes(), Versions()
        self._places: dict[WindowKey, Place] = {}
        self._active: dict[Collection, dict[Version, Change]] = {}
        self._watches: dict[Subject, dict[tuple[Collection, Version], Watch]] = {}
        self._recoveries: dict[Subject, dict[RecoveryKey, Recovery]] = {}
        self._episodes: dict[Subject, list[Incident]] = {}
        self._tomorrow = 0
        self.changes: list[Change] = []
        for episode in episodes:
            self._episodes.setdefault(subject_of(episode), []).append(episode)

    def add(self, minute: int, rows: Sequence[Minute]) -> None:
        """Count the rows of a minute; versions that are new in it are deployments."""
        if minute >= self._tomorrow:
            self._tomorrow = (minute // DAY + 1) * DAY
            self._history.forget(minute)
            self._volumes.forget(minute)
        self._expire(minute)
        new = [row.key for row in rows if row.key not in self._places]
        if new:
            self._admit(minute, new)
        for row in rows:
            place = self._places[row.key]
            if place.rules:
                self._count(row, place)

    def suspend_volume(self, minute: int) -> None:
        """Not everything of this minute is counted."""
        self._volumes.suspend(minute)

    def observations(self, minute: int, standings: Mapping[Subject, Standing]) -> Iterator[tuple[Subject, Observation, Pace]]:
        """What is to be said of each language that is in breach or has an incident."""
        for subject in dict.fromkeys([*self._watches, *(subject for subject in standings if subject.class_ == "change")]):
            watches = self._watches.get(subject, {}).values()
            standing = standings.get(subject)
            if standing is None and not any(watch.in_breach(minute) for watch in watches):
                continue
            signals, refutation = weigh(watches, minute)
            fall = Fall(subject, signals, self._quality, self._volume(signals[0].watch, minute)) if signals else None
            refuted = refuted_text(subject.language, fact_of(*refutation, self._quality)) if refutation else ""
            seen = Observation(fall, recovered=self._recovered(subject, minute), refuted=refuted)
            yield subject, seen, Pace(fall.for_minutes if fall else 1, RESOLVE_MINUTES)

    def _volume(self, watch: Watch, minute: int) -> float | None:
        stream = Stream(watch.change.where, watch.language)
        return self._volumes.change(stream, watch.first, minute, self._spans(stream))

    def settle(self, subject: Subject, seen: Observation, standing: Standing | None, minute: int) -> None:
        """Follow what became of an incident: watch for recovery while it fires, begin anew when it is over."""
        if subject.class_ != "change" or standing is None or standing.incident.state == "pending":
            return
        self._remember(subject, standing.incident)
        if standing.incident.state == "resolved":
            self._begin_anew(subject, standing.incident, minute + 1)
        elif isinstance(seen.breach, Fall):
            for signal in seen.breach.signals:
                self._follow(subject, signal.watch, signal.tally, (minute + 1, signal.figures.n))

    def _admit(self, minute: int, keys: Sequence[WindowKey]) -> None:
        for change in self._versions.notice(minute, keys):
            self.changes.append(change)
            active = self._active.setdefault(change.where, {})
            active[change.version] = change
            if len(active) > MOST_ACTIVE:
                self._end(next(iter(active.values())))
        for key in keys:
            self._places[key] = self._place(key)

    def _place(self, key: WindowKey) -> Place:
        where = collection_of(key)
        return Place(
            stream=Stream(where, key.language),
            version=version_of(key),
            subject=Subject(key.service, key.environment, key.language, "change"),
            rules=tuple(rule for rule in self._rules if applies(rule, key)),
            hit_bin=first_hit_bin(key, self._quality),
        )

    def _count(self, row: Minute, place: Place) -> None:
        self._volumes.add(place.stream, row.minute, row.events)
        read = list(readings(row, place.hit_bin))
        for reading in read:
            self._history.add(place.stream, row.minute, reading)
        change = self._active.get(place.stream.where, {}).get(place.version)
        if change is not None:
            watch = self._watch(place, change)
            watch.add(row.minute, row.events, read, partial(self._usual, place.stream, change))
            self._follow_restored(place.subject, watch)
        for recovery in self._recoveries.get(place.subject, {}).values():
            if recovery.watch.change.where == place.stream.where:
                for reading in read:
                    recovery.add(row.minute, place.version, reading)

    def _watch(self, place: Place, change: Change) -> Watch:
        watches = self._watches.setdefault(place.subject, {})
        key = (change.where, change.version)
        if key not in watches:
            over = [end for _, end in self._spans(place.stream) if end != FAR]
            watches[key] = Watch(change, place.stream.language, place.rules, max([minute_at(change.at), *over]))
        return watches[key]

    def _usual(self, stream: Stream, change: Change, reading: Reading) -> tuple[Baseline | None, str]:
        baseline = self._history.baseline(stream, reading, minute_at(change.at), self._spans(stream))
        return baseline, why_not(reading, baseline, self._history.scales(stream, reading.measure))

    def _spans(self, stream: Stream) -> list[Span]:
        """The times of a language's incidents in a collection, from when it fell until it had recovered."""
        where, language = stream
        episodes = self._episodes.get(Subject(where.service, where.environment, language, "change"), [])
        return [
            (minute_at(episode.began_at), minute_at(episode.resolved_at) if episode.resolved_at else FAR)
            for episode in episodes
            if episode.began_at and episode.confirmed != "no" and (episode.collection or "") == where.collection
        ]

    def _remember(self, subject: Subject, incident: Incident) -> None:
        episodes = self._episodes.setdefault(subject, [])
        if episodes and episodes[-1].fired_at == incident.fired_at:
            episodes.pop()
        episodes.append(incident)

    def _follow(self, subject: Subject, watch: Watch, tally: Tally, since: tuple[int, int]) -> None:
        """Measure recovery from a minute on; `since` is that minute and the queries it fired on."""
        recoveries = self._recoveries.setdefault(subject, {})
        key = (watch.change.where, watch.change.version, tally.measure, tally.scale)
        if key not in recoveries and tally.baseline is not None:
            recoveries[key] = Recovery(watch, tally, *since)

    def _follow_restored(self, subject: Subject, watch: Watch) -> None:
        """Take up the recovery of an incident that an earlier process left firing."""
        incident = self._episodes[subject][-1] if subject in self._episodes else None
        if incident is None or incident.state != "firing" or not _is_of(incident, watch.change) or incident.fired_at is None:
            return
        queries = {one.metric: one.n or incident.n or 0 for one in incident.evidence}
        for tally in watch.tallies.values():
            if tally.measure in queries:
                self._follow(subject, watch, tally, (minute_at(incident.fired_at), queries[tally.measure]))

    def _recovered(self, subject: Subject, minute: int) -> str:
        found = recovered(list(self._recoveries.get(subject, {}).values()), minute)
        if found is None:
            return ""
        recovery, figures = found
        fallen = self._episodes[subject][-1].drop
        return back_text(subject.language, fact_of(recovery.watch, recovery.tally, figures, self._quality), fallen)

    def _begin_anew(self, subject: Subject, incident: Incident, first: int) -> None:
        """After a recovery no window reaches back before it. After a refutation labels and scores go on as they are."""
        ended = self._recoveries.pop(subject, {}).values()
        if incident.confirmed == "no":
            return
        places = {recovery.watch.change.where for recovery in ended}
        for watch in self._watches.get(subject, {}).values():
            if watch.change.where in places:
                watch.restart(first)

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


def subject_of(incident: Incident) -> Subject:
    """What an incident is about."""
    return Subject(incident.service, incident.environment, incident.language, incident.class_)


def _is_of(incident: Incident, change: Change) -> bool:
    version = (incident.collection or "", incident.embedding_model or "", incident.index_version or "")
    return version == (change.collection, change.embedding_model, change.index_version)
