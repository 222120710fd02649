"""A fall injected into stored minutes."""

from typing import NamedTuple

from agent.aggregate.histogram import MICRO, score_at
from agent.alerting.measures import Quality, first_hit_bin
from agent.alerting.sums import Minute
from agent.records import WindowKey


class Drop(NamedTuple):
    """So much less (0..1) of a language's hits and labels, hits as they are read."""

    language: str
    drop: float
    quality: Quality


class Fault:
    """Takes a drop from the rows of one service, the same hits each time.

    What a minute owes is carried over until there is a whole hit to take. A hit that is taken scores just below the threshold
    then: mean scores hardly move, and tell nothing that hits would not.
    """

    def __init__(self, drop: Drop) -> None:
        self._drop = drop
        self._owed: dict[tuple[WindowKey, str], float] = {}

    def __call__(self, row: Minute) -> Minute:
        """The row as it would be."""
        return self._without_hits(self._without_recall(row)) if row.key.language == self._drop.language else row

    def _without_recall(self, row: Minute) -> Minute:
        left = row.recall_sum - self._take(row.key, "recall", row.labelled * MICRO, row.recall_sum)
        return row._replace(recall_sum=left, recall_sq=round(row.recall_sq * left / (row.recall_sum or 1)))

    def _without_hits(self, row: Minute) -> Minute:
        first = first_hit_bin(row.key, self._drop.quality)
        if first is None:
            return row
        hits = sum(count for bin_, count in row.score_hist.items() if bin_ >= first)
        return lowered(row, first, self._take(row.key, "hits", row.told, hits))

    def _take(self, key: WindowKey, what: str, of: int, there: int) -> int:
        owed = self._owed.get((key, what), 0.0) + self._drop.drop * of
        taken = min(int(owed), there)
        self._owed[key, what] = owed - taken
        return taken


def lowered(row: Minute, first: int, count: int) -> Minute:
    """So many hits, the lowest ones, moved to the bin below the first that counts as a hit."""
    histogram, total, squares = dict(row.score_hist), 0.0, 0.0
    kind, below = row.key.score_kind, first - 1
    for bin_ in sorted(bin_ for bin_ in row.score_hist if bin_ >= first):
        part = min(histogram[bin_], count)
        count -= part
        histogram[bin_] -= part
        histogram[below] = histogram.get(below, 0) + part
        total += part * (score_at(bin_, kind) - score_at(below, kind))
        squares += part * (score_at(bin_, kind) ** 2 - score_at(below, kind) ** 2)
    return row._replace(
        score_hist=histogram, score_sum=row.score_sum - round(total * MICRO), score_sq=row.score_sq - round(squares * MICRO)
    )


def shows(row: Minute, quality: Quality) -> bool:
    """Whether a fall can be injected here: the row has labels, or hits at a threshold."""
    return bool(row.labelled) or first_hit_bin(row.key, quality) is not None
