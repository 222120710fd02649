"""The ports of active checks: who turns texts into vectors, and who searches."""

from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from agent.errors import RetryLater

Role = Literal["query", "document"]
Vectors = NDArray[np.float32]
"""One row a text, as the model gave them: not normalised."""


class BadAnswer(RetryLater):
    """What was answered is no answer to the question: it is asked again, and never reckoned with."""


class Pieces(NamedTuple):
    """What a tokenizer makes of a text: how many tokens, without those it adds itself, and how many of them it does not know."""

    tokens: int
    unknown: int


class Embedder(Protocol):
    """A model that turns texts into vectors."""

    @property
    def model(self) -> str:
        """What it is called."""

    def embed(self, texts: Sequence[str], role: Role = "query") -> Vectors:
        """One finite vector a text, all of one dimension. Raises Unreachable, BadAnswer, or Misconfigured."""

    def pieces(self, texts: Sequence[str]) -> list[Pieces] | None:
        """What its tokenizer makes of each text; None where there is none to ask."""

    def close(self) -> None:
        """Let go of what is open."""


class Hit(NamedTuple):
    """One result of a search, ranked by its place; `score` as the service gave it."""

    doc_id: str
    score: float | None = None


class Question(NamedTuple):
    """What a search is asked."""

    text: str
    language: str
    k: int


class Retriever(Protocol):
    """The search of a service."""

    def search(self, question: Question) -> list[Hit]:
        """The ranked results, at most k, each document once. Raises Unreachable, BadAnswer, or Misconfigured."""

    def close(self) -> None:
        """Let go of what is open."""
