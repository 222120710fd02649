"""Queries in two languages at once.

A text in a script of its own with Latin words in it keeps its language: those are names of products and people more often
than not (a Latin word stands in 23 % of XQuAD's Greek questions). It is in two languages when the Latin part is more than
names: four words or more that are surely in one language by themselves.
"""

import re
from typing import Final

MULTIPLE: Final = "mul"

CERTAIN: Final = 0.9
"""How sure the Latin part's language must be."""

_LATIN_WORD = re.compile(r"[a-z\u00df-\u024f\u1e00-\u1eff'’-]{2,}")
_WORDS: Final = 4  # fewer are a name: "new york times"


def latin_part(words: str) -> str:
    """The Latin words of a normalised text in another script; empty when they are too few to be a language."""
    latin = _LATIN_WORD.findall(words)
    return " ".join(latin) if len(latin) >= _WORDS else ""
