"""The low rule at work: languages whose best scores look like those of unrelated text, whatever was deployed."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from agent.alerting.condition import LOW_QUERIES, Breach, Limit, Verdict, low, low_limit, score_at_position, surely_not_low
from agent.alerting.finding import Loudness, Subject, draft
from agent.alerting.incident import Confirmed, Evidence, Incident
from agent.alerting.lifecycle import Observation, Pace, Standing
from agent.alerting.measures import Quality
from agent.alerting.minutes import start_of
from agent.alerting.rule import NO_LANGUAGE, LowRule
from agent.alerting.statistics import Figures, rank_position
from agent.alerting.summary import low_text, not_low_text
from agent.alerting.sums import Minute
from agent.records import WindowKey

SMALLEST_MINUTES = 15
WINDOWS = 3  # in a row: low to fire, surely not low to resolve
KINDS = ("cosine", "unknown")  # others have no floor that could be compared
LARGEST_LANGUAGES = 3  # the reference where none is configured

Histogram = dict[int, int]


class Scale(NamedTuple):
    """Whose scores are compared with each other."""

    service: str
    environment: str
    embedding_model: str
    score_kind: str


class Stream(NamedTuple):
    """Whose queries fill one window after another."""

    scale: Scale
    language: str


class Window:
    """Queries until there are 30 of them and 15 minutes are over."""

    def __init__(self, first: int) -> None:
        self.first = first
        self.histogram: Histogram = {}
        self.n = 0

    def add(self, row: Minute) -> None:
        """Count a minute."""
        self.n += row.scored
        merge(self.histogram, row.score_hist)

    def due(self, minute: int) -> bool:
        """Whether it is full at the end of this minute."""
        return self.n >= LOW_QUERIES and minute - self.first + 1 >= SMALLEST_MINUTES


class Run:
    """Consecutive low windows of one stream."""

    def __init__(self) -> None:
        self.length = self.began = 0
        self.windows: list[Window] = []

    def add(self, window: Window) -> None:
        """One more; the figures are those of the last three."""
        self.length += 1
        self.windows = [*self.windows, window][-WINDOWS:]
        self.began = window.first if self.length == 1 else self.began

    def histogram(self) -> Histogram:
        """The scores of the windows together."""
        total: Histogram = {}
        for window in self.windows:
            merge(total, window.histogram)
        return total


class LowSpell(Struct, frozen=True):
    """A run of low windows, as an incident tells it."""

    subject: Subject
    rule: LowRule
    embedding_model: str
    began: int
    figures: Figures
    limit: Limit
    floor: float

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The one measure that the rule reads."""
        return (Evidence(self.rule.name, "similarity_mean", self.figures.drop, self.figures.z, self.figures.n),)

    @property
    def confirmed(self) -> Confirmed:
        """Scores alone confirm nothing."""
        return "unconfirmed"

    def incident(self) -> Incident:
        """The incident as it would read now, pending."""
        why = Loudness("low_resource", self.confirmed, self.figures.drop, 0.0)
        return replace(
            draft(self.subject, self.rule, why, self.evidence, self.figures),
            began_at=start_of(self.began),
            embedding_model=self.embedding_model or None,
            summary=low_text(self.subject.language, self.figures, self.limit.limit, self.floor, self.limit.languages),
        )


