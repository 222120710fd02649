"""The trailing and the fixed baseline at work: every language at every scale, whatever was deployed."""

from collections import defaultdict
from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from typing import Final, get_args

import numpy as np

from agent.alerting.daily import REFERENCE_WINDOWS
from agent.alerting.fall import DECISIVE_SHARE, Signal
from agent.alerting.finding import Subject
from agent.alerting.frozen import Frozen, merged
from agent.alerting.grid import Grid, Series
from agent.alerting.intake import Collections, Counted, Intake
from agent.alerting.judging import Asking, Hit, Judged, Sounded, asked, figures_of, judge, within
from agent.alerting.labelling import Labelling, moved
from agent.alerting.ladder import Ladder, Track
from agent.alerting.looked import Looked
from agent.alerting.measured import Measured, chosen
from agent.alerting.measures import Quality
from agent.alerting.minutes import DAY
from agent.alerting.reference import Reference, References
from agent.alerting.rule import LABELS, MEASURES, DropRule, Measure
from agent.alerting.statistics import Baseline, Figures, Wobbles
from agent.alerting.sums import Minute
from agent.alerting.triage.fleet import WINDOWS, Look, Looks
from agent.alerting.triage.since import Series as Since
from agent.alerting.triage.since import least_fall
from agent.alerting.units import units
from agent.alerting.usual import baseline, frozen
from agent.alerting.view import View, views

CORROBORATES: Final = (0.015, 3.0)  # so many points and standard errors fewer queries with results
Cell = tuple[int, int, int]  # track, window and minute of what was looked at
ALL_MEASURES: Final[tuple[Measure, ...]] = get_args(Measure)


