"""How each language of the demo fares before and after the index update.

The figures have the shape of an English-only model on real questions: English finds nearly everything, its Latin-script
neighbours two thirds, other scripts little. The update lifts nearly every language, so the mean over all of them rises,
by language and by traffic, while Spanish falls by twelve points. Nobody labels Turkish queries: their scores fall, and only a
golden set tells that they find what they found before. They are asked in a shop, which searches the same articles.
"""

from statistics import NormalDist
from typing import Final, NamedTuple

SERVICE: Final = "help-centre"
SHOP: Final = "shop"
ENVIRONMENT: Final = "demo"
COLLECTION: Final = "kb-en"
DOCUMENT_LANGUAGE: Final = "en"
EMBEDDING_MODEL: Final = "all-MiniLM-L6-v2"
SCORE_KIND: Final = "cosine"
OLD_INDEX: Final = "2026-11-a"
NEW_INDEX: Final = "2026-11-b"

TOP_K: Final = 10
ZERO_RESULTS: Final = 0.01
ERRORS: Final = 0.002

# Seen on real questions, as shares of a language's mean similarity: searches that hit score higher by the gap and vary more.
_GAP: Final = 0.27
_HIT_SPREAD: Final = 0.25
_MISS_SPREAD: Final = 0.14


class Quality(NamedTuple):
    """How well a language is served: recall@10 of searches with results, and their mean best similarity."""

    recall: float
    similarity: float

    def hit_scores(self) -> NormalDist:
        """The best scores of searches that found the right article."""
        return NormalDist(self.similarity * (1 + _GAP * (1 - self.recall)), self.similarity * _HIT_SPREAD)

    def miss_scores(self) -> NormalDist:
        """The best scores of searches that did not."""
        return NormalDist(self.similarity * (1 - _GAP * self.recall), self.similarity * _MISS_SPREAD)

    def ranks(self) -> tuple[float, ...]:
        """Where the right article stands when it is found: the share of each rank; the better the recall, the nearer the top."""
        first = 0.2 + 0.7 * self.recall**2
        shares = [first * (1 - first) ** rank for rank in range(TOP_K)]
        return tuple(share / sum(shares) for share in shares)


class Profile(NamedTuple):
    """One language: its share of the traffic, its quality on the old and on the new index, whether its log has labels, who asks."""

    weight: float
    old: Quality
    new: Quality
    labelled: bool = True
    service: str = SERVICE

    def on(self, index_version: str) -> Quality:
        """The quality on one index."""
        return self.new if index_version == NEW_INDEX else self.old


PROFILES: Final = {
    "en": Profile(0.300, Quality(0.985, 0.577), Quality(0.992, 0.580)),
    "es": Profile(0.180, Quality(0.680, 0.300), Quality(0.560, 0.260)),
    "de": Profile(0.120, Quality(0.660, 0.330), Quality(0.750, 0.340)),
    "fr": Profile(0.100, Quality(0.670, 0.310), Quality(0.770, 0.320)),
    "pt": Profile(0.090, Quality(0.650, 0.295), Quality(0.750, 0.305)),
    "tr": Profile(0.035, Quality(0.340, 0.300), Quality(0.340, 0.250), labelled=False, service=SHOP),
    "ru": Profile(0.035, Quality(0.130, 0.200), Quality(0.160, 0.202)),
    "zh": Profile(0.035, Quality(0.170, 0.270), Quality(0.200, 0.273)),
    "vi": Profile(0.025, Quality(0.310, 0.264), Quality(0.350, 0.268)),
    "ar": Profile(0.022, Quality(0.080, 0.284), Quality(0.090, 0.285)),
    "hi": Profile(0.018, Quality(0.080, 0.258), Quality(0.100, 0.260)),
    "ko": Profile(0.018, Quality(0.120, 0.240), Quality(0.140, 0.242)),
    "el": Profile(0.012, Quality(0.200, 0.240), Quality(0.220, 0.242)),
    "th": Profile(0.010, Quality(0.130, 0.179), Quality(0.150, 0.181)),
}
