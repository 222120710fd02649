"""Deployments at work: versions from their first appearance on for 72 hours, each with a watch on every language."""

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Collection as Many
from functools import partial
from itertools import chain
from typing import Final

from agent.alerting.changes import Change, Collection, Version, Versions
from agent.alerting.episodes import Episodes
from agent.alerting.finding import Subject
from agent.alerting.grid import Series, Stream
from agent.alerting.intake import Counted
from agent.alerting.measures import Reading
from agent.alerting.minutes import DAY, minute_at
from agent.alerting.notice import AFTER, Notice, notice
from agent.alerting.soundings import Soundings
from agent.alerting.sums import Minute
from agent.alerting.watch import ACTIVE_MINUTES, Before, Watch, why_not
from agent.records import WindowKey

MOST_ACTIVE: Final = 8  # deployments of a collection watched at a time: a version name that changes all the time is none


class Deployments:
    """Notices versions, watches what comes on each, and stops after 72 hours."""

    def __init__(self, soundings: Soundings, episodes: Episodes, floor: Callable[[Subject], int]) -> None:
        """`floor`: the first minute that counts of a language after what is over."""
        self._soundings, self._episodes, self._floor = soundings, episodes, floor
        self._versions = Versions()
        self._seen: set[WindowKey] = set()
        self._began: dict[Collection, list[int]] = {}  # the days on which versions began
        self._active: dict[Collection, dict[Version, Change]] = {}
        self._watches: dict[Subject, dict[tuple[Collection, Version], Watch]] = {}
        self.changes: list[Change] = []
        self.notices: dict[Change, Notice] = {}

    @property
    def subjects(self) -> Many[Subject]:
        """The languages that are watched."""
        return self._watches.keys()

    def of(self, subject: Subject) -> Many[Watch]:
        """The watches on a language."""
        return self._watches.get(subject, {}).values()

    def restart(self, subject: Subject, first: int) -> None:
        """Watch a language from this minute on only."""
        for watch in self.of(subject):
            watch.restart(first)

    def accept(self, subject: Subject) -> None:
        """A person has accepted what came after the deployments so far."""
        self._watches.pop(subject, None)

    def begin(self, minute: int, rows: Iterable[Minute]) -> None:
        """Let go of what came 72 hours ago; versions that are new in these rows are deployments."""
        self._expire(minute)
        new = [row.key for row in rows if row.key not in self._seen]
        if new:
            self._admit(minute, new)

    def count(self, counted: Sequence[Counted]) -> None:
        """Count the rows of a minute: on their own deployment, then beside those that came after it, which are known by then."""
        for one in counted:
            self._count(one)
        for one in counted:
            self._beside(one)

    def notice(self, minute: int) -> None:
        """Say of each deployment once what it left comparable."""
        for active in self._active.values():
            for change in active.values():
                if minute_at(change.at) + AFTER == minute:
                    watches = (found.get((change.where, change.version)) for found in self._watches.values())
                    tallies = chain.from_iterable(watch.tallies.values() for watch in watches if watch is not None)
                    self.notices[change] = notice(tallies)

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
        series = [one for one in self._soundings.grid.rows if one.stream.where == change.where and not any(one.scale)]
        self._soundings.references.begin_anew(series, minute // DAY + 1)

    def _count(self, one: Counted) -> None:
        row, place = one
        own = self._active.get(place.stream.where, {}).get(place.version)
        if own is not None and (watch := self._watch(one, own)) is not None:
            watch.add(row.minute, row.events, one.read, partial(self._usual, place.stream, own))

    def _beside(self, one: Counted) -> None:
        """Count a row beside the deployments that came after its version."""
        row, place = one
        own = self._active.get(place.stream.where, {}).get(place.version)
        later = [
            watch
            for key, watch in self._watches.get(place.subject, {}).items()
            if watch.change.where == place.stream.where and key[1] != place.version and (own is None or own.at < watch.change.at)
        ]
        read = tuple(one.read) if later else ()
        for watch in later:
            watch.add_old(row.minute, read)

    def _watch(self, one: Counted, change: Change) -> Watch | None:
        place, key = one.place, (change.where, change.version)
        accepted = self._episodes.is_accepted
        rules = [rule for rule in place.rules if "version" in rule.baselines and not accepted(place.subject, change.at)]
        watches = self._watches.setdefault(place.subject, {}) if rules else {}
        if rules and key not in watches:
            watches[key] = Watch(change, place.stream.language, rules, max(minute_at(change.at), self._floor(place.subject)))
        return watches.get(key)

    def _usual(self, stream: Stream, change: Change, reading: Reading) -> Before:
        """What was usual before a deployment, of the days since the one before it where they are enough."""
        series = Series(stream, reading.measure, reading.scale)
        day = minute_at(change.at) // DAY
        earlier = [began for began in self._began.get(change.where, ()) if began < day]
        base = self._soundings.baseline(series, day - 1, max(earlier, default=-1) + 1)
        subject = Subject(stream.where.service, stream.where.environment, stream.language, "change")
        scales = {one.scale for one in self._soundings.series_of(subject) if one[:2] == series[:2]}
        return Before(base, why_not(reading, base, scales), self._soundings.wobbles(subject, reading.measure, reading.scale))

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
