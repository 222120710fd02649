"""The gap rule at work: languages whose labels lie far below those of the service's large languages, whatever was deployed."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from msgspec import Struct, convert
from msgspec.structs import replace

from agent.alerting.finding import Loudness, Subject, draft
from agent.alerting.gap import Labelled, Usual, Word, best_of, gap, says, usual
from agent.alerting.incident import Confirmed, Evidence, Incident
from agent.alerting.lifecycle import Observation, Pace, Standing
from agent.alerting.measures import Quality, readings
from agent.alerting.minutes import start_of
from agent.alerting.recent import Recent, Values
from agent.alerting.rule import LABELS, GapRule
from agent.alerting.runs import WINDOWS, Run, Speaker, Window, counts, is_heard, judges, nearly_largest, state_of
from agent.alerting.statistics import Figures
from agent.alerting.summary import gap_text, no_gap_text
from agent.alerting.sums import Minute
from agent.records import WindowKey

TOTAL = 0  # the one thing that is counted of each label: its value in millionths


class Place(NamedTuple):
    """Whose languages are compared with each other; labels have a common scale on any model."""

    service: str
    environment: str


class Stream(NamedTuple):
    """Whose labels fill one window after another."""

    place: Place
    language: str


class GapsState(Struct, frozen=True):
    """What history does not tell: windows that are open, runs that go on, what labels said last."""

    open: list[tuple[Stream, Window]] = []
    runs: list[tuple[Stream, Run]] = []
    words: list[tuple[Stream, Word]] = []


class GapSpell(Struct, frozen=True):
    """A run of windows far below the reference, as an incident tells it."""

    subject: Subject
    rule: GapRule
    k: int
    began: int
    figures: Figures
    languages: tuple[str, ...]

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The one measure that the rule reads."""
        return (Evidence(self.rule.name, LABELS, self.figures.drop, self.figures.z, self.figures.n),)

    @property
    def confirmed(self) -> Confirmed:
        """Labels are the thing itself."""
        return "yes"

    def incident(self) -> Incident:
        """The incident as it would read now, pending."""
        why = Loudness("low_resource", self.confirmed, self.figures.drop, 0.0)
        return replace(
            draft(self.subject, self.rule, why, self.evidence, self.figures),
            began_at=start_of(self.began),
            summary=gap_text(self.subject.language, self.figures, self.k, self.languages),
        )


class Gaps:
    """Fills windows and judges each one as it closes."""

    def __init__(self, rule: GapRule, quality: Quality) -> None:
        self._rule, self._quality = rule, quality
        self._recent: dict[Place, Recent] = {}
        self._open: dict[Stream, Window] = {}
        self._runs: dict[Stream, Run] = {}
        self._words: dict[Stream, Word] = {}
        self._streams: dict[WindowKey, Stream | None] = {}

    def add(self, rows: Sequence[Minute]) -> None:
        """Count the rows of a minute."""
        for row in rows:
            stream = self._stream(row.key) if row.labelled else None
            if stream is not None:
                self._count(stream, row)

    def skip(self, minute: int) -> None:
        """Close windows of the past: their runs count, but nothing is said."""
        for _ in self.observations(minute, {}):
            pass

    def observations(self, minute: int, standings: Mapping[Subject, Standing]) -> Iterator[tuple[Subject, Observation, Pace]]:
        """What the windows say that close with this minute."""
        due = sorted(stream for stream, window in self._open.items() if self._due(window, minute))
        references = {place: self._usual(place) for place in {stream.place for stream in due}}
        for stream in due:
            window, reference = self._open.pop(stream), references[stream.place]
            if reference is None or reference.languages == (stream.language,) or not judges(self._rule, stream.language):
                continue
            subject = Subject(*stream.place, stream.language, "level")
            seen = self._judge(subject, stream, window, reference, minute)
            if is_heard(standings.get(subject), Speaker(self._rule.name), seen):
                yield subject, seen, Pace(WINDOWS, WINDOWS)

    def word(self, subject: Subject) -> Word | None:
        """What the labels of this language said last."""
        return self._words.get(Stream(Place(subject.service, subject.environment), subject.language))

    def state(self) -> dict[str, Any]:
        """What `restore` needs besides history, as plain JSON."""
        return state_of(GapsState(list(self._open.items()), list(self._runs.items()), list(self._words.items())))

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take the place of another judge after the same history was added."""
        left = convert(state, GapsState, str_keys=True)
        self._open, self._runs, self._words = dict(left.open), dict(left.runs), dict(left.words)

    def _count(self, stream: Stream, row: Minute) -> None:
        if stream not in self._open:
            self._open[stream] = Window(first=row.minute)
        recent = self._recent.setdefault(stream.place, Recent())
        for reading in readings(row, None):
            if reading.measure == LABELS:
                self._open[stream].add(reading.sums.n, {TOTAL: reading.sums.total})
                recent.add(row.minute, stream.language, reading.sums.n, {TOTAL: reading.sums.total})

    def _due(self, window: Window, minute: int) -> bool:
        return window.n >= self._rule.min_events and window.is_old(minute)

    def _judge(self, subject: Subject, stream: Stream, window: Window, reference: Usual, minute: int) -> Observation:
        now = _labelled(window)
        figures = gap(now, reference.labelled, window.minutes(minute))
        said = says(figures, self._rule.threshold)
        self._words[stream] = Word(said, now, reference.labelled, window.first, minute)
        if said != "far_below":
            self._runs.pop(stream, None)
            near = said == "near"
            return Observation(
                recovered=no_gap_text(stream.language, figures, self._quality.k, reference.languages) if near else ""
            )
        run = self._runs.setdefault(stream, Run())
        run.add(window)
        together = run.together()
        figures = gap(_labelled(together), reference.labelled, together.minutes(minute))
        return Observation(
            GapSpell(subject, self._rule, self._quality.k, run.began, figures, reference.languages), in_a_row=run.length
        )

    def _usual(self, place: Place) -> Usual | None:
        recent = self._recent.get(place)
        if recent is None:
            return None
        enough = {language: n for language, n in recent.languages() if n >= self._rule.min_events}
        known = {language: _labelled(recent.of(language)) for language in self._quality.reference or nearly_largest(enough)}
        return usual(known, self._quality.reference or best_of(known), self._rule.min_events)

    def _stream(self, key: WindowKey) -> Stream | None:
        """Where a window key is counted; None where it is neither judged nor reference."""
        if key not in self._streams:
            counted = counts(self._rule, self._quality, key)
            self._streams[key] = Stream(Place(key.service, key.environment), key.language) if counted else None
        return self._streams[key]


def _labelled(values: Values) -> Labelled:
    return Labelled(values.n, values.counts.get(TOTAL, 0))
