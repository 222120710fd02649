"""The vanished rule at work: languages that nobody asks in any more, although somebody did at this hour of the last weeks."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from msgspec import Struct, convert

from agent.alerting.absence import BACK, Absence, Look
from agent.alerting.finding import Subject
from agent.alerting.incident import ALL
from agent.alerting.lifecycle import Observation, Pace, Standing
from agent.alerting.minutes import HOUR, minute_at
from agent.alerting.rule import VanishedRule, applies
from agent.alerting.runs import state_of
from agent.alerting.summary import returned_text
from agent.alerting.sums import Minute
from agent.alerting.traffic import HOURS_KEPT, MINUTES_KEPT, Expected, Numbers, Traffic
from agent.records import WindowKey

RESOLVE_MINUTES = 15
RECOVERY = (60, 240, 1440)  # windows that may show that traffic is back


class Away(Struct):
    """The time of an incident, from the minute `first` to before `end` (None: it fires): not usual, and no window reaches into it."""

    subject: Subject
    first: int
    end: int | None = None


class VanishedState(Struct, frozen=True):
    """What history by the hour does not tell: the last hour by the minute, incidents, hours that were not whole."""

    minute: int = -1
    live: int | None = None
    last_hour: list[tuple[Subject, list[int]]] = []
    away: list[Away] = []
    partial: list[int] = []


class Vanished:
    """Counts events and compares windows with the lowest of the last four same weekday-hours.

    Windows up to an hour are exact; longer ones begin with a full hour, so that history by the hour tells them after a restart.
    """

    def __init__(self, rule: VanishedRule) -> None:
        self._rule = rule
        self._traffic = Traffic()
        self._subjects: dict[WindowKey, Subject | None] = {}
        self._away: list[Away] = []
        self._partial: set[int] = set()
        self._live: int | None = None  # the first minute that came by itself and not in a row for an hour
        self._usual: Expected = np.zeros((0, 0))
        self._hour = -1

    def add(self, rows: Sequence[Minute]) -> None:
        """Count the rows of a minute."""
        for row in rows:
            if row.key not in self._subjects:
                self._subjects[row.key] = self._subject(row.key)
            subject = self._subjects[row.key]
            if subject is not None:
                self._traffic.add(subject, row.minute, row.events)

    def skip(self, minute: int) -> None:
        """The past is only counted."""
        self._traffic.turn(minute)

    def suspend_volume(self, minute: int) -> None:
        """Not everything of this minute is counted: its hour is neither judged nor usual."""
        self._partial.add(minute // HOUR)

    def observations(self, minute: int, standings: Mapping[Subject, Standing]) -> Iterator[tuple[Subject, Observation, Pace]]:
        """What is to be said of each language that is gone or has an incident, and of all of a service together."""
        self._traffic.turn(minute)
        self._live = minute if self._live is None else self._live
        ours = {subject: standing for subject, standing in standings.items() if subject.class_ == "volume"}
        self._follow(ours, minute)
        self._refresh(minute)
        looks = {width: self._look(width, minute) for width in sorted({*self._rule.windows, *(RECOVERY if ours else ())})}
        gone = self._gone(looks)
        for service, environment in sorted({subject[:2] for subject in (*gone, *ours)}):
            yield from self._service(Subject(service, environment, ALL, "volume"), looks, gone, ours)

    def state(self) -> dict[str, Any]:
        """What `restore` needs besides history, as plain JSON."""
        last_hour = list(self._traffic.last_hour())
        return state_of(VanishedState(self._traffic.minute, self._live, last_hour, self._away, sorted(self._partial)))

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take the place of another judge after the same history was added."""
        left = convert(state, VanishedState)
        self._traffic.set_last_hour(left.minute, left.last_hour)
        self._live, self._away, self._partial = left.live, left.away, self._partial | set(left.partial)

    def _subject(self, key: WindowKey) -> Subject | None:
        return Subject(key.service, key.environment, key.language, "volume") if applies(self._rule, key) else None

    def _service(
        self, every: Subject, looks: Mapping[int, Look], gone: Mapping[Subject, Look], standings: Mapping[Subject, Standing]
    ) -> Iterator[tuple[Subject, Observation, Pace]]:
        """All languages together are one incident: while there is one, no other language begins."""
        together = self._together(every, looks)
        begin = {every: together} if together else {} if every in standings else gone
        for subject in dict.fromkeys([every, *begin, *standings]):
            if subject[:2] == every[:2] and (subject in begin or subject in standings):
                absence = self._absence(subject, begin[subject]) if subject in begin else None
                seen = Observation(absence, recovered=self._back(subject, standings.get(subject), looks))
                yield subject, seen, Pace(self._rule.for_minutes, RESOLVE_MINUTES)

    def _together(self, every: Subject, looks: Mapping[int, Look]) -> Look | None:
        found = (looks[width].at(self._places(every)) for width in self._rule.windows)
        return next((look.total() for look in found if look.all_gone(self._rule)), None)

    def _gone(self, looks: Mapping[int, Look]) -> dict[Subject, Look]:
        """Each language that is gone, with the shortest window that shows it."""
        subjects, found = list(self._traffic.places), dict[Subject, Look]()
        for width in sorted(self._rule.windows, reverse=True):
            for place in looks[width].gone(self._rule).nonzero()[0].tolist():
                found[subjects[place]] = looks[width].at(np.array([place]))
        return found

    def _absence(self, subject: Subject, look: Look) -> Absence:
        silent = self._traffic.silent_since(self._places(subject))
        return Absence(subject, self._rule, min(look.first, silent), look.figures())

    def _back(self, subject: Subject, standing: Standing | None, looks: Mapping[int, Look]) -> str:
        """The sentence that says so where the shortest window since the firing that enough is expected of has half of it."""
        if standing is None or standing.incident.fired_at is None:
            return ""
        for width in RECOVERY:
            look = looks[width].at(self._places(subject)).total()
            if look.first >= minute_at(standing.incident.fired_at) and look.expected[0] >= self._rule.min_expected:
                enough = look.observed[0] >= BACK * look.expected[0]
                return returned_text(subject.language, look.figures()) if enough else ""
        return ""

    def _look(self, width: int, minute: int) -> Look:
        first = minute - width + 1
        if width > MINUTES_KEPT:
            first = -(-first // HOUR) * HOUR
        expected = self._expected(first, minute)
        partial = not self._partial.isdisjoint(range(first // HOUR, minute // HOUR + 1))
        if partial or (width <= MINUTES_KEPT and first < (self._live or 0)):
            expected[:] = 0.0
        for away in self._away:
            if away.end is not None and first < away.end:
                expected[self._places(away.subject)] = 0.0
        return Look(first, minute - first + 1, self._traffic.since(first), expected)

    def _expected(self, first: int, last: int) -> Expected:
        """What is usual in the minutes first..last."""
        hours = np.ones(last // HOUR - first // HOUR + 1)
        hours[0] -= first % HOUR / HOUR
        hours[-1] -= (HOUR - 1 - last % HOUR) / HOUR
        expected: Expected = self._usual[:, -len(hours) :] @ hours
        return expected

    def _refresh(self, minute: int) -> None:
        """Once an hour, and for languages that are new."""
        if self._hour == minute // HOUR and len(self._usual) == len(self._traffic):
            return
        self._hour = minute // HOUR
        oldest = self._hour - HOURS_KEPT
        self._partial = {hour for hour in self._partial if hour >= oldest}
        self._away = [away for away in self._away if away.end is None or away.end >= oldest * HOUR]
        reach = max(*self._rule.windows, *RECOVERY) // HOUR
        self._usual = self._traffic.usual(self._hour - reach, self._hour, self._left_out(minute), self._partial)

    def _left_out(self, minute: int) -> dict[int, list[range]]:
        spans: dict[int, list[range]] = {}
        for away in self._away:
            for place in self._places(away.subject).tolist():
                spans.setdefault(place, []).append(range(away.first // HOUR, ((away.end or minute) + HOUR) // HOUR))
        return spans

    def _follow(self, standings: Mapping[Subject, Standing], minute: int) -> None:
        """Note when incidents begin and end."""
        firing = {subject: one.incident for subject, one in standings.items() if one.incident.state == "firing"}
        known = {away.subject: away for away in self._away if away.end is None}
        for subject in known.keys() - firing.keys():
            known[subject].end = minute
        for subject in sorted(firing.keys() - known.keys()):
            began = firing[subject].began_at
            self._away.append(Away(subject, minute if began is None else minute_at(began)))

    def _places(self, subject: Subject) -> Numbers:
        """Where a language is counted, or all those of a service."""
        places = self._traffic.places
        if subject.language != ALL:
            return np.array([places[subject]] if subject in places else [], np.int64)
        return np.array([place for known, place in places.items() if known[:2] == subject[:2]], np.int64)
