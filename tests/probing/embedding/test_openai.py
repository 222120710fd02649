"""OpenAI's API: its address, its order, its errors."""

from typing import Any

import numpy as np
import pytest

from agent.errors import Misconfigured
from agent.probing.base import BadAnswer
from agent.probing.embedding.openai import OpenAiEmbedder
from tests.probing.embedding.endpoints import listed, vectors
from tests.probing.server import Answer, Server, said


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("/v1", "/v1/embeddings"),
        ("/v1/", "/v1/embeddings"),
        ("/v1/embeddings", "/v1/embeddings"),
        ("/openai/deployments/d/embeddings?api-version=1", "/openai/deployments/d/embeddings?api-version=1"),
        ("/openai/v1?api-version=preview", "/openai/v1/embeddings?api-version=preview"),
    ],
)
def test_the_address_may_be_the_base_or_the_whole(url: str, path: str, openai_server: Server) -> None:
    """And keeps its parameters."""
    embedder = OpenAiEmbedder(url=openai_server.url + url, model="m")
    embedder.embed(["a"])
    embedder.close()
    assert [(each.path, each.body) for each in openai_server.requests] == [(path, {"model": "m", "input": ["a"]})]


def test_without_a_token_none_is_sent(openai_server: Server) -> None:
    """A server in the house needs none."""
    embedder = OpenAiEmbedder(url=openai_server.url, model="m")
    embedder.embed(["a"])
    embedder.close()
    assert "authorization" not in openai_server.requests[0].headers


def test_answers_are_put_in_order_by_their_index(openai_server: Server) -> None:
    """The endpoint of these tests answers the last text first."""
    embedder = OpenAiEmbedder(url=openai_server.url, model="m")
    found = embedder.embed(["a", "b", "c"])
    embedder.close()
    np.testing.assert_array_equal(found, np.asarray(vectors(["a", "b", "c"]), dtype=np.float32))


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"data": [{"embedding": [1.0]}, {"embedding": [2.0]}]}, "what is no list of embeddings with their indexes"),
        ({"data": [{"index": 0, "embedding": [1.0]}] * 2}, "indexes that are not 0 to 1, each once"),
        ({"data": [{"index": 1, "embedding": [1.0]}, {"index": 2, "embedding": [1.0]}]}, "indexes that are not 0 to 1, each once"),
        (
            {"data": [{"index": "0", "embedding": [1.0]}, {"index": "1", "embedding": [1.0]}]},
            "indexes that are not 0 to 1, each once",
        ),
        ({"data": None}, "what is no list of embeddings with their indexes"),
        ({"data": [[1.0], [2.0]]}, "what is no list of embeddings with their indexes"),
        ({"data": [{"index": [], "embedding": [1.0]}]}, "what is no list of embeddings with their indexes"),
        ([[1.0], [2.0]], "what is no list of embeddings with their indexes"),
        ("ok", "what is no list of embeddings with their indexes"),
        (None, "what is no list of embeddings with their indexes"),
    ],
)
def test_an_answer_whose_order_is_unknown_is_refused(answer: Any, told: str, openai_server: Server) -> None:
    """A vector that may belong to another text is worse than none."""
    openai_server.usual = lambda _: said(answer)
    embedder = OpenAiEmbedder(url=openai_server.url, model="m", wait=0.0)
    with pytest.raises(BadAnswer) as caught:
        embedder.embed(["a", "b"])
    embedder.close()
    assert str(caught.value) == f"embedder m answers {told}"


def test_a_model_that_is_not_there(openai_server: Server) -> None:
    """The mistake names the model and the code."""
    error = {"error": {"message": "The model `m` does not exist", "type": "invalid_request_error", "code": "model_not_found"}}
    openai_server.answers.append(said(error, 404))
    embedder = OpenAiEmbedder(url=openai_server.url, model="m")
    with pytest.raises(Misconfigured, match=r"^embedder m: answers 404 \(model_not_found\): look at its url$"):
        embedder.embed(["a"])
    embedder.close()


def test_whole_numbers_are_numbers(openai_server: Server) -> None:
    """Quantised endpoints answer with them."""
    openai_server.usual = lambda _: said(listed([[1, -127], [3, 4]]))
    embedder = OpenAiEmbedder(url=openai_server.url, model="m")
    np.testing.assert_array_equal(embedder.embed(["a", "b"]), np.asarray([[1, -127], [3, 4]], dtype=np.float32))
    embedder.close()


def test_a_quota_that_is_used_up_is_told(openai_server: Server) -> None:
    """OpenAI answers 429 then too: after some tries the code says why."""
    openai_server.usual = lambda _: Answer(429, (b'{"error": {"code": "insufficient_quota"}}',))
    embedder = OpenAiEmbedder(url=openai_server.url, model="m", wait=0.0)
    with pytest.raises(Exception, match=r"^embedder m answers 429 \(insufficient_quota\)$"):
        embedder.embed(["a"])
    embedder.close()