class Levels:
    """Fills windows and judges each one as it closes; without a floor there is nothing to judge by."""

    def __init__(self, rule: LowRule, quality: Quality) -> None:
        self._rule, self._quality = rule, quality
        self._seen: dict[Scale, dict[str, Histogram]] = {}
        self._open: dict[Stream, Window] = {}
        self._runs: dict[Stream, Run] = {}
        self._streams: dict[WindowKey, Stream | None] = {}

    def add(self, rows: Sequence[Minute]) -> None:
        """Count the rows of a minute."""
        for row in rows:
            stream = self._stream(row.key) if row.scored else None
            if stream is not None:
                if stream not in self._open:
                    self._open[stream] = Window(row.minute)
                self._open[stream].add(row)

    def skip(self, minute: int) -> None:
        """Close windows of the past: their runs count, but nothing is said."""
        for _ in self.observations(minute, {}):
            pass

    def observations(self, minute: int, standings: Mapping[Subject, Standing]) -> Iterator[tuple[Subject, Observation, Pace]]:
        """What the windows say that close with this minute; those of the reference are counted first."""
        due = {stream: self._open.pop(stream) for stream in [stream for stream, window in self._open.items() if window.due(minute)]}
        for stream, window in due.items():
            merge(self._seen.setdefault(stream.scale, {}).setdefault(stream.language, {}), window.histogram)
        for stream, window in due.items():
            limit = self._limit(stream.scale)
            if limit is None or stream.language in limit.languages or not self._judges(stream.language):
                continue
            subject = Subject(stream.scale.service, stream.scale.environment, stream.language, "level")
            seen = self._judge(subject, stream, window, limit, minute)
            if not _of_another_model(standings.get(subject), stream):
                yield subject, seen, Pace(WINDOWS, WINDOWS)

    def _judge(self, subject: Subject, stream: Stream, window: Window, limit: Limit, minute: int) -> Observation:
        verdict = self._verdict(stream, window.histogram, limit, minute - window.first + 1)
        if not isinstance(verdict, Breach):
            self._runs.pop(stream, None)
            text = not_low_text(subject.language, verdict.figures, limit.limit) if surely_not_low(verdict) else ""
            return Observation(recovered=text)
        run = self._runs.setdefault(stream, Run())
        run.add(window)
        together = self._verdict(stream, run.histogram(), limit, minute - run.windows[0].first + 1)
        assert isinstance(together.figures, Figures)
        spell = LowSpell(subject, self._rule, stream.scale.embedding_model, run.began, together.figures, limit, self._floor)
        return Observation(spell, in_a_row=run.length)

    @property
    def _floor(self) -> float:
        assert self._quality.floor is not None
        return self._quality.floor

    def _verdict(self, stream: Stream, histogram: Histogram, limit: Limit, minutes: int) -> Verdict:
        return low(histogram, stream.scale.score_kind, limit, minutes)

    def _limit(self, scale: Scale) -> Limit | None:
        """The limit from all that was seen of the reference languages; None while that is too little."""
        languages = self._quality.reference or self._largest(scale)
        pooled: Histogram = {}
        for language in languages:
            merge(pooled, self._seen.get(scale, {}).get(language, {}))
        queries = sum(pooled.values())
        if queries < LOW_QUERIES:
            return None
        median = score_at_position(rank_position(pooled, 0.5), scale.score_kind)
        limit = low_limit(self._floor, median)
        return None if limit is None else Limit(limit, median, queries, languages)

    def _largest(self, scale: Scale) -> tuple[str, ...]:
        sizes = {
            language: sum(seen.values()) for language, seen in self._seen.get(scale, {}).items() if language not in NO_LANGUAGE
        }
        return tuple(sorted(sizes, key=lambda language: (-sizes[language], language))[:LARGEST_LANGUAGES])

    def _stream(self, key: WindowKey) -> Stream | None:
        """Where a window key is counted; None where it is neither judged nor reference."""
        if key not in self._streams:
            counted = self._quality.floor is not None and key.score_kind in KINDS and self._counts(key)
            scale = Scale(key.service, key.environment, key.embedding_model, key.score_kind)
            self._streams[key] = Stream(scale, key.language) if counted else None
        return self._streams[key]

    def _counts(self, key: WindowKey) -> bool:
        elsewhere = all(condition.holds(key) for condition in self._rule.where if condition.field != "language")
        reference = self._quality.reference
        return elsewhere and (
            self._judges(key.language) or (key.language in reference if reference else key.language not in NO_LANGUAGE)
        )

    def _judges(self, language: str) -> bool:
        return all(condition.admits(language) for condition in self._rule.where if condition.field == "language")


def merge(into: Histogram, other: Mapping[int, int]) -> None:
    """Add one histogram to another."""
    for bin_, count in other.items():
        into[bin_] = into.get(bin_, 0) + count


def _of_another_model(standing: Standing | None, stream: Stream) -> bool:
    """Whether a pending incident is another model's: its windows in a row are not to be mixed with these."""
    if standing is None or standing.incident.state != "pending":
        return False
    return (standing.incident.embedding_model or "") != stream.scale.embedding_model
