"""How opinions and shares make a verdict."""

import shutil
from pathlib import Path

import pytest

from agent.errors import Stop
from agent.language import evidence as evidence_files
from agent.language.evidence import ANSWERS, MODEL, Evidence, Fitted, Opinions, load
from agent.language.expected import Expected
from agent.language.memory import MemoryModel

TWO = Fitted(MemoryModel({"ein": "de", "een": "nl"}), {"de": {"de": 90, "nl": 10}, "nl": {"nl": 80, "de": 20}})


def opinions(answer: str | None = None, locale: str | None = None, **first: float) -> Opinions:
    """What lid.176 and cld2 said of a text."""
    return Opinions("Latn", first, answer, answer, {}, locale)


def evidence(**shares: float) -> Evidence:
    """Two languages, and nothing else."""
    return Evidence(TWO, Expected(["de", "nl"], None, shares))


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
    verdict = evidence().weigh(opinions(locale="nl", de=0.01))
    assert verdict is not None
    alone = evidence().weigh(opinions(de=0.01))
    assert alone is not None
    assert (verdict.tag, alone.tag) == ("nl", "de")


def test_a_locale_alone_is_no_evidence() -> None:
    """It says what is expected, not what was said."""
    assert evidence().weigh(opinions(locale="nl")) is None


def test_one_name_is_not_sure_of_itself() -> None:
    """Languages that nobody named are possible too."""
    verdict = evidence().weigh(opinions(de=0.02))
    assert verdict is not None
    assert verdict.probability < 0.99


def test_of_two_that_are_as_likely_the_first_in_the_alphabet_is_named() -> None:
    """In every process the same."""
    verdict = Evidence(Fitted(MemoryModel({}), {}), Expected(["de", "nl"])).weigh(opinions(nl=0.5, de=0.5))
    assert verdict is not None
    assert verdict.tag == verdict.unweighted == "de"


def test_what_was_fitted_is_there() -> None:
    """The shipped files: each language with its counted answers."""
    fitted = load()
    assert len(fitted.answers) > 70
    assert set(fitted.answers) <= fitted.model.languages
    assert {sum(counted.values()) for counted in fitted.answers.values()} == {1_500}


@pytest.mark.parametrize("name", [MODEL, ANSWERS])
@pytest.mark.parametrize("left", [None, 0, 100, -2])
def test_a_damaged_fit_is_one_sentence(tmp_path: Path, name: str, left: int | None) -> None:
    """No stack trace, and no engine that hangs over it: a file that is away, empty, or cut."""
    shutil.copytree(evidence_files.FITTED, tmp_path, dirs_exist_ok=True)
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).unlink()
    if left is not None:
        (tmp_path / name).write_bytes(whole[:left])
    with pytest.raises(Stop, match=r"is damaged, where .* install babelwatch again"):
        load(tmp_path)
