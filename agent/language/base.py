"""The port behind which a language model stands."""

from typing import Protocol


class LanguageModel(Protocol):
    """Names the languages a text may be in. Any text is answered.

    Every tag is canonical (`codes.canonical`) and one of `languages`.
    """

    @property
    def languages(self) -> frozenset[str]:
        """All the tags it can answer."""

    def candidates(self, text: str, k: int) -> list[tuple[str, float]]:
        """Up to k languages with their probabilities, the likeliest first; empty when nothing in the text tells."""
