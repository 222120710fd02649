"""An endpoint that is slow, fails or answers nonsense: the vectors are those of an undisturbed one, or it is told; never others."""

import random
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest

from agent.errors import RetryLater, Unreachable
from agent.probing.base import BadAnswer, Embedder
from agent.probing.embedding.http import HttpEmbedder
from agent.probing.embedding.openai import OpenAiEmbedder
from agent.probing.embedding.sparing import Sparing
from tests.probing.embedding.endpoints import DIMENSION, listed, openai, plain, vectors
from tests.probing.server import CLOSED, SILENT, Answer, Request, Server, dripping, said

TEXTS = [f"text {number}" for number in range(40)]
TRUE = np.asarray(vectors(TEXTS), dtype=np.float32)
NAN = float("nan")


class Endpoint(NamedTuple):
    """A server, its usual answer, how it lists rows, and who asks it."""

    server: Server
    usual: Callable[[Request], Answer]
    form: Callable[[list[Any]], Any]
    embedder: Embedder


@pytest.fixture(params=["openai", "http"])
def endpoint(request: pytest.FixtureRequest) -> Iterator[Endpoint]:
    """One of each API, asked for four texts at once and without waits."""
    usual, form = (openai, listed) if request.param == "openai" else (plain, lambda rows: rows)
    with Server(usual) as server:
        one: Embedder = (
            OpenAiEmbedder(url=server.url, model="m", timeout=1.0, wait=0.0)
            if request.param == "openai"
            else HttpEmbedder(url=server.url, model="m", body={"inputs": "{texts}"}, timeout=1.0, wait=0.0)
        )
        yield Endpoint(server, usual, form, Sparing(one, batch=4))
        one.close()


def test_an_undisturbed_endpoint(endpoint: Endpoint) -> None:
    """Ten requests for forty texts: what the others are compared with."""
    np.testing.assert_array_equal(endpoint.embedder.embed(TEXTS), TRUE)
    assert len(endpoint.server.requests) == 10


def test_a_slow_endpoint(endpoint: Endpoint) -> None:
    """It is waited for."""
    endpoint.server.usual = lambda request: endpoint.usual(request)._replace(after=0.05)
    np.testing.assert_array_equal(endpoint.embedder.embed(TEXTS), TRUE)


def test_an_endpoint_that_fails_half_of_the_time(endpoint: Endpoint) -> None:
    """In every way there is: it is asked again."""
    chance = random.Random(8)
    ways: list[Callable[[Request], Answer]] = [
        lambda _: Answer(500, length=2),
        lambda _: Answer(429, length=2),
        lambda _: Answer(CLOSED),
        lambda _: Answer(200, (b"<html>", b"busy")),
        lambda request: said(endpoint.form(wrong(request, fewer))),
        lambda request: said(endpoint.form(wrong(request, not_finite))),
        lambda request: said(endpoint.form(wrong(request, longer))),
    ]

    def usual(request: Request) -> Answer:
        return (
            chance.choice(ways)(request) if chance.random() < 0.5 and len(endpoint.server.requests) > 1 else endpoint.usual(request)
        )

    endpoint.server.usual = usual
    np.testing.assert_array_equal(endpoint.embedder.embed(TEXTS), TRUE)
    assert len(endpoint.server.requests) > 13


@pytest.mark.parametrize("answer", [Answer(SILENT), Answer(200, dripping())], ids=["says nothing", "never ends"])
def test_an_endpoint_that_hangs(answer: Answer, endpoint: Endpoint) -> None:
    """It is not waited for longer than one request may take, and asked again."""
    endpoint.server.answers.append(answer)
    np.testing.assert_array_equal(endpoint.embedder.embed(TEXTS), TRUE)


def test_an_endpoint_that_is_gone(endpoint: Endpoint) -> None:
    """It is told, and what was answered before need not be asked again."""
    endpoint.server.usual = lambda request: endpoint.usual(request) if len(endpoint.server.requests) <= 5 else Answer(503, length=2)
    with pytest.raises(Unreachable, match=r"^embedder m answers 503$"):
        endpoint.embedder.embed(TEXTS)
    endpoint.server.usual = endpoint.usual
    endpoint.server.requests.clear()
    np.testing.assert_array_equal(endpoint.embedder.embed(TEXTS), TRUE)
    assert len(endpoint.server.requests) == 5


Rows = list[list[Any]]


def fewer(rows: Rows) -> list[Any]:
    """One is missing."""
    return rows[:-1]


def more(rows: Rows) -> list[Any]:
    """One is there twice."""
    return [*rows, rows[0]]


def none_at_all(_: Rows) -> list[Any]:
    """The list is empty."""
    return []


