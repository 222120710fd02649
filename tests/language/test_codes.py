"""BCP 47: one spelling for each language."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.language.codes import canonical, display_name, scripts

SPELLINGS = {
    "de": "de",
    "en-US": "en",
    "EN_gb": "en",
    " pt-BR ": "pt",
    "es-419": "es",
    "de-CH-1996": "de",
    "en_US.UTF-8": "en",
    "de_DE@euro": "de",
    "iw": "he",
    "in": "id",
    "tl": "fil",
    "eng": "en",
    "ger": "de",
    "nb-NO": "no",
    "no": "no",
    "nn": "nn",
    "zh": "zh",
    "zh-CN": "zh",
    "zh-Hans": "zh",
    "zh-Hans-TW": "zh",
    "zh_TW": "zh-Hant",
    "zh-HK": "zh-Hant",
    "ZH-hant": "zh-Hant",
    "zh-cmn-Hant": "zh-Hant",
    "zh-yue": "yue",
    "cmn": "zh",
    "sr": "sr",
    "sr-Cyrl-RS": "sr",
    "sr-Latn": "sr-Latn",
    "sr-ME": "sr-Latn",
    "sh": "sr-Latn",
    "uz-Cyrl": "uz-Cyrl",
    "az-IR": "az-Arab",
    "ja-Jpan": "ja",
    "en-Abcd": "en",
    "mul": "mul",
    "tlh": "tlh",
}


@pytest.mark.parametrize(("tag", "expected"), SPELLINGS.items(), ids=SPELLINGS)
def test_a_tag_has_one_spelling(tag: str, expected: str) -> None:
    """Aliases, regions and usual scripts make no difference; a script that is not the usual one does."""
    assert canonical(tag) == expected


@pytest.mark.parametrize(
    "tag", ["", " ", "und", "unknown", "english", "xx-klingon", "xx", "zxx", "x-own", "C", "POSIX", "en,de", "*", "de\nen", "1"]
)
def test_what_names_no_language_is_none(tag: str) -> None:
    """A service that declares one of these has declared nothing."""
    assert canonical(tag) is None


@given(st.one_of(st.text(), st.from_regex(r"[a-z]{2,3}([-_][A-Za-z0-9]{1,8}){0,3}", fullmatch=True)))
def test_the_spelling_is_stable(tag: str) -> None:
    """Whatever is declared, nothing is raised, and the canonical tag is its own canonical tag."""
    spelled = canonical(tag)
    assert spelled is None or canonical(spelled) == spelled


@pytest.mark.parametrize("tag", ["de", "zh-Hant", "sr-Latn"])
def test_every_part_of_a_tag_may_be_in_either_case(tag: str) -> None:
    """Subtags are compared without case."""
    assert canonical(tag.upper()) == canonical(tag.lower()) == tag


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        ("de", "German"),
        ("zh", "Chinese"),
        ("zh-Hant", "Traditional Chinese"),
        ("sr-Latn", "Serbian (Latin)"),
        ("no", "Norwegian"),
        ("mul", "Multiple languages"),
        ("und", "undetermined"),
        ("dty", "dty"),
    ],
)
def test_names_are_english(tag: str, name: str) -> None:
    """CLDR's name; the tag itself where it has none."""
    assert display_name(tag) == name


def test_the_usual_script_comes_first() -> None:
    """Serbian is Cyrillic before it is Latin; a tag with a script has that one; an invented language none."""
    assert scripts("sr") == ("Cyrl", "Latn")
    assert scripts("sr-Latn") == ("Latn",)
    assert scripts("tlh") == ()


def test_what_was_asked_is_remembered_within_bounds() -> None:
    """Tags are read for every event, so they are cached; a client that invents them must not fill the memory."""
    assert canonical.cache_info().maxsize == 4096
    assert display_name.cache_info().maxsize == 4096
