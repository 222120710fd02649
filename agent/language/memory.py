"""The in-memory twins of the models: a few words, each of one language."""

from collections import Counter
from collections.abc import Mapping


class MemoryModel:
    """Knows the words it was given; a language's probability is its share of the known words in a text."""

    def __init__(self, words: Mapping[str, str]) -> None:
        self._words = words

    @property
    def languages(self) -> frozenset[str]:
        """All the tags it can answer."""
        return frozenset(self._words.values())

    def candidates(self, text: str, k: int) -> list[tuple[str, float]]:
        """Up to k languages with their probabilities, the likeliest first; empty when nothing in the text tells."""
        met = Counter(self._words[word] for word in text.split() if word in self._words)
        return [(language, n / met.total()) for language, n in met.most_common(k)]

    def answer(self, text: str) -> str | None:
        """The language with most of the known words: what a second opinion with the same words says."""
        found = self.candidates(text, 1)
        return found[0][0] if found else None
