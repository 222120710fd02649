"""The models that the station is tested with, and the real questions."""

import gzip
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from agent.language import evidence
from agent.language.base import LanguageModel
from agent.language.cld2 import Cld2
from agent.language.evidence import Fitted
from agent.language.expected import MERGED, Expected, Groups, Shares
from agent.language.fasttext import FastTextModel, bundled_model
from agent.language.memory import MemoryModel
from agent.language.tagger import CACHE_SIZE, MIN_CONFIDENCE, Models, Tagger


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


def tagger_of(  # noqa: PLR0913, PLR0917  what a tagger can be told
    model: LanguageModel,
    allowed: frozenset[str] | None = None,
    shares: Shares | None = None,
    merge: Groups = MERGED,
    min_confidence: float = MIN_CONFIDENCE,
    cache_size: int = CACHE_SIZE,
) -> Tagger:
    """The policy over lid.176 with its companions, or over one twin that plays all three."""
    models = Models(model, model, Fitted(model, {})) if isinstance(model, MemoryModel) else Models(model, Cld2(), evidence.load())
    return Tagger(models, Expected(model.languages, allowed, shares, merge), min_confidence, cache_size)


@pytest.fixture(scope="session")
def tagger(lid: FastTextModel) -> Tagger:
    """The real models under the default policy."""
    return tagger_of(lid)


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
