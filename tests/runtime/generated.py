"""A log as a busy service writes it: many languages, labels, duplicates, and records that nobody can read; seeded."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zlib import crc32

import msgspec

from agent.demo.traffic import questions

BAD = (b"", b"{", b"\xff\xfe", b"[1]", b'{"event_id": 7}', b'{"event_id": "x"}', b'{"event_id": "x", "timestamp": "yesterday"}')
ROUTES = ("cross_lingual", "own_index", "translated", "fallback")
KINDS = ("cosine", "cosine", "cosine", "rerank", "bm25")


class Record(NamedTuple):
    """One record; those with equal keys belong into one partition."""

    key: str
    value: bytes

    def partition(self, of: int) -> int:
        """Where it belongs among so many partitions."""
        return crc32(self.key.encode()) % of


class Generated(NamedTuple):
    """The records in their order, and what there is to find in them."""

    records: list[Record]
    distinct: int  # events that are to be counted
    rejected: int


def generate(start: datetime, count: int, seed: int = 1) -> Generated:
    """So many records of the two hours from `start` on."""
    coin = random.Random(seed)
    records = list(_records(coin, start, count))
    events = [record for record in records if not record.key.startswith("bad")]
    return Generated(records, len({record.key for record in events}), len(records) - len(events))


def _records(coin: random.Random, start: datetime, count: int) -> Iterator[Record]:
    sent: list[Record] = []
    for n in range(count):
        dice = coin.random()
        if dice < 0.01:
            yield Record(f"bad-{n}", coin.choice(BAD))
        elif dice < 0.06 and sent:
            yield coin.choice(sent)
        else:
            sent.append(Record(f"event-{n}", msgspec.json.encode(_event(coin, f"event-{n}", start))))
            yield sent[-1]


def _event(coin: random.Random, name: str, start: datetime) -> dict[str, Any]:
    language = coin.choice(list(questions()))
    documents = [f"{coin.choice(('en', language))}/{coin.randrange(300)}" for _ in range(coin.choice((0, 3, 10, 10, 10, 12)))]
    scores = sorted((round(coin.uniform(-0.2, 1), 6) for _ in documents), reverse=True)
    event: dict[str, Any] = {
        "event_id": name,
        "timestamp": (start + timedelta(seconds=coin.randrange(7200))).isoformat(),
        "query": coin.choice(questions()[language]),
        "service": coin.choice(("help", "shop")),
        "collection": coin.choice(("kb", "kb-en")),
        "embedding_model": "mini",
        "index_version": coin.choice(("v1", "v2")),
        "score_kind": coin.choice(KINDS),
        "results": [{"doc_id": doc, "score": score} for doc, score in zip(documents, scores, strict=True)],
    }
    return event | {key: value for key, value in _extras(coin, language).items() if coin.random() < 0.3}


def _extras(coin: random.Random, language: str) -> dict[str, Any]:
    return {
        "query_language": language,
        "relevant": {f"{language}/{coin.randrange(300)}": coin.choice((1, 2, 3)), f"en/{coin.randrange(300)}": 1},
        "latency_ms": round(coin.lognormvariate(4, 1), 3),
        "route": coin.choice(ROUTES),
        "session": f"s{coin.randrange(200)}",
        "sample_rate": coin.choice((1, 0.5, 0.1)),
        "synthetic": coin.random() < 0.1,
        "error": coin.random() < 0.1,
        "response_language": coin.choice((language, "en")),
        "translation": {"target_language": "en", "quality": round(coin.random(), 3), "engine": coin.choice(("nmt-3", "llm"))},
    }
