"""The twin of every embedder: vectors from a table, or made from the text itself."""

from collections.abc import Mapping, Sequence
from hashlib import blake2b

import numpy as np

from agent.probing.base import Pieces, Role, Vectors


class InMemoryEmbedder:
    """A text that is not in `table` has a chance vector, always the same one: texts that differ are unrelated.

    `words` are those its tokenizer knows; None: it has none. `asked` is what it was asked for, each time.
    """

    def __init__(
        self,
        table: Mapping[str, Sequence[float]] | None = None,
        *,
        model: str = "memory",
        dimension: int = 64,
        words: frozenset[str] | None = None,
    ) -> None:
        self.model = model
        self.asked: list[tuple[Role, tuple[str, ...]]] = []
        self._table = table or {}
        self._dimension = dimension
        self._words = words

    def embed(self, texts: Sequence[str], role: Role = "query") -> Vectors:
        """One vector a text."""
        self.asked.append((role, tuple(texts)))
        return np.asarray([self._table.get(text, _chance(text, self._dimension)) for text in texts], dtype=np.float32)

    def pieces(self, texts: Sequence[str]) -> list[Pieces] | None:
        """Its words, and how many of them it does not know."""
        if self._words is None:
            return None
        split = [text.split() for text in texts]
        return [Pieces(len(each), sum(word not in self._words for word in each)) for each in split]

    def close(self) -> None:
        """There is nothing to let go of."""


def _chance(text: str, dimension: int) -> list[float]:
    seed = int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")
    return [float(number) for number in np.random.default_rng(seed).standard_normal(dimension)]
