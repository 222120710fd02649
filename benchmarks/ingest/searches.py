"""The events of the comparison: 0.8 KB each, 30 languages, English 80 %, ten results, 2 % without, 2 % labelled."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product
from random import Random
from uuid import UUID

from agent.language.codes import canonical
from benchmarks.language import TRAFFIC, merged
from benchmarks.language_speed import traffic
from scripts import tatoeba

START = datetime(2026, 11, 9, tzinfo=UTC)
PER_MINUTE = 10_000
MODEL = "multilingual-e5-large"


def queries() -> list[str]:
    """The first 2, 3 or 5 words of sentences, in the shares of the traffic; 17 % were asked shortly before."""
    return traffic(tatoeba.prefixes([text for text in tatoeba.read() if merged(text) in TRAFFIC]))


def searches(count: int, *, declared: int = 0, versions: int = 2) -> Iterator[bytes]:
    """`count` events; `declared`: of how many languages the service names one for each query (0: it names none)."""
    draw, asked = Random(1), queries()
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    for number in range(count):
        event = _search(draw, number, asked[number % len(asked)], f"idx-{number % versions:03d}")
        if declared:
            event["query_language"] = _LANGUAGES[draw.randrange(declared)]
        yield encode(event).encode()


_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_LANGUAGES = [tag for tag in map("".join, product(_LETTERS, _LETTERS, ["", *_LETTERS])) if canonical(tag) == tag][:200]
assert len(_LANGUAGES) == 200


def _search(draw: Random, number: int, query: str, version: str) -> dict[str, object]:
    at = START + timedelta(milliseconds=number * 60_000 // PER_MINUTE + draw.randrange(-1_500, 1_500))
    results = [] if draw.random() < 0.02 else _results(draw)
    event: dict[str, object] = {
        "event_id": str(UUID(int=draw.getrandbits(128))),
        "timestamp": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "query": query,
        "service": "help-center",
        "collection": "kb-main",
        "embedding_model": MODEL,
        "index_version": version,
        "top_k": 10,
        "results": results,
        "score_kind": "cosine",
        "latency_ms": round(draw.lognormvariate(3.5, 0.5), 2),
    }
    if results and draw.random() < 0.02:
        event["relevant"] = [draw.choice(results)["doc_id"], "kb-000000/chunk-00"]
    return event


def _results(draw: Random) -> list[dict[str, object]]:
    scores = sorted((draw.betavariate(5, 4) for _ in range(10)), reverse=True)
    return [{"doc_id": f"kb-{draw.randrange(10**6):06d}/chunk-{draw.randrange(40):02d}", "score": round(s, 6)} for s in scores]
