"""What scale scores are on, where the log does not say: by names, order and range. What is not surely something is `unknown`.

Distances, RRF and rerank scores that were taken for similarities would be read the wrong way round, or as a fall.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from math import isclose
from typing import Final

from agent.decode.otlp.dialect import Document
from agent.records import ScoreKind

NAMES: Final[Sequence[tuple[str, ScoreKind]]] = (  # of retrievers; the first that is found wins
    ("rerank", "rerank"),
    ("crossencoder", "rerank"),
    ("rrf", "rrf"),
    ("fusion", "rrf"),
    ("hybrid", "rrf"),
    ("ensemble", "rrf"),
    ("bm25", "bm25"),
)
RRF_K: Final = 60  # Cormack, Clarke and Büttcher 2009: a document's score is the sum of 1 / (k + rank) over the lists
RRF_MOST: Final = 2 / (RRF_K + 1) + 1e-5
FEWEST: Final = 3  # two scores are in some order by chance half the time


def kind_of(documents: Sequence[Document], *names: str) -> ScoreKind:
    """The scale of these scores, ranked best first; `names` are those of the span and its retriever."""
    said = next((document.kind for document in documents if document.kind), None)
    scores = [document.score for document in documents if document.score is not None]
    if said:
        return "unknown" if said == "distance" and scores != sorted(scores) else said  # Milvus calls similarities so, too
    return by_name(names) or by_range(scores)


@lru_cache(1024)
def by_name(names: tuple[str, ...]) -> ScoreKind | None:
    """What the names say, None where that is nothing; a service has few retrievers, and each is asked often."""
    joined = " ".join(names).casefold().replace("_", "")
    return next((kind for part, kind in NAMES if part in joined), None)


def by_range(scores: Sequence[float]) -> ScoreKind:
    """Distances ascend; RRF scores of one list or two that agree are 1/61, 1/62, … or twice as much."""
    if len(scores) < FEWEST:
        return "unknown"
    if scores[0] >= 0 and scores[0] < scores[-1] and all(a <= b for a, b in pairwise(scores)):
        return "distance"
    return "rrf" if scores[0] <= RRF_MOST and any(_is_rrf(scores, lists) for lists in (1, 2)) else "unknown"


def _is_rrf(scores: Sequence[float], lists: int) -> bool:
    """Rounded to five digits they are still apart."""
    expected = (lists / (RRF_K + rank) for rank in range(1, len(scores) + 1))
    return all(isclose(score, each, abs_tol=1e-5) for score, each in zip(scores, expected, strict=True))
