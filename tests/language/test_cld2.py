"""The second opinion: the real one and its twin."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.language.base import SecondOpinion
from agent.language.cld2 import Cld2
from agent.language.memory import MemoryModel

ASKED: list[SecondOpinion] = [Cld2(), MemoryModel({"wo": "de", "ist": "de", "der": "de", "bahnhof": "de"})]


@pytest.mark.parametrize("opinion", ASKED)
def test_a_plain_text_is_named(opinion: SecondOpinion) -> None:
    """By its canonical tag."""
    assert opinion.answer("wo ist der bahnhof") == "de"


@pytest.mark.parametrize("opinion", ASKED)
@pytest.mark.parametrize("text", ["", " ", "\ud800"])
def test_no_evidence_is_no_answer(opinion: SecondOpinion, text: str) -> None:
    """What the library cannot read included."""
    assert opinion.answer(text) is None


def test_answers_are_canonical() -> None:
    """cld2 says iw for Hebrew."""
    assert Cld2().answer("איפה התחנה הקרובה") == "he"


@given(st.text(st.characters(), max_size=300))
def test_any_text_is_answered(text: str) -> None:
    """Nothing is raised, though the library raises for some valid UTF-8."""
    Cld2().answer(text)
