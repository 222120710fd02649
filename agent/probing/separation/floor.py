"""The floor: what the best document of a query reaches that no document answers, on one model and index.

The best of many unrelated documents lies far above the mean of unrelated pairs, and the more so the larger the index: a floor of the
service's own index is worth more than one of a sample of it, and that more than one of the bundled lists.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Literal, NamedTuple

import msgspec
import numpy as np

from agent.alerting.reading import text_of
from agent.errors import Misconfigured, Mistake
from agent.probing.base import Hit
from agent.probing.separation.statistics import Floats, cut_off

Source = Literal["index", "corpus", "lists"]
UNRELATED: Final = Path(__file__).parent / "unrelated.txt"
LANGUAGE: Final = "en"
"""What the bundled unrelated queries are in."""


class Floor(NamedTuple):
    """The median of the best scores of unrelated queries, and the multiple of .01 that at most 5 % of them reach.

    Both are None where most queries found nothing at all. `queries`: how many were asked.
    """

    value: float | None
    cutoff: float | None
    source: Source
    queries: int


def floor_of(best: Floats, source: Source) -> Floor:
    """The floor of these best scores; -inf stands for a query that found nothing."""
    median = float(np.median(best)) if len(best) else -np.inf
    known = np.isfinite(median)
    return Floor(median if known else None, cut_off(best) if known else None, source, len(best))


def best_scores(search: Callable[[str], Sequence[Hit]], queries: Sequence[str]) -> Floats:
    """(n,) the best score that a search answers each query with, -inf for nothing.

    Raises what the search raises, and Misconfigured where it gives no scores, or other ones than cosines.
    """
    return np.array([_best(search(query)) for query in queries], dtype=np.float64)


def lines_of(file: Path) -> tuple[str, ...]:
    """Texts, one a line; empty lines are left out. Raises Misconfigured where there is none."""
    lines = text_of(file, "a file of texts that can be read, in UTF-8").split("\n")
    return _some(file, tuple(line.strip() for line in lines if line.strip()))


def corpus_of(file: Path) -> tuple[str, ...]:
    """Documents: one a line, or with a title before its text in BEIR's corpus.jsonl. Raises Misconfigured with every mistake."""
    if file.suffix != ".jsonl":
        return lines_of(file)
    read = [
        (at, _document(line)) for at, line in enumerate(text_of(file, "a corpus that can be read").split("\n"), 1) if line.strip()
    ]
    if wrong := [at for at, text in read if text is None]:
        raise Misconfigured([Mistake(f"{file}:{at}", "", "expected a JSON object with a text") for at in wrong])
    return _some(file, tuple(text for _, text in read if text))


class _Document(msgspec.Struct):
    text: str
    title: str | None = None


def _document(line: str) -> str | None:
    try:
        document = msgspec.json.decode(line, type=_Document)
    except msgspec.DecodeError:
        return None
    return " ".join(filter(None, (document.title, document.text)))


def _some(file: Path, texts: tuple[str, ...]) -> tuple[str, ...]:
    if not texts:
        raise Misconfigured([Mistake(str(file), "", "expected texts, found none")])
    return texts


def _best(hits: Sequence[Hit]) -> float:
    scores = [hit.score for hit in hits if hit.score is not None]
    if hits and not scores:
        raise _unusable("expected results with a score, which the floor is measured by: {doc_id, score}")
    best = max(scores, default=-np.inf)
    if scores and not -1 <= best <= 1:
        raise _unusable(f"expected cosine similarities, from -1 to 1, found a score of {best:g}: leave out the endpoint")
    return best


def _unusable(expected: str) -> Misconfigured:
    return Misconfigured([Mistake("endpoint", "results", expected)])
