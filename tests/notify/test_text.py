"""Shortening: never within what a reader takes for one character."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.notify.text import ELLIPSIS, LONGEST_CHARACTER, shorten

CHARACTERS = {
    "accent": "e\u0301",
    "family": "👨‍👩‍👧‍👦",
    "skin": "👍🏽",
    "flag": "🇩🇪",
    "England": "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "heart": "❤\ufe0f",
    "jamo": "\u1112\u1161\u11ab",
    "Devanagari": "क्षि",
    "Khmer": "ខ្មែ",
    "Thai": "กำ",
    "Tamil": "நி",
}


@pytest.mark.parametrize("character", CHARACTERS.values(), ids=CHARACTERS)
def test_no_character_is_torn(character: str) -> None:
    """Wherever the limit falls, what is left are whole ones."""
    text = "a" + character * 40
    for limit in range(2, len(text)):
        cut = shorten(text, limit)
        assert len(cut) <= limit
        assert cut.endswith(ELLIPSIS)
        assert cut[1:-1] == character * (len(cut[1:-1]) // len(character))


def test_a_pile_of_accents_is_cut_all_the_same() -> None:
    """A character without end would leave nothing, or break the limit."""
    assert len(shorten("a" + "\u0301" * 10_000, 100)) == 100


@given(text=st.text(max_size=300), limit=st.integers(1, 300))
def test_any_text_fits(text: str, limit: int) -> None:
    """Never longer than the limit, and never much shorter than it need be."""
    cut = shorten(text, limit)
    assert len(cut) <= limit
    assert cut == text if len(text) <= limit else cut.endswith(ELLIPSIS)
    assert len(text) <= limit or len(cut) >= len(text[: max(limit - 1 - LONGEST_CHARACTER, 0)].rstrip())
