"""Ids and scores of documents for babelwatch, from LangChain retrievers under openinference-instrumentation-langchain.

That library leaves both out. `DocumentScores` writes them into its spans, also where texts are hidden (OPENINFERENCE_HIDE_OUTPUTS).
Pass it with the call, or bind it; a handler in the retriever's constructor is asked after the span has ended:

    chain.invoke(question, config={"callbacks": [DocumentScores()]})
    retriever = retriever.with_config(callbacks=[DocumentScores()])

A score has to be in the document's metadata. `vectorstore.as_retriever()` puts none there; `ScoredRetriever` does.
"""

from typing import Any
from uuid import UUID

from langchain_core.callbacks import BaseCallbackHandler, CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.vectorstores import VectorStore
from openinference.instrumentation.langchain import LangChainInstrumentor


class DocumentScores(BaseCallbackHandler):
    """Adds `retrieval.documents.N.document.id` and `.score` to the span of a retriever."""

    run_inline = True  # in asynchronous chains too it is asked before the span ends

    def on_retriever_end(self, documents: list[Document], *, run_id: UUID, **_: Any) -> None:
        """The span of this run is still open: its own handler comes after those of the call."""
        span = LangChainInstrumentor().get_span(run_id)
        for rank, document in enumerate(documents if span else ()):
            if document.id is not None:
                span.set_attribute(f"retrieval.documents.{rank}.document.id", document.id)
            if "score" in document.metadata:
                span.set_attribute(f"retrieval.documents.{rank}.document.score", float(document.metadata["score"]))


class ScoredRetriever(BaseRetriever):
    """The `k` documents nearest to a query, with the store's score in their metadata."""

    vectorstore: VectorStore
    k: int = 10

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:  # noqa: ARG002
        found = self.vectorstore.similarity_search_with_score(query, k=self.k)
        return [document.model_copy(update={"metadata": {**document.metadata, "score": score}}) for document, score in found]
