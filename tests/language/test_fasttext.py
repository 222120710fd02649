"""The contract of a language model, and the file of the real one."""

import base64
import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import Stop
from agent.language.base import LanguageModel
from agent.language.codes import canonical
from agent.language.fasttext import FastTextModel, bundled_model
from agent.language.memory import MemoryModel


@pytest.fixture(scope="session", params=["lid", "few_words"])
def model(request: pytest.FixtureRequest) -> LanguageModel:
    """The real model and its twin."""
    found: LanguageModel = request.getfixturevalue(request.param)
    return found


def test_the_likeliest_language_comes_first(model: LanguageModel) -> None:
    """A plain sentence is recognised."""
    assert model.candidates("wo ist der bahnhof", 5)[0][0] == "de"


def test_no_more_candidates_than_asked_for(model: LanguageModel) -> None:
    """At most k, in falling order, and what they weigh is a probability."""
    text = "where is der bahnhof"
    assert len(model.candidates(text, 1)) == 1
    weights = [probability for _, probability in model.candidates(text, 5)]
    assert weights == sorted(weights, reverse=True)
    assert 0.0 < sum(weights) < 1.001


@pytest.mark.parametrize("text", ["", " ", "login", "\n", "\x00"])
def test_no_evidence_is_no_candidate(model: LanguageModel, text: str) -> None:
    """Words that the model has not kept say nothing, not English."""
    assert model.candidates(text, 5) == []


def test_lines_are_read_as_one_text(model: LanguageModel) -> None:
    """A line break does not end the text."""
    assert model.candidates("wo ist\nder bahnhof", 1) == model.candidates("wo ist der bahnhof", 1)


@given(st.text(st.characters(), max_size=300))
def test_any_text_is_answered_in_known_languages(model: LanguageModel, text: str) -> None:
    """Nothing is raised, lone surrogates included, and every answer is one of the model's languages."""
    assert {language for language, _ in model.candidates(text, 5)} <= model.languages


def test_languages_are_canonical(model: LanguageModel) -> None:
    """What a model answers is spelled as what services declare."""
    assert all(canonical(language) == language for language in model.languages)


def test_wikipedias_names_are_not_taken_for_languages(lid: FastTextModel) -> None:
    """The label als is Alemannic, and not Albanian; labels that CLDR has no language for are left out."""
    assert len(lid.languages) == 174
    assert {"gsw", "sq", "fil", "sr-Latn"} <= lid.languages
    assert not {"als", "tl", "sh", "eml", "nah"} & lid.languages


def test_the_bundled_file_is_found_whole() -> None:
    """The package that carries it is installed."""
    assert bundled_model().stat().st_size > 900_000


def test_a_package_that_is_not_there_is_one_sentence() -> None:
    """The message says which file is missing and what to install."""
    with pytest.raises(Stop, match=r"^the language model lid.176.ftz is missing: install no-such-package again$"):
        bundled_model("no-such-package")


def test_a_file_that_was_removed_is_missing(site: Path) -> None:
    """The record may list what is no longer there."""
    (site / "carrier/model.bin").unlink()
    with pytest.raises(Stop, match=r"model\.bin is missing"):
        bundled_model("carrier", "model.bin")


def test_a_file_as_it_was_installed_is_taken(site: Path) -> None:
    """Its digest is the one in the record."""
    assert bundled_model("carrier", "model.bin") == site / "carrier/model.bin"


def test_a_damaged_file_is_not_read(site: Path) -> None:
    """The C++ loader would end the process, so the digest is compared before."""
    (site / "carrier/model.bin").write_bytes(b"whol")
    with pytest.raises(Stop, match=r"model\.bin is damaged: install carrier again"):
        bundled_model("carrier", "model.bin")


def test_a_file_that_is_no_model_is_one_sentence(tmp_path: Path) -> None:
    """No stack trace from C++."""
    (tmp_path / "model.bin").write_bytes(b"not a model")
    with pytest.raises(Stop, match=r"model\.bin cannot be read"):
        FastTextModel(tmp_path / "model.bin")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of packages with one that carries a file, recorded as installers do it."""
    content = b"whole"
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
    info = tmp_path / "carrier-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: carrier\nVersion: 1.0\n")
    (info / "RECORD").write_text(f"carrier/model.bin,sha256={digest},{len(content)}\n")
    (tmp_path / "carrier").mkdir()
    (tmp_path / "carrier/model.bin").write_bytes(content)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_the_twin_counts_words() -> None:
    """A language weighs its share of the known words."""
    model = MemoryModel({"ja": "fi", "und": "de", "oder": "de"})
    assert model.candidates("ja und oder nein", 5) == [("de", 2 / 3), ("fi", 1 / 3)]
