"""How opinions and shares make a verdict."""

import pytest

from agent.language.evidence import Evidence, Fitted, Opinions, load
from agent.language.expected import Expected
from agent.language.memory import MemoryModel

FITTED = Fitted(MemoryModel({"ein": "de", "een": "nl"}), {"de": {"de": 90, "nl": 10}, "nl": {"nl": 80, "de": 20}})


def opinions(answer: str | None = None, locale: str | None = None, **first: float) -> Opinions:
    """What lid.176 and cld2 said of a text."""
    return Opinions(first, answer, answer, {}, locale)


def evidence(**shares: float) -> Evidence:
    """Two languages, and nothing else."""
    return Evidence(FITTED, Expected(["de", "nl"], None, shares))


def test_nobody_named_a_language() -> None:
    """Then there is no verdict."""
    assert evidence().weigh(opinions()) is None


def test_the_second_opinion_counts_by_how_often_it_is_right() -> None:
    """Ln P(answer | language): nl is said of one German text in ten."""
    verdict = evidence().weigh(opinions("nl", de=0.5, nl=0.5))
    assert verdict is not None
    assert verdict.tag == "nl"
    assert verdict.probability == pytest.approx(8**0.5 / (1 + 8**0.5), abs=1e-3)


def test_a_share_tips_what_is_open_and_the_verdict_tells() -> None:
    """The opinions alone had named nl."""
    verdict = evidence(de=0.99, nl=0.01).weigh(opinions("nl", de=0.5, nl=0.5))
    assert verdict is not None
    assert (verdict.tag, verdict.unweighted) == ("de", "nl")


def test_a_locale_names_a_candidate() -> None:
    """Also one that no model had thought of."""
    verdict = evidence().weigh(opinions(locale="nl", de=0.3))
    assert verdict is not None
    assert verdict.tag in {"de", "nl"}
    assert verdict.probability < 0.99


def test_what_was_fitted_is_there() -> None:
    """The shipped files: 97 languages, each with its counted answers."""
    fitted = load()
    assert set(fitted.answers) <= fitted.model.languages
    assert {sum(counted.values()) for counted in fitted.answers.values()} == {1_500}
