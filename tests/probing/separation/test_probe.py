"""A whole probe over worlds that are known: what is understood is found out, and what cannot be known is null."""

from collections import Counter

import numpy as np
import pytest

from agent.errors import Unreachable
from agent.probing.base import Hit
from agent.probing.embedding.memory import InMemoryEmbedder
from agent.probing.separation.concepts import Concept, Concepts
from agent.probing.separation.finder import Found
from agent.probing.separation.probe import Plan, Probed, probe
from agent.probing.separation.result import document
from tests.probing.separation.worlds import Understood, concepts, embedder, plan

WORLD = {"en": "shared", "de": "shared", "ja": "apart", "lo": "alike", "am": "not"}
FIGURES = {
    *("n", "synonym_mean", "unrelated_mean", "margin", "auc", "ci95", "cutoff", "p_at_1", "back_p_at_1", "same_language_mean"),
    *("same_language_auc", "modality_gap", "fragmentation", "unknown_share", "noise", "below_noise", "verdict", "reason", "lists"),
}


@pytest.fixture(scope="module")
def probed() -> Probed:
    """All of the world against English."""
    asked = plan([*WORLD])
    return probe(embedder(asked, WORLD), asked)  # type: ignore[arg-type]  # words of the world


def row(probed: Probed, language: str) -> Found:
    """What was found of a language."""
    return next(found for found in probed.languages if found.language == language)


@pytest.mark.parametrize(
    ("language", "verdict", "reason"),
    [
        ("en", "connected", "separates"),
        ("de", "connected", "separates"),
        ("ja", "broken", "alignment"),
        ("lo", "broken", "language"),
        ("am", "broken", "language"),
    ],
)
def test_each_way_to_be_broken_is_told(probed: Probed, language: str, verdict: str, reason: str) -> None:
    """A broken alignment is not a broken language, and one vector for everything is as broken as chance."""
    assert row(probed, language).judgement == (verdict, reason)


@pytest.mark.parametrize(
    ("understood", "languages", "documents", "expected"),
    [
        ({"en": "not", "de": "not", "lo": "not"}, ["de", "en", "lo"], ["en"], True),
        ({"en": "alike", "de": "alike", "lo": "alike"}, ["de", "en", "lo"], ["en"], True),
        ({"en": "not", "lo": "not"}, ["lo"], ["en"], True),
        ({"en": "shared", "de": "not", "lo": "not"}, ["de", "lo"], ["en"], False),
        ({"en": "apart", "de": "apart"}, ["de"], ["en"], False),
        ({"de": "not", "lo": "not"}, ["lo", "de"], ["de"], False),
        ({"en": "not", "de": "shared", "lo": "not"}, ["lo", "en"], ["de"], False),
    ],
    ids=[
        "random",
        "one vector",
        "only Lao is asked",
        "English is known",
        "each alone is known",
        "nobody asks English",
        "German is known",
    ],
)
def test_vectors_without_meaning_are_noticed(
    understood: dict[str, Understood],
    languages: list[str],
    documents: list[str],
    expected: bool,  # noqa: FBT001 - a case of the table
) -> None:
    """Random vectors, or the same one always; not a model that knows English, or the documents' language, or was not asked either."""
    asked = plan(languages, documents)
    assert document(probe(embedder(asked, understood), asked), "m")["senseless"] == expected


def test_the_same_language_stands_beside_the_other(probed: Probed) -> None:
    """Within an unaligned language synonyms are near, across they are not: the gap is their difference."""
    rows = {each["language"]: each for each in document(probed, "m")["languages"]}
    assert rows["ja"]["same_language_mean"] == pytest.approx(rows["en"]["synonym_mean"], abs=0.1)
    assert rows["ja"]["modality_gap"] == pytest.approx(rows["ja"]["same_language_mean"] - rows["ja"]["synonym_mean"], abs=1e-6)
    assert rows["ja"]["modality_gap"] > 0.5
    assert rows["en"]["modality_gap"] is None
    assert abs(rows["de"]["modality_gap"]) < 0.05


def test_first_places_are_counted_both_ways(probed: Probed) -> None:
    """Two languages that lie together find each other; where every text is the same, luck does, there and back."""
    rows = {each["language"]: each for each in document(probed, "m")["languages"]}
    assert rows["de"]["p_at_1"] == rows["de"]["back_p_at_1"] == 1
    assert rows["lo"]["p_at_1"] == pytest.approx(1 / 40, abs=0.03)
    assert rows["lo"]["back_p_at_1"] == pytest.approx(1 / 40)


def test_below_noise_is_below_unrelated_english_texts(probed: Probed) -> None:
    """The noise is the mean cosine of unrelated texts of the documents' language, whatever the query language."""
    told = document(probed, "m")
    english = next(pair for pair in told["pairs"] if (pair["query_language"], pair["document_language"]) == ("en", "en"))
    assert {each["noise"] for each in told["languages"]} == {english["unrelated_mean"]}
    assert {each["language"]: each["below_noise"] for each in told["languages"]} == {
        each["language"]: each["synonym_mean"] < english["unrelated_mean"] for each in told["languages"]
    }
    assert not english["below_noise"]


def test_the_answer_is_as_the_contract_has_it(probed: Probed) -> None:
    """Every key in every row; pairs are each language against each document language, and each alone."""
    told = document(probed, "m")
    assert {"model", "embedding_model", "floor", "floor_source", "cutoff", "languages", "pairs"} <= told.keys()
    assert all(each.keys() == {"language", "threshold", *FIGURES} for each in told["languages"])
    assert all(each.keys() == {"query_language", "document_language", *FIGURES} for each in told["pairs"])
    pairs = [(each["query_language"], each["document_language"]) for each in told["pairs"]]
    assert pairs == [(tag, "en") for tag in WORLD] + [(tag, tag) for tag in WORLD if tag != "en"]


