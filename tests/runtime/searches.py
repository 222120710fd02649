"""Days of labelled searches in two languages, and the falls in them: a new version comes, and one language is bad on it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

LANGUAGES = ("de", "ko")
MINUTE = timedelta(minutes=1)

Cell = tuple[datetime, str, str]
"""Minute, language and index version."""


class Fall(NamedTuple):
    """From its first minute on a version answers; until the end every other search of a language finds the wrong document."""

    language: str
    version: str
    start: datetime
    end: datetime


def searches(start: datetime, end: datetime, falls: Sequence[Fall] = (), every: timedelta = MINUTE / 2) -> Iterator[dict[str, Any]]:
    """A search of each language every so often, in order of time; what is in no fall finds the right document."""
    for number in range((end - start) // every):
        at = start + number * every
        version = next((fall.version for fall in reversed(falls) if fall.start <= at), "v0")
        fallen = {fall.language for fall in falls if fall.start <= at < fall.end}
        for language in LANGUAGES:
            yield search(at, language, version, right=language not in fallen or number % 2 == 0)


def search(at: datetime, language: str, version: str, *, right: bool) -> dict[str, Any]:
    """One search with a label and one result, which is the right one or not."""
    return {
        "event_id": f"{language}-{at.isoformat()}",
        "timestamp": at.isoformat(),
        "query_language": language,
        "service": "help",
        "environment": "prod",
        "collection": "kb",
        "embedding_model": "m1",
        "index_version": version,
        "top_k": 10,
        "score_kind": "cosine",
        "results": [{"doc_id": "right" if right else "wrong", "score": 0.6 if right else 0.3}],
        "relevant": ["right"],
    }


def truth(events: Iterable[Mapping[str, Any]]) -> dict[Cell, tuple[int, int]]:
    """How many searches each cell has, and how many of them found the right document."""
    counted, right = Counter[Cell](), Counter[Cell]()
    for event in events:
        minute = datetime.fromisoformat(event["timestamp"]).replace(second=0, microsecond=0)
        cell = (minute, event["query_language"], event["index_version"])
        counted[cell] += 1
        right[cell] += event["results"][0]["doc_id"] == "right"
    return {cell: (count, right[cell]) for cell, count in counted.items()}
