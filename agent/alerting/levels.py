"""The low rule at work: languages whose best scores look like those of unrelated text, whatever was deployed."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from msgspec import Struct, convert
from msgspec.structs import replace

from agent.alerting.binomial import FEWEST
from agent.alerting.condition import (
    LOW_QUERIES,
    Breach,
    Limit,
    Verdict,
    low,
    low_limit,
    score_at_position,
    surely_low,
    surely_not_low,
)
from agent.alerting.finding import Loudness, Subject, draft
from agent.alerting.gap import Word, confirmed_by
from agent.alerting.gaps import Gaps
from agent.alerting.incident import Confirmed, Evidence, Incident
from agent.alerting.lifecycle import Observation, Pace, Standing
from agent.alerting.measures import Quality
from agent.alerting.minutes import start_of
from agent.alerting.recent import Recent
from agent.alerting.rule import LowRule
from agent.alerting.runs import WINDOWS, Run, Speaker, Window, counts, is_heard, judges, largest, state_of
from agent.alerting.statistics import Figures, rank_position
from agent.alerting.summary import RARE, labels_refute_text, low_text, not_low_text
from agent.alerting.sums import Minute
from agent.records import WindowKey

KINDS = ("cosine", "unknown")  # others have no floor that could be compared


class Scale(NamedTuple):
    """Whose scores are compared with each other."""

    service: str
    environment: str
    embedding_model: str
    score_kind: str


class Stream(NamedTuple):
    """Whose queries fill one window after another: a language, or all rare ones together (`rare`)."""

    scale: Scale
    language: str


class LevelsState(Struct, frozen=True):
    """What history does not tell: windows that are open and runs that go on."""

    open: list[tuple[Stream, Window]] = []
    runs: list[tuple[Stream, Run]] = []


class LowSpell(Struct, frozen=True):
    """A run of low windows, as an incident tells it; scores alone confirm nothing."""

    subject: Subject
    rule: LowRule
    embedding_model: str
    began: int
    figures: Figures
    limit: Limit
    floor: float
    confirmed: Confirmed

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The one measure that the rule reads."""
        return (Evidence(self.rule.name, "similarity_mean", self.figures.drop, self.figures.z, self.figures.n),)

    def incident(self) -> Incident:
        """The incident as it would read now, pending."""
        why = Loudness("low_resource", self.confirmed, self.figures.drop, 0.0)
        return replace(
            draft(self.subject, self.rule, why, self.evidence, self.figures),
            began_at=start_of(self.began),
            embedding_model=self.embedding_model or None,
            summary=low_text(self.subject.language, self.figures, self.limit, self.floor, self.confirmed),
        )


