"""What is expected: tags by script, the allow-list, shares of the traffic, the locale."""

import pytest

from agent.errors import Misconfigured
from agent.language.expected import FLOOR, LOCALE, OUTSIDE, Expected

KNOWN = ["en", "de", "no", "nn", "da", "ru", "uk", "sr", "he"]


def test_shares_are_even_by_default() -> None:
    """Of all tags: nn counts as no, and Serbian is hr in Latin letters."""
    expected = Expected(KNOWN)
    assert {"en", "de", "no", "da", "ru", "uk", "sr", "hr", "he"} <= expected.allowed
    assert "nn" not in expected.allowed
    assert len({expected.share(tag, None) for tag in expected.allowed}) == 1
    assert expected.share("en", None) == pytest.approx(1 / len(expected.allowed))


def test_the_others_share_the_rest() -> None:
    """What is not named is as likely as any other that is not named."""
    expected = Expected(KNOWN, ["en", "de", "no"], {"en": 0.8})
    assert expected.share("en", None) == 0.8
    assert expected.share("de", None) == expected.share("no", None)
    assert 0.05 < expected.share("de", None) <= 0.1


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


@pytest.mark.parametrize(("allowed", "shares", "key"), [(["en", "ti", "klingon"], {}, "allowed"), (["en"], {"de": 0.5}, "prior")])
def test_a_language_that_cannot_be_an_answer_is_a_mistake(allowed: list[str], shares: dict[str, float], key: str) -> None:
    """One that no model knows, or a share of one that is not allowed."""
    with pytest.raises(Misconfigured, match=f"{key}: languages that can be told from a text, which (klingon, ti|de) cannot"):
        Expected(KNOWN, allowed, shares)
