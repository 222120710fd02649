"""Endpoints by template: the forms of real servers, and answers that have nothing where vectors should stand."""

from typing import Any

import numpy as np
import pytest

from agent.probing.base import BadAnswer
from agent.probing.embedding.http import HttpEmbedder
from tests.probing.embedding.endpoints import vectors
from tests.probing.server import Server, said

TWO = np.asarray(vectors(["a", "b"]), dtype=np.float32)


@pytest.mark.parametrize(
    ("body", "where", "answered"),
    [
        ({"inputs": "{texts}"}, "@", lambda rows: rows),
        ({"texts": "{texts}", "input_type": "search_{role}"}, "embeddings.float", lambda rows: {"embeddings": {"float": rows}}),
        ({"input": "{texts}"}, "embeddings", lambda rows: {"model": "m", "embeddings": rows}),
        ({"instances": ["{texts}"]}, "predictions[].values", lambda rows: {"predictions": [{"values": row} for row in rows]}),
    ],
    ids=["text-embeddings-inference", "Cohere", "Ollama", "a list of records"],
)
def test_the_forms_of_real_endpoints(body: Any, where: str, answered: Any, plain_server: Server) -> None:
    """A template and an expression are enough for each."""
    plain_server.usual = lambda _: said(answered(vectors(["a", "b"])))
    embedder = HttpEmbedder(url=plain_server.url, model="m", body=body, vectors=where)
    np.testing.assert_array_equal(embedder.embed(["a", "b"]), TWO)
    embedder.close()
    assert "{" not in str([*plain_server.requests[0].body.values()])


@pytest.mark.parametrize("listed", [False, True])
def test_one_text_at_a_time(listed: bool, plain_server: Server) -> None:  # noqa: FBT001 - a table's column
    """The answer may be the vector alone, or a list of one."""
    plain_server.usual = lambda request: said({"v": vectors([request.body["t"]]) if listed else vectors([request.body["t"]])[0]})
    embedder = HttpEmbedder(url=plain_server.url, model="m", body={"t": "{text}"}, vectors="v")
    np.testing.assert_array_equal(np.concatenate([embedder.embed(["a"]), embedder.embed(["b"])]), TWO)
    embedder.close()


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("embeddings", "nothing at embeddings, where its vectors should stand"),
        ("max(@)", "nothing at max(@), where its vectors should stand"),
        ("error", "no vectors for 2 texts"),
        ("parts", "no vectors for 2 texts"),
        ("count", "no vectors for 2 texts"),
    ],
)
def test_an_answer_without_vectors_is_refused(where: str, told: str, plain_server: Server) -> None:
    """The expression that found none is named."""
    plain_server.usual = lambda _: said({"error": "ab", "parts": {"a": [1.0], "b": [2.0]}, "count": 2})
    embedder = HttpEmbedder(url=plain_server.url, model="m", body={"inputs": "{texts}"}, vectors=where, wait=0.0)
    with pytest.raises(BadAnswer) as caught:
        embedder.embed(["a", "b"])
    embedder.close()
    assert str(caught.value) == f"embedder m answers {told}"


def test_one_flat_list_for_two_texts_is_refused(plain_server: Server) -> None:
    """Two numbers are not two vectors."""
    plain_server.usual = lambda _: said([1.0, 2.0])
    embedder = HttpEmbedder(url=plain_server.url, model="m", body={"inputs": "{texts}"}, wait=0.0)
    with pytest.raises(BadAnswer, match="answers what is no vector of numbers"):
        embedder.embed(["a", "b"])
    embedder.close()