def test_one_list_is_not_enough_for_broken() -> None:
    """A language that only the phrases have is weak at worst, and the reason says why."""
    whole = plan(["am"])
    alone = whole._replace(lists=(whole.lists[0], Concepts("names", ())))
    found = probe(embedder(alone, {"am": "not", "en": "shared"}), alone)
    assert row(found, "am").judgement == ("weak", "one_list")


def test_a_language_of_names_alone_has_their_figures() -> None:
    """What the first list does not have, the second shows; within the language nothing is known."""
    whole = plan(["cy"])
    phrases = Concepts("phrases", tuple(Concept(each.id, {"en": each.texts["en"]}) for each in whole.lists[0].concepts))
    names = whole._replace(lists=(phrases, whole.lists[1]))
    told = document(probe(embedder(names, {"cy": "shared", "en": "shared"}), names), "m")
    [welsh] = told["languages"]
    assert (welsh["n"], welsh["verdict"], welsh["auc"]) == (40, "connected", 1.0)
    assert (welsh["same_language_mean"], welsh["modality_gap"]) == (None, None)
    assert [*welsh["lists"]] == ["names"]


def test_what_cannot_be_known_is_null() -> None:
    """A language with three concepts has figures and no verdict; one without a tokenizer no tokens; one with no pair nothing at all."""
    few = plan(["de"], n=3)
    [german] = document(probe(embedder(few, {"de": "shared", "en": "shared"}), few), "m")["languages"]
    assert (german["n"], german["verdict"], german["reason"]) == (3, None, "too_few")
    assert german["fragmentation"] is german["unknown_share"] is None
    lists = (concepts("phrases", ["en"]), concepts("names", ["en"]))
    none = few._replace(lists=lists)
    [nothing] = document(probe(embedder(none, {"en": "shared"}), none), "m")["languages"]
    assert nothing["n"] == 0
    assert {nothing[key] for key in ("synonym_mean", "auc", "margin", "cutoff", "p_at_1", "verdict", "below_noise")} == {None}


def test_documents_in_two_languages_are_asked_together() -> None:
    """A row is all documents at once: a language that finds only one of two document languages is not connected."""
    asked = plan(["en", "ja"], ["en", "ja"])
    told = document(probe(embedder(asked, {"en": "shared", "ja": "apart"}), asked), "m")
    both = next(each for each in told["languages"] if each["language"] == "ja")
    pairs = {(each["query_language"], each["document_language"]): each for each in told["pairs"]}
    assert pairs["ja", "ja"]["auc"] > 0.99
    assert pairs["ja", "en"]["auc"] < 0.6
    assert pairs["ja", "en"]["auc"] < both["auc"] < pairs["ja", "ja"]["auc"]
    assert both["n"] == 40
    assert len(pairs) == 4


def test_tokens_are_compared_with_those_of_the_documents() -> None:
    """Twice as many tokens for the same concepts are a fragmentation of 2; unknown ones are counted."""
    english = {"en": ("one",), "de": ("eins zwei",)}
    more = {"en": ("three", "four"), "de": ("drei vier", "fünf sechs")}
    lists = (Concepts("phrases", (Concept("a", english), Concept("b", more))), Concepts("names", ()))
    asked = Plan(lists, ("de",), ("en",), ("unrelated",))
    [german] = document(probe(InMemoryEmbedder(words=frozenset({"one", "three", "four", "eins"})), asked), "m")["languages"]
    assert (german["fragmentation"], german["unknown_share"]) == (2.0, pytest.approx(5 / 6, abs=1e-6))


def test_each_text_is_embedded_once_a_role() -> None:
    """The plan that is told before a run is what is asked in it."""
    asked = plan(["en", "de"])
    model = embedder(asked, {"en": "shared", "de": "shared"})
    told: list[tuple[int, int]] = []
    probe(model, asked, told=lambda done, total: told.append((done, total)))
    texts = asked.texts()
    seen = {role: Counter(text for each, some in model.asked if each == role for text in some) for role in texts}
    assert seen == {role: Counter(some) for role, some in texts.items()}
    assert told[-1] == (sum(map(len, texts.values())),) * 2


def test_the_floor_is_that_of_the_best_source() -> None:
    """The index where there is a search that finds something, else the corpus, else the lists."""
    asked = plan(["de"])
    model = embedder(asked, {"de": "shared", "en": "shared"})
    corpus = asked._replace(corpus=asked.unrelated[:39])
    searched = probe(model, corpus, lambda _: [Hit("1", 0.21)]).floor
    assert (searched.value, searched.source, searched.cutoff) == (0.21, "index", 0.22)
    in_vain = probe(model, corpus, lambda _: []).floor
    assert in_vain.source == "corpus"
    assert in_vain.value == pytest.approx(1.0)
    lists = probe(model, asked).floor
    assert lists.source == "lists"
    assert lists.value is not None
    assert 0.1 < lists.value < 0.5


def test_a_search_that_is_away_ends_the_probe() -> None:
    """No floor of something else in its place, unsaid."""
    asked = plan(["de"])

    def away(_: str) -> list[Hit]:
        raise Unreachable("no answer from the search")

    with pytest.raises(Unreachable):
        probe(embedder(asked, {"de": "shared", "en": "shared"}), asked, away)


def test_a_probe_gives_the_same_again(probed: Probed) -> None:
    """Nothing is drawn by chance: the same vectors give the same figures."""
    asked = plan([*WORLD])
    assert document(probe(embedder(asked, WORLD), asked), "m") == document(probed, "m")  # type: ignore[arg-type]  # words of the world
    assert np.isfinite(probed.floor.value or np.nan)
