"""The models that the station is tested with, and the real questions."""

import gzip
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from agent.language.fasttext import FastTextModel, bundled_model
from agent.language.memory import MemoryModel
from agent.language.tagger import Tagger


class Question(NamedTuple):
    """One question of XQuAD: in which language it really is, and whether its paragraph was found."""

    language: str
    text: str
    found: bool


class _Logged(msgspec.Struct):
    query: str
    true_language: str
    relevant: list[str]
    results: list[dict[str, str | float]]


@pytest.fixture(scope="session")
def lid() -> FastTextModel:
    """The real model, lid.176."""
    return FastTextModel(bundled_model())


@pytest.fixture(scope="session")
def tagger(lid: FastTextModel) -> Tagger:
    """The real model under the default policy."""
    return Tagger(lid)


@pytest.fixture(scope="session")
def few_words() -> MemoryModel:
    """A model of a few words, for tests that say which language weighs how much."""
    words = {
        "en": "where is the station",
        "de": "wo ist der bahnhof",
        "nn": "kva kor",
        "no": "hva hvor",
        "sr": "где sta",
        "uk": "де що",
    }
    words |= {"ru": "где-то что", "ja": "駅", "zh": "站", "he": "שלום", "yi": "גוט", "el": "πού"}
    return MemoryModel({word: language for language, line in words.items() for word in line.split()})


@pytest.fixture(scope="session")
def xquad(shared: Path) -> list[Question]:
    """The 14,280 questions of the first version: 1,190 in each of twelve languages."""
    with gzip.open(shared / "data/xquad/xquad-paragraphs-v1.jsonl.gz") as lines:
        logged = [msgspec.json.decode(line, type=_Logged) for line in lines]
    return [Question(e.true_language, e.query, e.relevant[0] in [r["doc_id"] for r in e.results[:10]]) for e in logged]
