"""What every embedder holds, whichever is configured: built from settings, asked as commands ask it."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter

from agent import checking
from agent.config.probing_settings import AnyEmbedder
from agent.probing.base import Embedder
from agent.probing.embedding.memory import InMemoryEmbedder
from agent.probing.embedding.sentence_transformers import SentenceTransformersEmbedder
from agent.probing.embedding.sparing import Sparing
from tests.probing.embedding.endpoints import vectors
from tests.probing.server import Server, said

TEXTS = ["where is my parcel", "I forgot my password", "ລືມລະຫັດຜ່ານ", "パスワードを忘れました"]
SETTINGS: TypeAdapter[Any] = TypeAdapter(AnyEmbedder)


def built(**given: Any) -> Sparing:
    """The embedder of these settings."""
    return checking.embedder(SETTINGS.validate_python(given))


@pytest.fixture(params=["memory", "spared", "openai", "http", "one by one", "sentence_transformers"])
def embedder(request: pytest.FixtureRequest, openai_server: Server, plain_server: Server) -> Iterator[Embedder]:
    """One of each kind; batches of three, so that four texts are two."""
    made: Embedder
    if request.param == "memory":
        made = InMemoryEmbedder(model="m")
    elif request.param == "spared":
        made = Sparing(InMemoryEmbedder(model="m"), batch=3)
    elif request.param == "openai":
        made = built(type="openai", url=f"{openai_server.url}/v1", model="m", batch=3)
    elif request.param == "http":
        made = built(type="http", url=plain_server.url, model="m", batch=3)
    elif request.param == "one by one":
        plain_server.usual = lambda asked: said({"out": {"v": vectors([asked.body["t"]])[0]}})
        made = built(type="http", url=plain_server.url, model="m", body={"t": "{text}"}, vectors="out.v", batch=1)
    else:
        english: SentenceTransformersEmbedder = request.getfixturevalue("english")
        made = Sparing(english, batch=3)
    yield made
    made.close()


def test_a_text_has_one_finite_vector(embedder: Embedder) -> None:
    """As 32-bit numbers, one row a text, and not normalised to nothing."""
    found = embedder.embed(TEXTS)
    assert found.dtype == np.float32
    assert (found.ndim, len(found)) == (2, len(TEXTS))
    assert np.isfinite(found).all()
    assert (np.linalg.norm(found, axis=1) > 0).all()


def test_rows_are_in_the_order_of_the_texts(embedder: Embedder) -> None:
    """Whatever the batches and the order of answers, a text has the vector that it has alone; twice the same text is the same."""
    found = embedder.embed([*TEXTS[::-1], TEXTS[0]], "document")
    alone = [embedder.embed([text], "document")[0] for text in [*TEXTS[::-1], TEXTS[0]]]
    np.testing.assert_allclose(found, alone, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(found[-1], found[-2])
    assert len(np.unique(found, axis=0)) == len(TEXTS)


def test_no_text_is_no_vector(embedder: Embedder) -> None:
    """And nobody is asked."""
    assert len(embedder.embed([])) == 0


def test_half_a_character_is_no_crash(embedder: Embedder) -> None:
    """A lone surrogate, which JSON files may hold."""
    assert np.isfinite(embedder.embed(["a\ud800"])).all()


def test_it_has_a_name(embedder: Embedder) -> None:
    """What reports call the model."""
    assert embedder.model == "m" or embedder.model.endswith("model")


def test_pieces_are_those_of_each_text(embedder: Embedder) -> None:
    """Where there is a tokenizer, each text has pieces, of which at most all are unknown."""
    found = embedder.pieces(TEXTS)
    assert found is None or [0 <= each.unknown <= each.tokens > 0 for each in found] == [True] * len(TEXTS)


def test_a_word_for_the_role_reaches_the_endpoint(plain_server: Server) -> None:
    """Cohere and Voyage tell queries from documents by a field; such vectors are not taken for each other."""
    body = {"inputs": "{texts}", "input_type": "search_{role}"}
    embedder = built(type="http", url=plain_server.url, model="m", body=body)
    embedder.embed(["a"], "query")
    embedder.embed(["a"], "document")
    embedder.close()
    assert [each.body["input_type"] for each in plain_server.requests] == ["search_query", "search_document"]


def test_prefixes_reach_the_endpoint(openai_server: Server) -> None:
    """Each role has its own, as E5 models need it."""
    embedder = built(
        type="openai", url=openai_server.url, model="m", query_prefix="query: ", document_prefix="passage: ", token="hunter2"
    )
    embedder.embed(["a"], "query")
    embedder.embed(["a"], "document")
    embedder.close()
    assert [each.body["input"] for each in openai_server.requests] == [["query: a"], ["passage: a"]]
    assert {each.headers["authorization"] for each in openai_server.requests} == {"Bearer hunter2"}


def test_headers_reach_the_endpoint(plain_server: Server) -> None:
    """Their secrets are revealed to it alone."""
    embedder = built(type="http", url=plain_server.url, model="m", headers={"X-Api-Key": "hunter2"})
    embedder.embed(["a"])
    embedder.close()
    assert [each.headers["x-api-key"] for each in plain_server.requests] == ["hunter2"]
    assert "hunter2" not in repr(vars(embedder))
