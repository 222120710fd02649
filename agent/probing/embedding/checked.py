"""What an answer must be before anything is reckoned with it."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from agent.probing.base import BadAnswer, Vectors


class Checked:
    """The vectors of one model: one a text, of one dimension as long as it lives, finite, and none all zero.

    `of` is what errors call the model. The dimension is that of the first good answer.
    """

    def __init__(self, of: str) -> None:
        self._of = of
        self._dimension: int | None = None

    def vectors(self, rows: Any, texts: int) -> Vectors:
        """Rows of numbers as an array of shape (texts, dimension); raises BadAnswer."""
        if not isinstance(rows, Sequence | np.ndarray) or isinstance(rows, str) or len(rows) != texts:
            count = len(rows) if isinstance(rows, list | np.ndarray) else "no"
            raise BadAnswer(f"{self._of} answers {count} vectors for {texts} texts")
        made = self._numbers(rows)
        dimension = self._dimension or made.shape[1]
        if made.shape[1] != dimension:
            raise BadAnswer(f"{self._of} answers vectors of {made.shape[1]} numbers, after those of {dimension}")
        self._dimension = dimension
        return made

    def _numbers(self, rows: Any) -> Vectors:
        try:
            given = np.asarray(rows)
        except ValueError:
            raise BadAnswer(f"{self._of} answers vectors of different length") from None
        if given.ndim != 2 or given.shape[1] == 0 or given.dtype.kind not in "iuf":  # noqa: PLR2004 - a row a text
            raise BadAnswer(f"{self._of} answers what is no vector of numbers")
        with np.errstate(over="ignore"):  # what is too large for 32 bits becomes infinite, and is refused as that
            made = given.astype(np.float32)
        if not np.isfinite(made).all():
            raise BadAnswer(f"{self._of} answers a vector that is not finite")
        if not made.any(axis=1).all():
            raise BadAnswer(f"{self._of} answers a vector that is all zero")
        return made