class Soundings:
    """Takes rows, looks at a stretch of minutes of one day at once, and says which languages are in breach at each of them."""

    def __init__(self, rules: Sequence[DropRule], quality: Quality, references: Iterable[Reference] = ()) -> None:
        widest = max((window for rule in rules for window in rule.windows), default=DAY)
        self.grid = Grid(ring_days=1 - (-max(widest, REFERENCE_WINDOWS[-1]) // DAY))
        self._quality = quality
        self._views = views(rules, self.grid)
        self.references = References(references, quality)
        self._intake = Intake(rules, quality, self.grid, {name: view.ladder for name, view in self._views.items()})
        self.not_comparable: dict[Subject, str] = {}
        self._sounded: list[Sounded] = []
        self._due: dict[int, dict[Subject, list[Hit]]] = {}
        self._trailing: dict[Collections, Looked] = {}
        self._day, self._outdated = -1, False
        self._begun: dict[Measure, int] = {}

    def take(self, rows: Iterable[Minute]) -> list[Counted]:
        """Count rows of any minutes."""
        return self._intake.take(rows)

    def turn(self, minute: int) -> list[Reference]:
        """Begin the day of this minute; returns the references that are complete with it."""
        if minute // DAY == self._day:
            return []
        self._day = minute // DAY
        self.grid.turn(self._day)
        return self.references.learn(self.grid, self._day)

    def leave_out(self, subject: Subject, first: int, end: int) -> None:
        """The minutes [first, end) of a language are in no baseline."""
        if rows := self._intake.rows.get(subject):
            self.grid.leave_out(rows, max(first, 0), end)
            self._outdated = True

    def take_back(self, subject: Subject) -> None:
        """Nothing of a language is left out of its baselines any more but what was read otherwise."""
        rows = self._intake.rows.get(subject, [])
        self.grid.take_back(rows)
        for row in rows:
            self.grid.leave_out([row], 0, self._begun.get(self._intake.series[row].measure, 0))
        self._outdated = True

    def refresh(self) -> None:
        """Measure anew what is usual where something was left out of it: once a minute, however many languages fell in it."""
        if self._outdated:
            for view in self._views.values():
                view.ladder.forget_today()
        self._outdated = False

    def series_of(self, subject: Subject) -> list[Series]:
        """The series of a language."""
        return [self._intake.series[row] for row in self._intake.rows.get(subject, ())]

    @property
    def languages(self) -> Collection[Subject]:
        """Every language that was counted."""
        return self._intake.rows.keys()

    def look(self, first: int, last: int, floors: Mapping[Subject, int]) -> None:
        """Find what is in breach at each of the minutes first..last; no window reaches back before its language's floor."""
        self._sounded, self._due = [], {}
        self.refresh()
        for name, view in self._views.items():
            view.ladder.roll(first // DAY)
            if not view.ladder.tracks or not view.needs_ladder:
                continue
            self._trailing[name] = view.ladder.look(first, last)
            for judged in self._judged(name, view, first, last):
                self._note(view.ladder, judged, floors)

    def _judged(self, name: Collections, view: View, first: int, last: int) -> Iterator[Judged]:
        ladder, looked = view.ladder, self._trailing[name]
        days, unit, told = ladder.days(), units(ladder.means(), self._quality), ladder.in_points()
        tracks = list(ladder.tracks)[: len(days)]

        def asking(rule: DropRule, *, trailing: bool) -> Asking:
            one = asked(rule, ladder.tracks, days, trailing=trailing, unit=unit)
            return one._replace(counts=one.counts & told)

        for rule in view.rules:
            if "trailing" in rule.baselines:
                yield judge(asking(rule, trailing=True), "trailing", looked, tracks)
        if any("reference" in rule.baselines for rule in view.rules):
            fixed = ladder.look_back(first, last, *self.references.arrays(self._intake.series, ladder.rows))
            for rule in view.rules:
                if "reference" in rule.baselines:
                    yield judge(asking(rule, trailing=False), "reference", fixed, tracks)

    def _note(self, ladder: Ladder, judged: Judged, floors: Mapping[Subject, int]) -> None:
        tracks, days = list(ladder.tracks), ladder.days()
        lowest = [max(floors.get(track.subject, 0), self._begun.get(track.measure, 0)) for track in tracks[: len(days)]]
        judged = within(judged, np.array(lowest))
        self._sounded.append(Sounded(judged, tracks, days, np.asarray(judged.breach.any((0, 1)))))

    def _hits(self, minute: int) -> dict[Subject, list[Hit]]:
        """Worked out when it is asked for: in an outage every minute changes what is usual, and the rest of the day is looked at anew."""
        if minute not in self._due:
            self._due[minute] = {}
            for hit in (hit for sounded in self._sounded for hit in sounded.hits(minute)):
                self._due[minute].setdefault(hit.track.subject, []).append(hit)
        return self._due[minute]

    def subjects(self, minute: int) -> Iterable[Subject]:
        """The languages in breach at the end of this minute."""
        return self._hits(minute)

    def signals(self, subject: Subject, minute: int) -> list[Signal]:
        """What is in breach of one language, without scores on which labels decide at the same scale, and labels of other queries."""
        hits_ = [hit.signal(minute) for hit in self._hits(minute).get(subject, ())]
        found = [
            one for one in hits_ if one.measure != LABELS or not self._labels_moved(subject, one.figures.scale_minutes, minute)
        ]
        fell = {signal.figures.scale_minutes for signal in found if signal.measure == LABELS}
        return [
            signal
            for signal in found
            if signal.measure == LABELS or signal.figures.scale_minutes in fell or not self._outweighed(subject, signal, minute)
        ]

    def _outweighed(self, subject: Subject, signal: Signal, minute: int) -> bool:
        """Whether labels refute a score, or will decide nearly as soon as scores, as most queries have one."""
        if LABELS not in signal.rule.measures:
            return False
        least, most = signal.limits.min_events, DECISIVE_SHARE * signal.figures.n
        if self._labels_moved(subject, signal.figures.scale_minutes, minute):
            return False
        return any(
            (labels.n >= least and labels.upper95 < signal.limits.threshold) or (labels.n_baseline >= least and labels.n >= most)
            for labels in self._at(subject, LABELS, signal.figures.scale_minutes, minute)
        )

    def _labels_moved(self, subject: Subject, scale: int, minute: int) -> str:
        """Why the labels of this window are not compared; it is kept, to be said once."""
        labels, queries = (next(self._at(subject, name, scale, minute), None) for name in (LABELS, "has_results"))
        if labels is None or queries is None:
            return ""
        reason = moved(Labelling(labels.n, queries.n), Labelling(labels.n_baseline, queries.n_baseline))
        if reason:
            self.not_comparable[subject] = reason
        return reason

    def corroborated(self, subject: Subject, scale: int, minute: int) -> bool:
        """Whether clearly fewer queries of so many minutes have any results, too."""
        points, z = CORROBORATES
        return any(f.drop >= points and f.z >= z for f in self._at(subject, "has_results", scale, minute))

    def _at(self, subject: Subject, measure: str, scale: int, minute: int) -> Iterator[Figures]:
        """The trailing figures of one measure of a language at a scale, where there are any."""
        for name, looked in self._trailing.items():
            ladder = self._views[name].ladder
            for track in ladder.tracks_of(subject):
                row = ladder.tracks[track]
                if track.measure == measure and row < len(looked.n) and scale in looked.windows:
                    cell = row, looked.windows.index(scale), minute - looked.first
                    if looked.n[cell] > 0 and looked.n_baseline[cell] > 0:
                        yield figures_of(looked, *cell)

    def _ladder_of(self, track: Track) -> Ladder | None:
        """The first ladder that looks at a track, with what was measured on the day that has begun."""
        found = next((view.ladder for view in self._views.values() if track in view.ladder.tracks), None)
        if found is not None:
            found.roll(self._day)
        return found

    def wobbles(self, subject: Subject, measure: Measure, scale: tuple[str, str]) -> Wobbles:
        """How much a track wobbles, as measured on the day that has begun; the first ladder that looks at it tells."""
        track = Track(subject, measure, scale)
        ladder = self._ladder_of(track)
        return Wobbles() if ladder is None else ladder.wobbles(track)

    def baseline(self, series: Series, last: int, since: int) -> Baseline | None:
        """What was usual in one collection up to the day `last`; of the days since a change where they are enough."""
        row = self.grid.rows.get(series)
        return None if row is None else baseline(self.grid, row, last, since)

    def forget_before(self, minute: int, measures: Sequence[Measure]) -> None:
        """Nothing is compared with what came before this minute, of all measures or of these; no window reaches back."""
        self._begun |= {measure: max(minute, self._begun.get(measure, 0)) for measure in measures or ALL_MEASURES}
        rows = [row for row, series in self._intake.series.items() if not measures or series.measure in measures]
        self.grid.leave_out(rows, 0, minute)
        self.references.begin_anew([self._intake.series[row] for row in rows], minute // DAY + 1)

    def looks(self, place: tuple[str, str], minute: int, firing: Container[str]) -> Looks:
        """The short windows of all languages of a service, by the measure and score scale of most queries."""
        queries = defaultdict[object, float](float)
        cells = self._short(place, minute)
        for (track, _), (looked, cell) in cells.items():
            queries[track[1:]] += looked.n.item(cell)
        best, found = max(queries, key=queries.__getitem__, default=None), defaultdict[int, list[Look]](list)
        for (track, window), (looked, cell) in cells.items():
            if track[1:] == best:
                figures, language = figures_of(looked, *cell), track.subject.language
                found[window].append(Look(language, figures.n, figures.drop, figures.se**2, language in firing))
        return {window: found[window] for window in WINDOWS}

    def _short(self, place: tuple[str, str], minute: int) -> dict[tuple[Track, int], tuple[Looked, Cell]]:
        """The short windows of a service's tracks that end with a minute and can be compared."""
        found: dict[tuple[Track, int], tuple[Looked, Cell]] = {}
        for name, looked in self._trailing.items():
            windows = [(window, looked.windows.index(window)) for window in WINDOWS if window in looked.windows]
            at = minute - looked.first
            there = (looked.n[:, :, at] > 0) & (looked.n_baseline[:, :, at] > 0)
            for track, row in self._views[name].ladder.tracks.items():
                if track.subject[:2] == place and row < len(looked.n) and track.measure in MEASURES:
                    found |= {(track, window): (looked, (row, n, at)) for window, n in windows if there[row, n]}
        return found

    def measured(self, minute: int) -> list[Measured]:
        """What each language measures at the end of this minute, the largest first."""
        return chosen(
            (track, looked, row, minute - looked.first)
            for name, looked in self._trailing.items()
            for track, row in self._views[name].ladder.tracks.items()
            if row < len(looked.n)
        )

    def minutes(self, subject: Subject, signal: Signal, first: int, last: int) -> Since | None:
        """What each minute said of the measure of a signal, and what would have been usual; None where nothing is known."""
        track = Track(subject, signal.measure, signal.scale)
        ladder = self._ladder_of(track)
        found = None if ladder is None else ladder.minutes_of(track)
        if found is None:
            return None
        first = max(first, self.grid.origin)
        n, total, expected = (cells[first - self.grid.origin : last - self.grid.origin + 1] for cells in found)
        parts = signal.figures.parts
        variance = None if parts is None or signal.measure != "similarity_mean" else parts.variance_baseline
        phi = 1.0 if parts is None else parts.noise.phi
        return Since(first, n, total, expected, phi, variance, least_fall(signal.limits.threshold, signal.figures.drop))

    def tracks(self, subject: Subject) -> list[Track]:
        """Everything that is judged of a language."""
        return list(dict.fromkeys(track for view in self._views.values() for track in view.ladder.tracks_of(subject)))

    def freeze(self, track: Track, *, fixed: bool = False) -> Frozen | None:
        """What a track is measured against until it has recovered: what is usual, or with `fixed` its references."""
        ladder = self._ladder_of(track)
        if ladder is None:
            return None
        found = {row: base for row, today, at in ladder.usual_of(track) if (base := frozen(today, at))}
        if not found:
            return None
        series = self._intake.series
        known = self.references.of([series[row] for row in found]) if fixed else {}
        rates = {series[row].stream.where.collection: known.get(series[row], base.rates) for row, base in found.items()}
        return Frozen(merged(list(found.values())), rates, ladder.wobbles(track))