class Levels:
    """Fills windows and judges each one as it closes; without a floor there is nothing to judge by."""

    def __init__(self, rule: LowRule, quality: Quality, labels: Sequence[Gaps] = ()) -> None:
        """`labels`: who knows what the labels of a language say; they decide where they do."""
        self._rule, self._quality, self._labels = rule, quality, labels
        self._recent: dict[Scale, Recent] = {}
        self._open: dict[Stream, Window] = {}
        self._runs: dict[Stream, Run] = {}
        self._streams: dict[WindowKey, Stream | None] = {}
        self._limits: dict[Scale, Limit | None] = {}  # of this minute

    def add(self, rows: Sequence[Minute]) -> None:
        """Count the rows of a minute: all of them before a language is rare or is not, so that their order does not matter."""
        self._limits.clear()
        counted = [(stream, row) for row in rows if row.scored and (stream := self._stream(row.key)) is not None]
        for stream, row in counted:
            self._recent.setdefault(stream.scale, Recent()).add(row.minute, stream.language, row.scored, row.score_hist)
        for stream, row in counted:
            self._count(stream, row)

    def skip(self, minute: int) -> None:
        """Close windows of the past: their runs count, but nothing is said."""
        for _ in self.observations(minute, {}):
            pass

    def observations(self, minute: int, standings: Mapping[Subject, Standing]) -> Iterator[tuple[Subject, Observation, Pace]]:
        """What the windows say that close with this minute."""
        for stream in sorted(stream for stream, window in self._open.items() if self._is_full(stream, window, minute)):
            window, limit = self._open.pop(stream), self._limit(stream.scale)
            if limit is None or not self._judges(stream, limit):
                continue
            subject = Subject(stream.scale.service, stream.scale.environment, stream.language, "level")
            seen = self._judge(subject, stream, window, limit, minute)
            if is_heard(standings.get(subject), Speaker(self._rule.name, stream.scale.embedding_model), seen):
                yield subject, seen, Pace(WINDOWS, WINDOWS)

    def state(self) -> dict[str, Any]:
        """What `restore` needs besides history, as plain JSON."""
        return state_of(LevelsState(list(self._open.items()), list(self._runs.items())))

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take the place of another judge after the same history was added."""
        left = convert(state, LevelsState, str_keys=True)
        self._open, self._runs = dict(left.open), dict(left.runs)

    def _count(self, stream: Stream, row: Minute) -> None:
        self._fill(stream, row)
        if self._recent[stream.scale].is_rare(stream.language) and judges(self._rule, stream.language):
            self._fill(stream._replace(language=RARE), row)

    def _fill(self, stream: Stream, row: Minute) -> None:
        window = self._open.get(stream)
        if window is None:
            window = self._open[stream] = Window(first=row.minute)
        window.add(row.scored, row.score_hist)

    def _is_full(self, stream: Stream, window: Window, minute: int) -> bool:
        """Whether there are 30 queries, or fewer that already show it."""
        if not window.is_old(minute) or window.n >= LOW_QUERIES:
            return window.is_old(minute)
        limit = self._limit(stream.scale) if window.n >= FEWEST else None
        return limit is not None and surely_low(window.counts, stream.scale.score_kind, limit)

    def _judge(self, subject: Subject, stream: Stream, window: Window, limit: Limit, minute: int) -> Observation:
        verdict = _verdict(stream, window, limit, minute)
        if not isinstance(verdict, Breach):
            self._runs.pop(stream, None)
            return Observation(
                recovered=not_low_text(subject.language, verdict.figures, limit.limit) if surely_not_low(verdict) else ""
            )
        run = self._runs.setdefault(stream, Run())
        run.add(window)
        word = self._word(subject)
        confirmed = confirmed_by(word, minute)
        if word is not None and confirmed == "no":
            return Observation(refuted=labels_refute_text(subject.language, word.figures, self._quality.k))
        together = _verdict(stream, run.together(), limit, minute)
        shown = together if isinstance(together, Breach) else verdict  # the limit has moved since the first of them
        model = stream.scale.embedding_model
        spell = LowSpell(subject, self._rule, model, run.began, shown.figures, limit, self._floor(stream.scale), confirmed)
        return Observation(spell, in_a_row=run.length)

    def _word(self, subject: Subject) -> Word | None:
        """What labels said last, of all rules on them."""
        words = [word for gaps in self._labels if (word := gaps.word(subject)) is not None]
        return max(words, key=lambda word: word.last, default=None)

    def _floor(self, scale: Scale) -> float:
        floor = self._quality.floor_of(scale.embedding_model)
        assert floor is not None, "else nothing is counted"
        return floor

    def _limit(self, scale: Scale) -> Limit | None:
        if scale not in self._limits:
            self._limits[scale] = self._reckoned(scale)
        return self._limits[scale]

    def _reckoned(self, scale: Scale) -> Limit | None:
        """The limit from what was seen lately of the reference languages; None while that is too little.

        A window may be open for longer than anything else on its scale is remembered.
        """
        recent = self._recent.get(scale)
        if recent is None:
            return None
        languages = self._quality.reference or largest(dict(recent.languages()))
        pooled = recent.of(*languages)
        if pooled.n < LOW_QUERIES:
            return None
        median = score_at_position(rank_position(pooled.counts, 0.5), scale.score_kind)
        limit = low_limit(self._floor(scale), median)
        return None if limit is None else Limit(limit, median, pooled.n, languages)

    def _judges(self, stream: Stream, limit: Limit) -> bool:
        """What it is measured by is not judged; neither is one rare language twice."""
        several = stream.language != RARE or self._recent[stream.scale].rare_languages() > 1
        return several and stream.language not in limit.languages and judges(self._rule, stream.language)

    def _stream(self, key: WindowKey) -> Stream | None:
        """Where a window key is counted; None where it is neither judged nor reference."""
        if key not in self._streams:
            known = self._quality.floor_of(key.embedding_model) is not None
            counted = known and key.score_kind in KINDS and counts(self._rule, self._quality, key)
            scale = Scale(key.service, key.environment, key.embedding_model, key.score_kind)
            self._streams[key] = Stream(scale, key.language) if counted else None
        return self._streams[key]


def _verdict(stream: Stream, window: Window, limit: Limit, minute: int) -> Verdict:
    return low(window.counts, stream.scale.score_kind, limit, window.minutes(minute))
