"""What makes any embedder cheap to ask: prefixes by role, each distinct text once, in batches, and what was asked is kept."""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from math import ceil
from typing import Final, NamedTuple

import numpy as np

from agent.errors import Misconfigured, Mistake
from agent.probing.base import Embedder, Pieces, Role, Vectors
from agent.probing.embedding.cache import Cache, MemoryCache, Vector

_NO_PREFIXES: Final[Mapping[Role, str]] = {}


class Calls(NamedTuple):
    """What a run will ask for: how many distinct texts, in how many requests."""

    texts: int
    requests: int


class Sparing:
    """An embedder around another one, which is asked for at most `batch` texts at once and for none twice.

    `identity` says which vectors in a shared cache are its own: whatever changes them must change it; None: the model's name. `by_role`:
    whether the model tells queries from documents in another way than by their prefixes.
    """

    def __init__(  # noqa: PLR0913 - what can be set around an embedder
        self,
        embedder: Embedder,
        cache: Cache | None = None,
        *,
        batch: int = 64,
        prefixes: Mapping[Role, str] = _NO_PREFIXES,
        identity: str | None = None,
        by_role: bool = False,
    ) -> None:
        self.model = embedder.model
        self._embedder = embedder
        self._cache = cache or MemoryCache()
        self._batch = batch
        self._prefixes = prefixes
        self._identity = embedder.model if identity is None else identity
        self._by_role = by_role
        self._dimension: int | None = None

    def calls(self, queries: Sequence[str], documents: Sequence[str] = ()) -> Calls:
        """What it will take to embed all queries, then all documents: what is in the cache takes nothing. Raises Misconfigured."""
        first = self._missing(self._said(queries, "query"))
        then = self._missing(self._said(documents, "document")).keys() - first.keys()
        return Calls(len(first) + len(then), ceil(len(first) / self._batch) + ceil(len(then) / self._batch))

    def embed(self, texts: Sequence[str], role: Role = "query") -> Vectors:
        """One vector a text, all of one dimension in all calls. What was answered before an error stays in the cache.

        Raises Unreachable, BadAnswer, or Misconfigured, also for a cache of other vectors.
        """
        said = self._said(texts, role)
        for batch in self._batches(self._missing(said)):
            made = self._embedder.embed([*batch.values()], role)
            self._cache.put(dict(zip(batch, made, strict=True)))
        found = self._cache.get([*said])
        self._of_one_dimension(found)
        keys = [self._key(self._text(text, role), role) for text in texts]
        return np.stack([found[key] for key in keys]) if keys else np.empty((0, self._dimension or 0), dtype=np.float32)

    def pieces(self, texts: Sequence[str]) -> list[Pieces] | None:
        """What the tokenizer makes of each text, without prefixes."""
        return self._embedder.pieces([_clean(text) for text in texts])

    def close(self) -> None:
        """Let go of the embedder and the cache."""
        self._embedder.close()
        self._cache.close()

    def _said(self, texts: Sequence[str], role: Role) -> dict[bytes, str]:
        """What is asked for, each distinct text once, by its key."""
        return {self._key(text, role): text for text in dict.fromkeys(self._text(each, role) for each in texts)}

    def _text(self, text: str, role: Role) -> str:
        return _clean(self._prefixes.get(role, "") + text)

    def _key(self, text: str, role: Role) -> bytes:
        said = "\x1f".join((self._identity, role if self._by_role else "", text))
        return blake2b(said.encode(), digest_size=20).digest()

    def _missing(self, said: Mapping[bytes, str]) -> dict[bytes, str]:
        known = self._cache.known([*said])
        return {key: text for key, text in said.items() if key not in known}

    def _batches(self, missing: Mapping[bytes, str]) -> Iterator[dict[bytes, str]]:
        """Texts of like length go together: a model pads each to the longest of its batch."""
        ordered = sorted(missing.items(), key=lambda entry: len(entry[1]))
        for start in range(0, len(ordered), self._batch):
            yield dict(ordered[start : start + self._batch])

    def _of_one_dimension(self, found: Mapping[bytes, Vector]) -> None:
        dimensions = {len(vector) for vector in found.values()} | ({self._dimension} if self._dimension else set())
        if len(dimensions) > 1:
            told = " and ".join(map(str, sorted(dimensions)))
            raise Misconfigured(
                [
                    Mistake(
                        f"embedder {self.model}", "", f"its cache holds vectors of another model ({told} numbers): delete the file"
                    )
                ]
            )
        self._dimension = next(iter(dimensions), None)


def _clean(text: str) -> str:
    """Half a surrogate pair, which is no text, becomes a question mark."""
    return text.encode("utf-8", "replace").decode()
