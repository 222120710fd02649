"""What endpoints answer: the vectors of the twin, in the form of each API."""

from collections.abc import Sequence
from typing import Any

from agent.probing.embedding.memory import InMemoryEmbedder
from tests.probing.server import Answer, Request, said

DIMENSION = 8


def vectors(texts: Sequence[str]) -> list[list[float]]:
    """Those of the twin, as JSON has them."""
    return [[float(number) for number in row] for row in InMemoryEmbedder(dimension=DIMENSION).embed(texts)]


def listed(rows: Sequence[Any]) -> Any:
    """Vectors as OpenAI's API lists them, the last one first."""
    data = [{"object": "embedding", "index": at, "embedding": row} for at, row in enumerate(rows)]
    return {"object": "list", "data": data[::-1], "model": "m"}


def openai(request: Request) -> Answer:
    """An answer of OpenAI's API."""
    return said(listed(vectors(request.body["input"])))


def plain(request: Request) -> Answer:
    """One vector a text and nothing else."""
    return said(vectors(request.body["inputs"]))
