"""The demo's searches as native events: seeded, and pure apart from reading the questions that lie beside this file."""

# ruff: noqa: S311 - traffic for a demo; nothing here is a secret

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from itertools import accumulate
from math import log
from random import Random
from typing import Any, Final, NamedTuple

import msgspec

from agent.demo.profiles import (
    COLLECTION,
    DOCUMENT_LANGUAGE,
    EMBEDDING_MODEL,
    ENVIRONMENT,
    ERRORS,
    NEW_INDEX,
    OLD_INDEX,
    PROFILES,
    SCORE_KIND,
    TOP_K,
    ZERO_RESULTS,
)

ARTICLES: Final = tuple(f"{COLLECTION}/article-{number:03d}" for number in range(211))  # a prime: see _ranking
SESSIONS: Final = 5_000

_LATENCY: Final = (log(70), 0.3)  # nine in ten take 43 to 115 ms
_FALL: Final = (0.0, 0.16, 0.23, 0.29, 0.33, 0.37, 0.40, 0.42, 0.44, 0.46)  # lost against the best score, by rank
_FALL_SPREAD: Final = (0.8, 1.3)
_SCORE_RANGE: Final = (0.02, 0.98)


class _Odds(NamedTuple):
    """What is drawn from for one language on one index; a mean and a spread each, ranks cumulated."""

    recall: float
    hit: tuple[float, float]
    miss: tuple[float, float]
    ranks: tuple[float, ...]


@cache
def questions() -> dict[str, list[str]]:
    """The queries of each language; those at one place ask for the same thing in every language."""
    return msgspec.json.decode((files("agent.demo") / "questions.json").read_bytes(), type=dict[str, list[str]])


def events(start: datetime, end: datetime, per_minute: float, *, update_at: datetime, seed: int = 1) -> Iterator[dict[str, Any]]:
    """The searches from `start` up to `end`, in order of time; from `update_at` on the new index answers.

    The same arguments give the same events. Other times give other ones, with ids of their own, so that a running demo
    may ask for slice after slice with one seed.
    """
    at = start.astimezone(UTC)
    random = Random(f"{seed} {at.isoformat()}")
    languages, cumulated = list(PROFILES), list(accumulate(profile.weight for profile in PROFILES.values()))
    while (at := at + timedelta(minutes=random.expovariate(per_minute))) < end:
        [language] = random.choices(languages, cum_weights=cumulated)
        yield _event(random, at, language, NEW_INDEX if at >= update_at else OLD_INDEX)


def _event(random: Random, at: datetime, language: str, index_version: str) -> dict[str, Any]:
    asked = questions()[language]
    topic = random.randrange(len(asked))
    event = {
        "event_id": f"{random.getrandbits(96):024x}",
        "timestamp": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "query": asked[topic],
        "service": PROFILES[language].service,
        "environment": ENVIRONMENT,
        "collection": COLLECTION,
        "embedding_model": EMBEDDING_MODEL,
        "index_version": index_version,
        "top_k": TOP_K,
        "results": [],
        "score_kind": SCORE_KIND,
        **({"relevant": [ARTICLES[topic]]} if PROFILES[language].labelled else {}),
        "session": f"{language}-{random.randrange(SESSIONS)}",
        "latency_ms": round(random.lognormvariate(*_LATENCY), 1),
    }
    fate = random.random()
    if fate < ERRORS:
        event["error"] = "timeout"
    elif fate >= ERRORS + ZERO_RESULTS:
        event["results"] = results(random, language, index_version, ARTICLES[topic])
    return event


def results(random: Random, language: str, index_version: str, relevant: str) -> list[dict[str, Any]]:
    """Ten documents with falling scores; the right one is among them as often as the language's recall says."""
    odds, topic = _odds(language, index_version), ARTICLES.index(relevant)
    hit = random.random() < odds.recall
    low, high = _SCORE_RANGE
    best = min(high, max(low, random.gauss(*(odds.hit if hit else odds.miss))))
    spread = random.uniform(*_FALL_SPREAD)
    scores = [round(best * (1 - spread * fall), 4) for fall in _FALL]
    return [
        {"doc_id": doc_id, "score": score, "language": DOCUMENT_LANGUAGE}
        for doc_id, score in zip(_ranking(random, odds, topic, hit=hit), scores, strict=True)
    ]


def _ranking(random: Random, odds: _Odds, topic: int, *, hit: bool) -> list[str]:
    """The first ten of a walk through all articles in equal steps, which is at the right one at the place that was drawn.

    The number of articles is a prime, so a walk comes to each of them once: no document is listed twice, and the right
    one is not among the first ten where its place lies beyond them.
    """
    total = len(ARTICLES)
    step = random.randrange(1, total)
    place = random.choices(range(TOP_K), cum_weights=odds.ranks)[0] if hit else random.randrange(TOP_K, total)
    return [ARTICLES[(topic + (rank - place) * step) % total] for rank in range(TOP_K)]


@cache
def _odds(language: str, index_version: str) -> _Odds:
    quality = PROFILES[language].on(index_version)
    hit, miss = quality.hit_scores(), quality.miss_scores()
    return _Odds(quality.recall, (hit.mean, hit.stdev), (miss.mean, miss.stdev), tuple(accumulate(quality.ranks())))
