"""How a minute reads as measures in 0..1: labels, the score proxy, the mean score."""

from collections.abc import Container, Iterator, Mapping
from typing import Final, Literal, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from agent.aggregate.histogram import at_or_above, first_bin_at
from agent.alerting.rule import LABELS, Measure
from agent.alerting.statistics import MICRO, Sums
from agent.alerting.sums import Minute
from agent.language.codes import UNDETERMINED
from agent.records import WindowKey

HIGHER_IS_BETTER = ("cosine", "dot", "rerank", "rrf", "bm25", "unknown")
MEAN_KINDS = ("cosine", "dot", "unknown")


AUTO: Final = "auto"
Scale = tuple[str, str]
"""Embedding model and score kind: what scores can be compared within."""
Setting = float | Literal["auto"] | None


class Thresholds(Struct, frozen=True):
    """From which best score on a query counts as a hit; None: no threshold. The most specific setting wins.

    Where that is `auto`, what was `learned` of the model and score kind counts, once it is.
    """

    default: Setting = None
    models: Mapping[str, Setting] = {}
    collections: Mapping[str, Setting] = {}
    languages: Mapping[str, Setting] = {}
    learned: Mapping[Scale, float] = {}

    def of(self, key: WindowKey) -> float | None:
        """The threshold of a window."""
        setting = self._setting(key)
        return self.learned.get((key.embedding_model, key.score_kind)) if setting == AUTO else setting

    def is_provisional(self, key: WindowKey) -> bool:
        """Whether nobody has set the threshold of a window."""
        return self._setting(key) == AUTO

    def _setting(self, key: WindowKey) -> Setting:
        """By language, else by collection, else by model, else the default."""
        for named, name in (
            (self.languages, key.language),
            (self.collections, key.collection),
            (self.models, key.embedding_model),
        ):
            if name in named:
                return named[name]
        return self.default

    def may_be_auto(self, model: str) -> bool:
        """Whether a window of this model may have no other threshold than a learned one."""
        others = (*self.collections.values(), *self.languages.values())
        return AUTO in (self.models.get(model, self.default), *others)

    @property
    def may_learn(self) -> bool:
        """Whether anything is `auto`."""
        return AUTO in (self.default, *self.models.values(), *self.collections.values(), *self.languages.values())


class Quality(Struct, frozen=True):
    """How quality is read: recall at k, hits at a threshold, similarities against floor and reference.

    `floor` is the median best score of unrelated queries (None: not set), `floors` what probes measured of embedding models;
    without `reference` languages the three with most queries are taken. A translation whose quality is below
    `translation_low`, a multiple of .01, is of low confidence.
    """

    k: int = 10
    hit_threshold: Thresholds = Thresholds()
    floor: float | None = None
    reference: tuple[str, ...] = ()
    floors: Mapping[str, float] = {}
    translation_low: float = 0.7

    def floor_of(self, model: str) -> float | None:
        """What unrelated text scores on a model: as it is set, else as a probe measured it."""
        return self.floors.get(model) if self.floor is None else self.floor

    def with_floors(self, floors: Mapping[str, float]) -> "Quality":
        """The same with floors that were measured."""
        return replace(self, floors=floors)

    def with_learned(self, learned: Mapping[Scale, float]) -> "Quality":
        """The same with thresholds that were learned besides."""
        thresholds = self.hit_threshold
        return replace(self, hit_threshold=replace(thresholds, learned={**thresholds.learned, **learned}))


class Reading(NamedTuple):
    """The values of one measure. Scores are compared within one (model, score kind) only; `scale` is that, empty for labels."""

    measure: Measure
    scale: Scale
    sums: Sums


NO_SCALE = ("", "")


def first_hit_bin(key: WindowKey, quality: Quality) -> int | None:
    """The first histogram bin that counts as a hit; None where there is no threshold, or a higher score is not better."""
    threshold = quality.hit_threshold.of(key)
    return None if threshold is None or key.score_kind not in HIGHER_IS_BETTER else first_bin_at(threshold, key.score_kind)


def readings(row: Minute, hit_bin: int | None) -> Iterator[Reading]:
    """What a minute says of each measure; a measure without values is left out."""
    key = row.key
    if row.labelled:
        yield Reading(LABELS, NO_SCALE, Sums(row.labelled, row.recall_sum, row.recall_sq))
    answered = row.told
    if answered and hit_bin is not None:
        hits = at_or_above(row.score_hist, hit_bin) * MICRO
        yield Reading("hit_rate", (key.embedding_model, key.score_kind), Sums(answered, hits, hits))
    if answered:
        found = (answered - row.zero_results) * MICRO
        yield Reading("has_results", NO_SCALE, Sums(answered, found, found))
    if row.scored and key.score_kind in MEAN_KINDS:
        yield Reading("similarity_mean", (key.embedding_model, key.score_kind), Sums(row.scored, row.score_sum, row.score_sq))


def shares(row: Minute, wanted: Container[Measure]) -> Iterator[Reading]:
    """The shares that rules ask for, each as 1 where all is well; of translations the mean quality."""
    goods: dict[Measure, tuple[int, int]] = {
        "mixed": (row.events, row.events - row.mixed),
        "fallback": (sum(row.routes.values()), sum(row.routes.values()) - row.routes.get("fallback", 0)),
        "other_language": (row.answered, row.answered - row.answered_otherwise),
    }
    for name, (n, good) in goods.items():
        if n and name in wanted:
            yield Reading(name, NO_SCALE, Sums(n, good * MICRO, good * MICRO))
    if row.translated and "low_translation" in wanted:
        yield Reading("low_translation", NO_SCALE, Sums(row.translated, row.translation_sum, row.translation_sum))


def known_language(row: Minute) -> Reading:
    """How many of the queries have a language."""
    known = 0 if row.key.language == UNDETERMINED else row.events * MICRO
    return Reading("und", NO_SCALE, Sums(row.events, known, known))
