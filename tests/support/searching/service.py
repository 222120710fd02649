"""A help search in four languages, whose retriever and instrumentation are those of a library, untouched.

`langchain` and `llama_index` beside this file are run with `python -m`, each in a process of its own, since instrumentations patch
globally. Spans go where OTEL_EXPORTER_OTLP_ENDPOINT says; what was found is printed, a JSON line a search, and is not read from spans.
"""

import json
import sys
import zlib
from collections.abc import Callable, Iterable
from typing import NamedTuple

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

MODEL = "trigrams-512"
TOP = 3
PAGES = {
    "en": "You can send an item back within thirty days of its delivery.",
    "de": "Sie können Ihr Passwort auf der Anmeldeseite zurücksetzen.",
    "ko": "한국까지의 배송은 영업일 기준 5일에서 7일이 걸립니다.",
    "ja": "請求書は注文履歴のページからダウンロードできます。",
}
# Language, question, and how often it is asked.
QUESTIONS = [
    ("en", "how do I send an item back after delivery", 4),
    ("de", "Wie kann ich mein Passwort zurücksetzen?", 3),
    ("ko", "한국까지 배송은 며칠이나 걸립니까", 2),
    ("ja", "請求書をダウンロードするページはどこですか", 1),
]


class Found(NamedTuple):
    """A result of a search."""

    doc_id: str
    score: float


Search = Callable[[str], Iterable[Found]]


def embedded(text: str) -> list[float]:
    """Counts of hashed trigrams: like texts have like vectors, without a model."""
    counts = [0.0] * 512
    for at in range(len(text) - 2):
        counts[zlib.crc32(text[at : at + 3].encode()) % len(counts)] += 1
    return counts


def serve(made: Callable[[TracerProvider], Search]) -> None:
    """Make the search, ask each question, say what was found, and export the spans."""
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    search = made(provider)
    for language, question, times in QUESTIONS:
        for _ in range(times):
            results = [each._asdict() for each in search(question)]
            sys.stdout.write(json.dumps({"language": language, "results": results}) + "\n")
    provider.shutdown()
