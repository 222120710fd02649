"""Texts as unit vectors, each embedded once as a query and once as a document."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from agent.probing.base import Embedder, Role, Vectors

AT_ONCE: Final = 512
"""Texts between two looks at the progress; of like length, so that a model that pads seldom does so in vain."""

Told = Callable[[int, int], None]


class Known(NamedTuple):
    """Unit vectors, a row a text, and the row of each text: as queries and as documents."""

    vectors: Mapping[Role, Vectors]
    rows: Mapping[Role, Mapping[str, int]]

    def of(self, texts: Iterable[str], role: Role) -> Vectors:
        """Their vectors."""
        rows = self.rows[role]
        return self.vectors[role][[rows[text] for text in texts]]


def embedded(embedder: Embedder, texts: Mapping[Role, Sequence[str]], told: Told) -> Known:
    """Ask for all of them; `told` hears how many of how many there are. Raises what the embedder raises."""
    ordered = {role: sorted(some, key=len) for role, some in texts.items()}
    total, done, vectors = sum(map(len, ordered.values())), 0, dict[Role, Vectors]()
    for role, some in ordered.items():
        made = []
        for start in range(0, len(some), AT_ONCE):
            made.append(unit(embedder.embed(some[start : start + AT_ONCE], role)))
            done += len(made[-1])
            told(done, total)
        vectors[role] = np.concatenate(made)
    return Known(vectors, {role: {text: row for row, text in enumerate(some)} for role, some in ordered.items()})


def unit(vectors: Vectors) -> Vectors:
    """Rows of length 1; a row of zeros stays one, with a cosine of 0 to anything."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    of_length_1: Vectors = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    return of_length_1
