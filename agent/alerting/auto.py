"""The threshold `auto`: from which best score on a query is a hit, where nobody has said so. Pure: minutes in, thresholds out.

Of each embedding model and score kind the first 1,000 best scores of the reference languages are counted, whole minutes in
order; four fifths of them lie at or above the threshold. It is found once and stays.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Final

from msgspec import Struct

from agent.aggregate.histogram import quantile_bin, score_at
from agent.alerting.measures import HIGHER_IS_BETTER, Quality, Scale
from agent.alerting.minutes import start_of
from agent.alerting.runs import largest
from agent.alerting.sums import Minute
from agent.records import WindowKey

SCORES: Final = 1_000
BELOW: Final = 0.2  # of them lie below the threshold, or in its bin


class Learned(Struct, frozen=True):
    """A threshold that was found at the end of a minute. Provisional: no unrelated queries were asked where noise ends.

    `scores`: how many it was read from, of which languages; a probe's is not provisional, and read from no languages.
    """

    embedding_model: str
    score_kind: str
    threshold: float
    scores: int
    languages: tuple[str, ...]
    at: datetime
    provisional: bool = True

    @property
    def scale(self) -> Scale:
        """Whose threshold it is."""
        return self.embedding_model, self.score_kind


class Floor(Struct, frozen=True):
    """What a probe measured at this time: the median best score of unrelated queries on an embedding model's index."""

    embedding_model: str
    floor: float
    at: datetime


class Learner:
    """Counts best scores until there are enough of them; the same minutes give the same thresholds, however they are grouped."""

    def __init__(self, quality: Quality, end: int) -> None:
        """`end`: the minute up to which everything is counted; what `quality` knows by now is not learned again."""
        self.end = end
        self.learned: dict[Scale, Learned] = {}
        self._quality = quality
        self._seen: defaultdict[Scale, defaultdict[str, Counter[int]]] = defaultdict(lambda: defaultdict(Counter))
        self._sizes: defaultdict[Scale, Counter[str]] = defaultdict(Counter)

    def take(self, rows: Iterable[Minute], end: int) -> None:
        """Count minutes in order up to `end`, or up to the first one with which something is learned."""
        for minute, group in groupby(rows, key=attrgetter("minute")):
            for row in group:
                self.count(row.key, row.score_hist)
            if found := self.enough():
                self.end = minute + 1
                self.learned |= {scale: self._read(scale) for scale in found}
                return
        self.end = end

    def count(self, key: WindowKey, scores: Mapping[int, int]) -> None:
        """Add the best scores of a window, where they are wanted."""
        scale = key.embedding_model, key.score_kind
        if scores and self._wants(scale):
            self._seen[scale][key.language].update(scores)
            self._sizes[scale][key.language] += sum(scores.values())

    def _wants(self, scale: Scale) -> bool:
        thresholds, (model, kind) = self._quality.hit_threshold, scale
        new = scale not in thresholds.learned and scale not in self.learned
        return new and kind in HIGHER_IS_BETTER and thresholds.may_be_auto(model)

    def enough(self) -> list[Scale]:
        """The models and score kinds with enough scores for a threshold that is not learned yet."""
        return [
            scale
            for scale, sizes in self._sizes.items()
            if scale not in self.learned and sum(sizes[language] for language in self._languages(scale)) >= SCORES
        ]

    def _languages(self, scale: Scale) -> tuple[str, ...]:
        """Those of the settings, else the three with most scores so far."""
        return self._quality.reference or largest(self._sizes[scale])

    def _read(self, scale: Scale) -> Learned:
        languages = tuple(language for language in self._languages(scale) if language in self._seen[scale])
        scores: Counter[int] = sum((self._seen[scale][language] for language in languages), Counter())
        bin_ = quantile_bin(scores, BELOW)
        assert bin_ is not None, "there are scores"
        return Learned(*scale, score_at(bin_, scale[1]), scores.total(), languages, start_of(self.end))
