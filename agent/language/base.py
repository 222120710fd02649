"""The ports behind which language models stand."""

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


class SecondOpinion(Protocol):
    """Names one language, found in another way. Any text is answered."""

    def answer(self, text: str) -> str | None:
        """A canonical tag, or whatever else it calls the text; None when nothing in the text tells."""
