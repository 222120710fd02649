"""LangChain's store of vectors in memory, with the retriever and the handler of examples/langchain_scores.py."""

import importlib
import sys
from pathlib import Path
from typing import Any

from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.vectorstores import InMemoryVectorStore
from openinference.instrumentation.langchain import LangChainInstrumentor
from opentelemetry.sdk.trace import TracerProvider

from tests.support.searching.service import PAGES, TOP, Found, Search, embedded, serve

EXAMPLES = Path(__file__).parents[3] / "examples"


class Trigrams(Embeddings):  # type: ignore[misc]  # its types are not read
    """The service's vectors."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Of pages."""
        return [embedded(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """Of a question."""
        return embedded(text)


def made(provider: TracerProvider) -> Search:
    """The search, instrumented."""
    sys.path.insert(0, str(EXAMPLES))
    example: Any = importlib.import_module("langchain_scores")
    store = InMemoryVectorStore(Trigrams())
    store.add_documents([Document(id=f"kb-{code}", page_content=text, metadata={"lang": code}) for code, text in PAGES.items()])
    LangChainInstrumentor().instrument(tracer_provider=provider)
    retriever = example.ScoredRetriever(vectorstore=store, k=TOP).with_config(callbacks=[example.DocumentScores()])
    return lambda question: [Found(each.id, each.metadata["score"]) for each in retriever.invoke(question)]


if __name__ == "__main__":
    serve(made)
