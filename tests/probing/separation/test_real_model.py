"""The probe with a real model that knows English only: what it says agrees with what is known of that model."""

import json
from pathlib import Path
from typing import Any

import pytest
from scipy.stats import spearmanr

from agent import checking
from agent.config.probing_settings import SentenceTransformersSettings
from agent.probing.separation.concepts import Concepts, bundled
from agent.probing.separation.floor import UNRELATED, lines_of
from agent.probing.separation.names import names
from agent.probing.separation.probe import Plan, probe
from agent.probing.separation.result import document

NOT_READ = ("lo", "km", "am")
XQUAD = ("en", "de", "es", "ro", "ru", "el", "tr", "ar", "hi", "th", "vi", "zh")


@pytest.fixture(scope="module")
def rows(minilm: Path) -> dict[str, Any]:
    """What all-MiniLM-L6-v2 is found to be, by language."""
    languages = tuple(sorted({*NOT_READ, *XQUAD}))
    lists = (Concepts("phrases", bundled()), names(languages))
    settings = SentenceTransformersSettings(type="sentence_transformers", model=str(minilm), device="cpu")
    asked = Plan(lists, languages, ("en",), lines_of(UNRELATED))
    told = document(probe(checking.embedder(settings), asked), "all-MiniLM-L6-v2")
    assert told["floor_source"] == "lists"
    assert 0.1 < told["floor"] < told["cutoff"] < 0.4
    return {row["language"]: row for row in told["languages"]}


def test_english_is_connected(rows: dict[str, Any]) -> None:
    """Its synonyms are nearer than unrelated texts, and mostly the nearest."""
    assert rows["en"]["verdict"] == "connected"
    assert rows["en"]["ci95"][0] > 0.9


@pytest.mark.parametrize("language", NOT_READ)
def test_a_language_that_it_cannot_read_is_broken(rows: dict[str, Any], language: str) -> None:
    """Broken by both lists and within the language: its tokenizer knows nearly no token of it, and translations lie below noise."""
    row = rows[language]
    assert (row["verdict"], row["reason"], row["below_noise"]) == ("broken", "language", True)
    assert row["unknown_share"] > 0.9
    assert all(0.4 < said["auc"] < 0.6 for said in row["lists"].values())


def test_margins_are_in_the_order_of_recall(rows: dict[str, Any], shared: Path) -> None:
    """Over XQuAD's twelve languages the margin of the probe goes with recall@10 of real questions on the same model."""
    truth = json.loads((shared / "data" / "xquad" / "truth.json").read_text(encoding="utf-8"))["paragraphs-v1"]
    recall = [truth[language]["recall_at_10"] for language in XQUAD]
    correlation = spearmanr([rows[language]["margin"] for language in XQUAD], recall).statistic
    assert correlation > 0.7, correlation


def test_no_language_that_finds_half_is_called_broken(rows: dict[str, Any], shared: Path) -> None:
    """German, Spanish and Romanian, with a recall of .6 and more, are weak; those below .1 are broken."""
    truth = json.loads((shared / "data" / "xquad" / "truth.json").read_text(encoding="utf-8"))["paragraphs-v1"]
    verdicts = {language: rows[language]["verdict"] for language in XQUAD}
    recall = {language: truth[language]["recall_at_10"] for language in XQUAD}
    assert {verdicts[language] for language in XQUAD if 0.5 < recall[language] < 0.9} == {"weak"}
    assert {verdicts[language] for language in XQUAD if recall[language] < 0.1} == {"broken"}
