"""The settings that a probe writes: they load as they are, and say where they come from."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.config.configuration import load
from agent.probing.separation.floor import Floor
from agent.probing.separation.probe import Probed, probe
from agent.probing.separation.result import document
from agent.probing.separation.thresholds import fragment, of_languages
from tests.probing.separation.worlds import embedder, plan

AT = datetime(2026, 11, 22, 4, tzinfo=UTC)


@pytest.fixture(scope="module")
def probed() -> Probed:
    """German and Spanish are connected, Amharic is broken; unrelated texts are nearer to Spanish ones than to English ones."""
    asked = plan(["de", "es", "am"])
    found = probe(embedder(asked, {"en": "shared", "de": "shared", "es": "shared", "am": "not"}), asked)
    return found._replace(floor=Floor(0.2149, 0.3, "index", 40), apart={"en": 0.28, "de": 0.3, "es": 0.33, "am": 0.4})


def test_what_is_written_can_be_pasted(probed: Probed, tmp_path: Path) -> None:
    """It loads: the model's threshold, Spanish as far above it as Spanish lies above English, the floor. A broken language has none."""
    file = tmp_path / "thresholds.yaml"
    file.write_text(fragment(document(probed, "intfloat/multilingual-e5: small"), AT), encoding="utf-8")
    quality = load(file, {}).quality
    assert dict(quality.hit_threshold.models) == {"intfloat/multilingual-e5: small": 0.3}
    assert dict(quality.hit_threshold.languages) == {"es": 0.35}
    assert quality.similarity.floor == 0.215


def test_it_says_where_it_comes_from(probed: Probed) -> None:
    """When, of which model, measured by what."""
    text = fragment(document(probed, "ours"), AT)
    assert "Measured on 2026-11-22 by `babelwatch probe run` of memory, with 40 unrelated queries" in text
    assert "the service's own search" in text
    lists = probed._replace(floor=probed.floor._replace(source="lists"))
    assert "the bundled lists, which are few texts" in fragment(document(lists, "memory"), AT)
    assert "write the one that your log has" in fragment(document(lists, "memory"), AT)


def test_nothing_measured_nothing_written(probed: Probed, tmp_path: Path) -> None:
    """The file says so, and still loads."""
    nothing = probed._replace(floor=Floor(None, None, "lists", 0))
    file = tmp_path / "thresholds.yaml"
    file.write_text(fragment(document(nothing, "ours"), AT), encoding="utf-8")
    assert load(file, {}).quality.similarity.floor is None
    assert of_languages(nothing) == {}


def test_of_vectors_without_meaning_no_threshold_is_written(tmp_path: Path) -> None:
    """It would be that of chance."""
    asked = plan(["de"])
    found = probe(embedder(asked, {"en": "not", "de": "not"}), asked)
    file = tmp_path / "thresholds.yaml"
    file.write_text(fragment(document(found, "ours"), AT), encoding="utf-8")
    assert found.floor.cutoff is not None
    assert not load(file, {}).quality.hit_threshold.models


def test_a_model_folder_is_called_by_its_name(probed: Probed, tmp_path: Path) -> None:
    """A path is what no log says; the file says what to do about it. Names with a slash are names."""
    for path in (f"{tmp_path}/ours", "./models/ours", "~/ours/"):
        text = fragment(document(probed._replace(model=path), path), AT)
        assert 'models: {"ours": 0.30}' in text
        assert "of ours, with 40" in text
        assert "write the one that your log has" in text


def test_without_the_language_of_the_unrelated_queries_none_is_compared(probed: Probed) -> None:
    """A difference needs both."""
    assert of_languages(probed._replace(apart={"es": 0.33})) == {}
