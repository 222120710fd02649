"""A small real search service: a real model's embeddings of a help centre in four languages, a log of its own, and users."""

import csv
import json
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from agent.probing.base import Embedder
from tests.probing.golden.builders import write
from tests.probing.golden.stub import Answer, Request

HELP_CENTER = Path(__file__).with_name("help_center.tsv")


class Page(NamedTuple):
    """A page of the help centre, and a question that it answers."""

    topic: str
    language: str
    document: str
    query: str

    @property
    def id(self) -> str:
        """What it is called in the index."""
        return f"{self.language}/{self.topic}"


def pages() -> list[Page]:
    """Fifteen topics in English, German, Spanish and French."""
    with HELP_CENTER.open(encoding="utf-8", newline="") as lines:
        return [Page(**row) for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)]


def relevant(page: Page, number: int) -> Mapping[str, int]:
    """By turns its own page, the English one (the German one for an English question), or all four, its own the best."""
    if number % 3 == 0:
        return {page.id: 1}
    if number % 3 == 1:
        return {f"{'de' if page.language == 'en' else 'en'}/{page.topic}": 1}
    return {f"{language}/{page.topic}": 1 + (language == page.language) for language in ("en", "de", "es", "fr")}


class Labelled(NamedTuple):
    """A question with its judgements, as the golden set has it."""

    id: str
    language: str
    text: str
    grades: Mapping[str, int]


def labelled() -> list[Labelled]:
    """Sixty questions."""
    found = pages()
    topics = list(dict.fromkeys(page.topic for page in found))
    return [Labelled(f"q-{page.id}", page.language, page.query, relevant(page, topics.index(page.topic))) for page in found]


def golden_set(folder: Path) -> Path:
    """Those, in BEIR's layout."""
    folder.joinpath("qrels").mkdir(parents=True)
    asked = labelled()
    write(folder / "queries.jsonl", [{"_id": one.id, "text": one.text, "language": one.language} for one in asked])
    write(folder / "corpus.jsonl", [{"_id": page.id, "text": page.document, "language": page.language} for page in pages()])
    judged = [f"{one.id}\t{document}\t{grade}" for one in asked for document, grade in one.grades.items()]
    write(folder / "qrels" / "test.tsv", ["query-id\tcorpus-id\tscore", *judged])
    return folder


class Index:
    """Embeddings of the pages; a question's nearest by cosine."""

    def __init__(self, model: Embedder) -> None:
        self._model = model
        self._lock = threading.Lock()
        self._known: dict[str, NDArray[np.float64]] = {}
        self.ids = [page.id for page in pages()]
        self.vectors = np.stack([self.vector(page.document) for page in pages()])

    def vector(self, text: str) -> NDArray[np.float64]:
        """The text's embedding, of length 1."""
        with self._lock:
            if text not in self._known:
                found = self._model.embed([text])[0].astype(np.float64)
                self._known[text] = found / np.linalg.norm(found)
            return self._known[text]

    def search(self, text: str, k: int) -> list[tuple[str, float]]:
        """The nearest k pages, each with its cosine."""
        cosines = self.vectors @ self.vector(text)
        return [(self.ids[n], float(cosines[n])) for n in np.argsort(-cosines, kind="stable")[:k]]


class HelpCenter:
    """Answers searches, and logs each retrieval as native JSON; with `forwards` it says of a marked one that it is synthetic."""

    def __init__(self, index: Index, *, forwards: bool) -> None:
        self.log: list[dict[str, Any]] = []
        self._index, self._forwards = index, forwards

    def __call__(self, number: int, request: Request) -> Answer:
        """One search."""
        text, k = request.body["query"], request.body["top_k"]
        results = [{"doc_id": document, "score": cosine} for document, cosine in self._index.search(text, k)]
        event = {
            "event_id": f"{id(self)}-{number}",
            "timestamp": datetime.now(UTC).isoformat(),
            "query": f" {text}",  # as an HTML form may leave it
            "service": "help",
            "results": results,
            "score_kind": "cosine",
            "top_k": k,
        }
        if self._forwards and "x-babelwatch-run" in request.headers:
            event["synthetic"] = True
        self.log.append(event)
        return Answer(json.dumps({"results": results}))


def lines(log: Sequence[Mapping[str, Any]]) -> list[bytes]:
    """The log as it goes to Kafka."""
    return [json.dumps(event).encode() for event in log]
