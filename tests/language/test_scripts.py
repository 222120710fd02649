"""The script of the letters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.language.scripts import NOTHING, Writing, apart, seen_as, writing

ONE_SCRIPT = {
    "where is the station": "Latn",
    "größe": "Latn",
    "Tiếng Việt": "Latn",
    "ʻokina": "Latn",
    "ａｂｃ": "Latn",
    "где вокзал": "Cyrl",
    "πού είναι": "Grek",
    "أين المحطة": "Arab",
    "איפה התחנה": "Hebr",
    "स्टेशन कहाँ है": "Deva",
    "สถานีอยู่ที่ไหน": "Thai",
    "ສະຖານີຢູ່ໃສ": "Laoo",
    "ស្ថានីយ៍": "Khmr",
    "ဘူတာ": "Mymr",
    "სადგური": "Geor",
    "կայարան": "Armn",
    "ጣቢያ": "Ethi",
    "駅はどこ": "Jpan",
    "プリンター": "Jpan",
    "ﾊﾝｶｸ": "Jpan",
    "역은 어디": "Kore",
    "大韓民國은": "Kore",
    "ᏣᎳᎩ": "CHEROKEE",
}


@pytest.mark.parametrize(("text", "script"), ONE_SCRIPT.items(), ids=ONE_SCRIPT)
def test_letters_tell_their_script(text: str, script: str) -> None:
    """One script, nothing mixed."""
    assert writing(text) == Writing(script, mixed=False)


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("重置密码", "Hans"),
        ("谁演唱了国歌？", "Hans"),
        ("信用卡帳單查詢", "Hant"),
        ("你喺邊度呀，佢哋冇嚟", "Hant"),
        ("経済産業省 統計", "Jpan"),
        ("株式会社設立費用", "Jpan"),
        ("東京", "Hani"),
        ("北京ー", "Hani"),
    ],
)
def test_han_letters_that_one_country_has_tell_whose_they_are(text: str, script: str) -> None:
    """Simplified and traditional letters are Chinese, Japan's own are Japanese, the rest is open."""
    assert writing(text) == Writing(script, mixed=False)


@pytest.mark.parametrize("text", ["", "  ", "12 345", "!?", "٣٤٥", "🙂", "・ー", "́", "\ud800", "\x00"])
def test_without_letters_there_is_no_script(text: str) -> None:
    """Digits, punctuation, signs and marks are in no script."""
    assert writing(text) == NOTHING


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("τι είναι το Apollo program", "Grek"),
        ("重置 windows 密码", "Hans"),
        ("office を開く", "Jpan"),
        ("как обновить γ и δέλτα в программе", "Cyrl"),
    ],
)
def test_another_script_is_flagged(text: str, script: str) -> None:
    """A script beside Latin wins, the one with the most letters where there are several, and the text is mixed."""
    assert writing(text) == Writing(script, mixed=True)


@pytest.mark.parametrize(("text", "script"), [("5 μm filter", "Latn"), ("β carotene", "Latn"), ("π", ""), ("частота ω", "Cyrl")])
def test_a_single_greek_letter_is_a_sign(text: str, script: str) -> None:
    """Units and formulas are not Greek words."""
    assert writing(text) == Writing(script, mixed=False)


@given(st.text(st.characters(), max_size=300))
def test_every_text_has_an_answer(text: str) -> None:
    """Lone surrogates, marks and unassigned characters raise nothing."""
    script, mixed = writing(text)
    assert script or not mixed


def test_what_a_script_of_cldr_looks_like() -> None:
    """Chinese and Japanese may be told or not; everything else looks like itself."""
    assert seen_as("Hant") == ("Hant", "Hani")
    assert seen_as("Jpan") == ("Jpan", "Hani")
    assert seen_as("Cyrl") == ("Cyrl",)


def test_han_letters_are_set_apart() -> None:
    """Only they are."""
    assert apart("ok東京の").split() == ["ok", "東", "京", "の"]
