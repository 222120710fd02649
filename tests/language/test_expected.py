"""What is expected: tags by script, the allow-list, shares of the traffic, the locale."""

import pytest

from agent.errors import Misconfigured
from agent.language.expected import FLOOR, LOCALE, OUTSIDE, Expected

KNOWN = ["en", "de", "no", "nn", "da", "ru", "uk", "sr", "he"]


def test_shares_are_even_by_default() -> None:
    """Of all languages: nn counts as no, and Serbian is hr in Latin letters."""
    expected = Expected(KNOWN)
    assert {"en", "de", "no", "da", "ru", "uk", "sr", "hr", "he"} <= expected.allowed
    assert "nn" not in expected.allowed
    assert len({expected.share(tag, None) for tag in expected.allowed}) == 1
    assert expected.share("en", None) == pytest.approx(1 / 9)


@pytest.mark.parametrize(
    ("others", "share"), [(["de", "no"], 0.1), (["sr"], 0.1), (["ko", "ja"], 0.1), (["az", "de", "ko", "zh"], 0.05)]
)
def test_the_others_share_the_rest(others: list[str], share: float) -> None:
    """Evenly, in however many scripts each is written: nobody searches in the ones that only CLDR remembers."""
    expected = Expected([*KNOWN, "ko", "ja", "az", "zh"], ["en", *others], {"en": 0.8})
    assert all(expected.share(tag, None) == pytest.approx(share) for tag in expected.allowed - {"en"})
    assert expected.share("en", None) == 0.8


def test_no_allowed_language_is_impossible_and_no_other_forgotten() -> None:
    """The floor, and the share of an outsider."""
    expected = Expected(KNOWN, ["en", "de"], {"en": 1.0})
    assert (expected.share("de", None), expected.share("da", None)) == (FLOOR, OUTSIDE)


def test_a_locale_raises_its_own_language_only() -> None:
    """And only where that one is allowed."""
    expected = Expected(KNOWN, ["en", "de"], {"en": 0.8, "de": 0.2})
    assert expected.share("de", "de") == pytest.approx((1 - LOCALE) * 0.2 + LOCALE)
    assert expected.share("en", "de") == pytest.approx((1 - LOCALE) * 0.8)
    assert expected.share("en", "da") == 0.8


def test_languages_are_spelled_and_merged_as_they_are_answered() -> None:
    """An operator may write nn, iw or sr."""
    assert Expected(KNOWN, ["nn", "iw", "sr"]).allowed >= {"no", "he", "sr", "hr"}


def test_a_group_may_be_the_operators_own() -> None:
    """The first is the tag."""
    assert Expected(KNOWN, merge=[["da", "no", "nn"]]).tag("nn", "Latn") == "da"


def test_languages_that_cannot_be_an_answer_are_mistakes() -> None:
    """Those that no model knows, and shares of those that are not allowed: all at once."""
    with pytest.raises(Misconfigured) as caught:
        Expected(KNOWN, ["en", "ti", "klingon"], {"en": 0.5, "de": 0.2, "da": 0.1})
    assert [(mistake.key, mistake.expected.partition(":")[0]) for mistake in caught.value.mistakes] == [
        ("allowed", "languages that can be told from a text, which klingon, ti cannot"),
        ("prior", "shares of allowed languages, which da, de are not"),
    ]


@pytest.mark.parametrize(
    ("shares", "locale", "mostly"),
    [({"de": 0.6}, None, False), ({"en": 0.8}, None, True), ({"en": 0.8}, "de", False), ({"en": 0.2}, "en", True)],
)
def test_english_is_most_of_the_traffic_where_somebody_says_so(
    shares: dict[str, float],
    locale: str | None,
    mostly: bool,  # noqa: FBT001  a case's value
) -> None:
    """By its share, or by the locale of the one who asks."""
    assert Expected(KNOWN, ["en", "de"], shares).mostly_english(locale) is mostly
    assert not Expected(KNOWN, ["de"], {}).mostly_english(None)


def test_chinese_is_chinese_in_either_of_its_scripts() -> None:
    """As a locale and as what a service declares."""
    expected = Expected(["zh", "ja"])
    assert {expected.tag("zh-Hant", script) for script in ("Hans", "Hant", "Hani")} == {"zh"}
