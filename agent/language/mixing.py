"""Queries in two languages at once.

A text in a script of its own with Latin words in it keeps its language: those are names of products and people more often
than not (a Latin word stands in 23 % of XQuAD's Greek questions). It is in two languages when either part is more than
names: four Latin words or more that are surely in one language by themselves, beside two words or more of the other script.
With less of that one ("what does привет mean") the Latin part's language is the text's.
"""

import re
from typing import Final

MULTIPLE: Final = "mul"

CERTAIN: Final = 0.9
"""How sure the Latin part's language must be."""

_LATIN = "a-z\u00df-\u024f\u1e00-\u1eff"
_LATIN_WORD = re.compile(f"[{_LATIN}][{_LATIN}'’-]+")
_OTHER_WORD = re.compile(f"[^\\W\\d_{_LATIN}]+")
_LATIN_WORDS: Final = 4  # fewer are a name: "new york times"
_OTHER_WORDS: Final = 2
_OTHER_LETTERS: Final = 5  # where no spaces stand between words
_WITHOUT_SPACES: Final = frozenset({"Hani", "Hans", "Hant", "Jpan", "Khmr", "Laoo", "Mymr", "Thai", "Tibt"})


def latin_part(words: str) -> str:
    """The Latin words of a normalised text in another script; empty when they are too few to be a language."""
    latin = _LATIN_WORD.findall(words)
    return " ".join(latin) if len(latin) >= _LATIN_WORDS else ""


def more_than_a_name(words: str, script: str) -> bool:
    """Whether the letters that are not Latin, in this script, are more than one word."""
    others = _OTHER_WORD.findall(words)
    return sum(map(len, others)) >= _OTHER_LETTERS if script in _WITHOUT_SPACES else len(others) >= _OTHER_WORDS
