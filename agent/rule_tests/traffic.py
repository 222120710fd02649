"""Made-up traffic: rows as the store gives them back, reckoned without chance from what a test says of a language.

Whole numbers are spread by carrying: of .9 of 3 queries a minute 2, 3, 3, 2 … are hits, and of ten minutes exactly 27.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat, zip_longest
from typing import Final, NamedTuple

from msgspec.structs import replace

from agent.aggregate.histogram import MICRO, micro, score_at, score_bin
from agent.alerting.measures import Quality, first_hit_bin
from agent.alerting.sums import Minute
from agent.records import WindowKey
from agent.rule_tests.notation import Pieces, for_ever, values

SPREAD: Final = 15  # bins from the threshold up to the score of a hit, and down to that of a miss: .15 of cosine scores


class Stream(NamedTuple):
    """One language on one version: its queries by the minute, and what became of them, in millionths.

    `hit_rate` and `similarity` are of all queries, `recall` of those with a label; `labelled` is their share. What is None
    is not in the log; only a language that has hits somewhere can be without them elsewhere.
    """

    key: WindowKey
    queries: Pieces
    hit_rate: Pieces | None = None
    similarity: Pieces | None = None
    recall: Pieces | None = None
    labelled: Pieces | None = None


class Scores(NamedTuple):
    """The best scores of a minute, as a row has them."""

    n: int
    total: int
    squares: int
    histogram: dict[int, int]


class Whole:
    """Parts as whole numbers: what is cut off is carried to the next minute."""

    def __init__(self) -> None:
        self._carried = 0

    def of(self, n: int, share: int) -> int:
        """The part of n that the share (in millionths) is."""
        whole, self._carried = divmod(self._carried + n * share, MICRO)
        return whole


def read_by(streams: Iterable[Stream], quality: Quality) -> Quality:
    """The same without a threshold for languages of which no test says how often they hit: else none of their queries would."""
    silent = {stream.key.language for stream in streams} - {stream.key.language for stream in streams if stream.hit_rate}
    return replace(quality, hit_threshold=replace(quality.hit_threshold, languages=dict.fromkeys(silent)))


def rows(streams: Sequence[Stream], first: int, quality: Quality) -> Iterator[list[Minute]]:
    """The rows of each minute from the first on, until no stream has queries any more."""
    for together in zip_longest(*(_minutes(stream, first, quality) for stream in streams)):
        yield [row for row in together if row is not None]


def _minutes(stream: Stream, first: int, quality: Quality) -> Iterator[Minute | None]:
    """The rows of one stream; None is a minute without queries."""
    volumes, hits, labels, recalls = Whole(), Whole(), Whole(), Whole()
    hit_bin = first_hit_bin(stream.key, quality)
    series = (_from(pieces) for pieces in (stream.hit_rate, stream.similarity, stream.recall, stream.labelled))
    for minute, (volume, hit_rate, mean, recall, labelled) in enumerate(zip(values(stream.queries), *series, strict=False), first):
        n = volumes.of(1, volume or 0)
        hit = None if hit_rate is None else hits.of(n, hit_rate)
        known = 0 if recall is None else labels.of(n, MICRO if labelled is None else labelled)
        found = recalls.of(known, recall or 0) * MICRO
        scores = _scores(stream.key.score_kind, n, hit, mean, hit_bin)
        yield Minute(minute, stream.key, n, 0, 0, *scores, known, found, found) if n else None


def _from(pieces: Pieces | None) -> Iterator[int | None]:
    return repeat(None) if pieces is None else for_ever(pieces)


def _scores(kind: str, n: int, hits: int | None, mean: int | None, hit_bin: int | None) -> Scores:
    """Hits have one score and misses another, with the mean that is asked for; without a hit rate all queries have the mean."""
    if n and hits is not None and hit_bin is not None:
        bins = {hit_bin + SPREAD: hits, hit_bin - SPREAD: n - hits}
        high, low = (micro(score_at(bin_, kind)) for bin_ in bins)
        total = hits * high + (n - hits) * low if mean is None else n * mean
        return Scores(n, total, (total * total + (high - low) ** 2 * hits * (n - hits)) // (n * MICRO), bins)
    if n and mean is not None:
        return Scores(n, n * mean, n * mean * mean // MICRO, {score_bin(mean / MICRO, kind): n})
    return Scores(0, 0, 0, {})
