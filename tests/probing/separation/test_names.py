"""The list of CLDR's names."""

import pytest

from agent.probing.separation.concepts import Concepts, bundled, told_apart
from agent.probing.separation.names import names
from agent.probing.separation.verdict import FEWEST

LANGUAGES = Concepts("phrases", bundled()).languages


def texts(language: str) -> dict[str, str]:
    """The names in one language."""
    return {concept.id: concept.texts[language][0] for concept in names([language]).concepts}


def test_names_are_native() -> None:
    """A language is called what its speakers call it; days are there too."""
    assert texts("de")["country EG"] == "Ägypten"
    assert texts("lo")["language de"] == "ເຢຍລະມັນ"
    assert texts("fi")["day 0"].startswith("maanantai")


def test_one_language_never_speaks_for_another() -> None:
    """Babel hands out the days of whoever was asked first where a language inherits them: all orders give the same."""
    forwards = {tag: texts(tag)["day 0"] for tag in ("lo", "th", "my", "sw", "de")}
    assert len(set(forwards.values())) == 5
    assert {tag: texts(tag)["day 0"] for tag in reversed(forwards)} == forwards


@pytest.mark.parametrize("language", [tag for tag in LANGUAGES if tag != "en"])
def test_every_bundled_language_has_names_that_differ_from_the_english_ones(language: str) -> None:
    """Enough for a verdict of their own, none of them spelled as in English."""
    listed = names([language, "en"])
    pairs = [listed.concepts[at].texts for at in told_apart(listed, language, "en")]
    assert 2 * FEWEST <= len(pairs) <= 40
    assert all(pair[language] != pair["en"] for pair in pairs)


def test_one_concept_one_name() -> None:
    """No two concepts of a language have the same name: it would be an unrelated pair that is the same text."""
    for language in LANGUAGES:
        named = [text.casefold() for text in texts(language).values()]
        assert len(set(named)) == len(named), language


def test_a_language_without_names_is_left_out() -> None:
    """No CLDR locale, no names: nothing is taken from English in its place."""
    assert names(["tlh", "xx-yy", "en"]).languages == ("en",)


def test_codes_are_no_names() -> None:
    """Where CLDR has no name, the code it answers with is not taken for one."""
    assert all(name.split()[1] != text for tag in LANGUAGES for name, text in texts(tag).items())
