"""How the best scores of one language lie, against the noise floor and the hit threshold: pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from agent.aggregate.histogram import Histogram, at_or_above, first_bin_at, score_at
from agent.aggregate.measures import merged
from agent.alerting.levels import KINDS
from agent.alerting.measures import HIGHER_IS_BETTER, Quality, Scale
from agent.charts.histogram import Bar, Line, coarse
from agent.report.pages.trends import LARGEST
from agent.store.base import Total


class Scores(NamedTuple):
    """The best scores of `n` queries on one embedding model and score kind.

    `floor` is what unrelated text scores, `below` the share (0..1) of queries under it; None where no floor is known, or the
    kind of score has none. `thresholds`: from where on a score is a hit, `reached` the share of scores that are.
    """

    model: str
    kind: str
    n: int
    bars: Sequence[Bar]
    floor: float | None
    below: float | None
    thresholds: Sequence[float]
    reached: float | None

    @property
    def lines(self) -> list[Line]:
        """What is drawn into it."""
        floor = [] if self.floor is None else [Line(self.floor, "noise floor", "floor")]
        return floor + [Line(one, "hit threshold", "threshold") for one in self.thresholds]


def scores(totals: Iterable[Total], quality: Quality) -> list[Scores]:
    """One for each embedding model and score kind, that with most queries first."""
    groups: defaultdict[Scale, list[Total]] = defaultdict(list)
    for one in totals:
        if one.measures.score_hist:
            groups[one.key.embedding_model, one.key.score_kind].append(one)
    found = [_one(scale, own, quality) for scale, own in sorted(groups.items())]
    return sorted(found, key=lambda each: -each.n)[:LARGEST]


def _one(scale: Scale, own: Sequence[Total], quality: Quality) -> Scores:
    model, kind = scale
    counts = merged([one.measures for one in own]).score_hist
    n = sum(counts.values())
    floor = quality.floor_of(model) if kind in KINDS else None
    below = None if floor is None or not n else 1 - at_or_above(counts, first_bin_at(floor, kind)) / n
    return Scores(model, kind, n, _bars(counts, kind), floor, below, *_thresholds(own, kind, quality))


def _bars(counts: Histogram, kind: str) -> list[Bar]:
    """Bins in units of the score; those of scores without bounds are wider the higher the score."""
    return [Bar(score_at(int(bar.low), kind), score_at(int(bar.high), kind), bar.events) for bar in coarse(counts, 1.0)]


def _thresholds(own: Sequence[Total], kind: str, quality: Quality) -> tuple[list[float], float | None]:
    """Each threshold of these windows, and the share of scores that reach theirs; of kinds that have none nothing."""
    limits = [quality.hit_threshold.of(one.key) for one in own]
    known = [limit for limit in limits if limit is not None]
    if kind not in HIGHER_IS_BETTER or not known:
        return [], None
    hits = sum(
        at_or_above(one.measures.score_hist, first_bin_at(limit, kind))
        for one, limit in zip(own, limits, strict=True)
        if limit is not None
    )
    scored = sum(sum(one.measures.score_hist.values()) for one in own)
    return sorted(set(known)), hits / scored if len(known) == len(own) and scored else None