def not_finite(rows: Rows) -> list[Any]:
    """A number is none."""
    return [[NAN, *row[1:]] for row in rows]


def without_end(rows: Rows) -> list[Any]:
    """A number is too large for 32 bits."""
    return [[1e39, *row[1:]] for row in rows]


def zero(rows: Rows) -> list[Any]:
    """One has no direction."""
    return [[0.0] * len(rows[0]), *rows[1:]]


def too_small(rows: Rows) -> list[Any]:
    """All of one vanishes in 32 bits."""
    return [[1e-50] * len(rows[0]), *rows[1:]]


def longer(rows: Rows) -> list[Any]:
    """All have more numbers than before."""
    return [[*row, 1.0] for row in rows]


def ragged(rows: Rows) -> list[Any]:
    """One has more numbers than the others."""
    return [[*rows[0], 1.0], *rows[1:]]


def absent(rows: Rows) -> list[Any]:
    """One is null."""
    return [None, *rows[1:]]


def holed(rows: Rows) -> list[Any]:
    """A number of one is null."""
    return [[None, *rows[0][1:]], *rows[1:]]


def text(rows: Rows) -> list[Any]:
    """Numbers are written as text."""
    return [[str(number) for number in row] for row in rows]


def packed(rows: Rows) -> list[Any]:
    """Vectors are base64, which nobody asked for."""
    return ["AACAPwAAgD8=" for _ in rows]


def flags(rows: Rows) -> list[Any]:
    """Numbers are truth values."""
    return [[True] * len(row) for row in rows]


def numberless(rows: Rows) -> list[Any]:
    """Vectors are empty."""
    return [[] for _ in rows]


def deeper(rows: Rows) -> list[Any]:
    """A vector a token, not a text."""
    return [[row, row] for row in rows]


SAID = {
    fewer: "answers 3 vectors for 4 texts",
    more: "answers 5 vectors for 4 texts",
    none_at_all: "answers 0 vectors for 4 texts",
    not_finite: "answers a vector that is not finite",
    without_end: "answers a vector that is not finite",
    zero: "answers a vector that is all zero",
    too_small: "answers a vector that is all zero",
    longer: f"answers vectors of {DIMENSION + 1} numbers, after those of {DIMENSION}",
    ragged: "answers vectors of different length",
    absent: "answers vectors of different length",
    holed: "answers what is no vector of numbers",
    text: "answers what is no vector of numbers",
    packed: "answers what is no vector of numbers",
    flags: "answers what is no vector of numbers",
    numberless: "answers what is no vector of numbers",
    deeper: "answers what is no vector of numbers",
}


def wrong(request: Request, how: Callable[[Rows], list[Any]]) -> list[Any]:
    """The rows that were asked for, spoilt."""
    return how(vectors(request.body.get("input") or request.body.get("inputs")))


def spoiling(endpoint: Endpoint, how: Callable[[Rows], list[Any]], which: Callable[[int], bool]) -> None:
    """Let the endpoint answer so at these requests, counted from 1."""
    endpoint.server.usual = lambda request: (
        said(endpoint.form(wrong(request, how))) if which(len(endpoint.server.requests)) else endpoint.usual(request)
    )


@pytest.mark.parametrize("how", SAID, ids=lambda how: how.__name__)
def test_a_wrong_answer_is_asked_for_again(how: Callable[[Rows], list[Any]], endpoint: Endpoint) -> None:
    """Once the answer is right, the vectors are those of an undisturbed endpoint."""
    spoiling(endpoint, how, lambda number: number == 3)
    np.testing.assert_array_equal(endpoint.embedder.embed(TEXTS), TRUE)
    assert len(endpoint.server.requests) == 11


@pytest.mark.parametrize(("how", "told"), SAID.items(), ids=lambda each: getattr(each, "__name__", ""))
def test_an_answer_that_stays_wrong_is_told(how: Callable[[Rows], list[Any]], told: str, endpoint: Endpoint) -> None:
    """With what is wrong with it, and no vector."""
    spoiling(endpoint, how, lambda number: number >= 3)
    with pytest.raises(BadAnswer) as caught:
        endpoint.embedder.embed(TEXTS)
    assert str(caught.value) == f"embedder m {told}"
    assert isinstance(caught.value, RetryLater)


@pytest.mark.parametrize("how", [zero, absent, fewer], ids=lambda how: how.__name__)
def test_a_first_answer_that_is_wrong_settles_nothing(how: Callable[[Rows], list[Any]], endpoint: Endpoint) -> None:
    """The dimension is that of the first good answer."""
    spoiling(endpoint, lambda rows: how(longer(rows)), lambda number: number == 1)
    np.testing.assert_array_equal(endpoint.embedder.embed(TEXTS), TRUE)
