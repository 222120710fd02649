"""LlamaIndex's index of vectors in memory, with its own retriever."""

from llama_index.core import VectorStoreIndex
from llama_index.core.embeddings import BaseEmbedding
from llama_index.core.schema import TextNode
from openinference.instrumentation.llama_index import LlamaIndexInstrumentor
from opentelemetry.sdk.trace import TracerProvider

from tests.support.searching.service import MODEL, PAGES, TOP, Found, Search, embedded, serve


class Trigrams(BaseEmbedding):  # type: ignore[misc]  # its types are not read
    """The service's vectors."""

    model_name: str = MODEL

    def _get_text_embedding(self, text: str) -> list[float]:
        return embedded(text)

    def _get_query_embedding(self, query: str) -> list[float]:
        return embedded(query)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return embedded(query)


def made(provider: TracerProvider) -> Search:
    """The search, instrumented."""
    nodes = [TextNode(id_=f"kb-{code}", text=text, metadata={"lang": code}) for code, text in PAGES.items()]
    index = VectorStoreIndex(nodes, embed_model=Trigrams())
    LlamaIndexInstrumentor().instrument(tracer_provider=provider)
    retriever = index.as_retriever(similarity_top_k=TOP)
    return lambda question: [Found(each.node.node_id, each.score) for each in retriever.retrieve(question)]


if __name__ == "__main__":
    serve(made)
