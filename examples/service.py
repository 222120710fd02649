"""A search service in small, and the one function that babelwatch asks of it: log each search to Kafka.

    python examples/service.py localhost:9092 --past-days 1
    python examples/service.py localhost:9092 --spanish-breaks-after 300

Twenty-four articles in four languages, found by the letters they share with a query. After so many searches a new index is
deployed that has lost the Spanish articles: nothing raises an error. A fall is one from what was usual at the same hours of the
days before, so the first command logs searches of the past, before the agent starts: later they would come late.
"""

import argparse
import json
import random
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from math import sqrt

from kafka import KafkaProducer

ARTICLES = {
    "en": ["reset a password", "change the delivery address", "cancel an order", "return a parcel", "pay by invoice", "close an account"],
    "de": ["Passwort zurücksetzen", "Lieferadresse ändern", "Bestellung stornieren", "Paket zurücksenden", "auf Rechnung zahlen", "Konto schließen"],
    "es": ["restablecer la contraseña", "cambiar la dirección de entrega", "cancelar un pedido", "devolver un paquete", "pagar con factura", "cerrar la cuenta"],
    "ko": ["비밀번호 재설정", "배송지 주소 변경", "주문 취소하기", "택배 반품하기", "청구서로 결제하기", "계정 해지하기"],
}  # fmt: skip
ASKED = {"en": "how do I {}?", "de": "Wie kann ich {}?", "es": "¿cómo puedo {}?", "ko": "{} 방법을 알려 주세요"}


Vector = dict[str, float]


def vector(text: str) -> Vector:
    """How often each three letters that follow each other are in a text, at the length of 1."""
    padded = f"  {text.lower()} "
    parts = Counter(padded[at : at + 3] for at in range(len(padded) - 2))
    length = sqrt(sum(n * n for n in parts.values()))
    return {part: n / length for part, n in parts.items()}


def cosine(one: Vector, other: Vector) -> float:
    """The similarity of two vectors, in 0..1."""
    return sum(weight * other[part] for part, weight in one.items() if part in other)


class Index:
    """The articles of some languages, under a version."""

    def __init__(self, version: str, languages: list[str]) -> None:
        self.version = version
        self.articles = {(f"{tag}/{at}", tag): vector(text) for tag in languages for at, text in enumerate(ARTICLES[tag])}

    def search(self, query: str, k: int = 5) -> list[dict[str, object]]:
        """The best `k` articles, best first."""
        asked = vector(query)
        scored = sorted(((cosine(asked, found), name) for name, found in self.articles.items()), reverse=True)
        return [{"doc_id": id_, "score": round(score, 4), "language": tag} for score, (id_, tag) in scored[:k]]


WHOLE, BROKEN = Index("2026-11-a", list(ARTICLES)), Index("2026-11-b", ["en", "de", "ko"])


def search(chance: random.Random, index: Index, at: datetime) -> dict[str, object]:
    """One search, as babelwatch reads it (schemas/retrieval-event.v1.json)."""
    tag, article = chance.choice(list(ARTICLES)), chance.randrange(6)
    query, begun = ASKED[tag].format(ARTICLES[tag][article]), time.perf_counter()
    results = index.search(query)
    return {
        "event_id": str(uuid.uuid4()),
        "timestamp": at.isoformat(),
        "query": query,
        "service": "example",
        "environment": "dev",
        "collection": "articles",
        "embedding_model": "trigrams",
        "index_version": index.version,
        "top_k": 5,
        "results": results,
        "score_kind": "cosine",
        "latency_ms": round(1000 * (time.perf_counter() - begun), 2),
        "relevant": [f"{tag}/{article}"] if chance.random() < 0.2 else [],  # noqa: PLR2004 - a fifth of the users say what helped them
    }


def past(now: datetime, days: int, rate: float) -> Iterator[datetime]:
    """When people searched from midnight (UTC) so many days ago until now: one complete day at least."""
    begin = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days)
    for number in range(int((now - begin).total_seconds() * rate)):
        yield begin + timedelta(seconds=number / rate)


def searches(chance: random.Random, given: argparse.Namespace) -> Iterator[dict[str, object]]:
    """Those of the past at once, or one after the other in their time."""
    if given.past_days:
        yield from (search(chance, WHOLE, at) for at in past(datetime.now(UTC), given.past_days, given.rate))  # noqa: TID251 - a service of its own
        return
    for number in range(1, given.searches + 1) if given.searches else count(1):
        index = BROKEN if 0 < given.spanish_breaks_after < number else WHOLE
        yield search(chance, index, datetime.now(UTC))  # noqa: TID251 - a service of its own
        time.sleep(1 / given.rate)


def main() -> None:
    """Search, and log, until somebody stops it."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("brokers", help="host:port, several with commas")
    words.add_argument("--topic", default="retrieval-logs")
    words.add_argument("--rate", type=float, default=1.0, help="searches a second")
    words.add_argument(
        "--past-days", type=int, default=0, metavar="DAYS", help="log those of so many complete days and of today, and end"
    )
    words.add_argument("--spanish-breaks-after", type=int, default=0, metavar="SEARCHES", help="0: never")
    words.add_argument("--searches", type=int, default=0, help="how many; 0: for ever")
    given = words.parse_args()
    producer = KafkaProducer(bootstrap_servers=given.brokers.split(","), linger_ms=50)
    for one in searches(random.Random(), given):  # noqa: S311 - traffic, no secret
        producer.send(given.topic, json.dumps(one, ensure_ascii=False).encode())
    producer.close()


if __name__ == "__main__":
    main()
