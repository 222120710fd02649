"""The bundled list, and how lists are put together and paired."""

import re
from pathlib import Path

import pytest

from agent.language.codes import canonical
from agent.probing.separation.concepts import BUNDLED, Concept, Concepts, bundled, joined, likeness, told_apart
from agent.probing.separation.floor import UNRELATED, lines_of

FILES = sorted(BUNDLED.glob("*.tsv"))
NEEDED = {"lo", "th", "km", "my", "am", "sw"}


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_a_bundled_file_is_whole(file: Path) -> None:
    """Each has every concept once, with two wordings that differ from each other and from all others, under a canonical tag."""
    lines = [line.split("\t") for line in file.read_text(encoding="utf-8").removesuffix("\n").split("\n")]
    english = [line.split("\t")[0] for line in (BUNDLED / "en.tsv").read_text(encoding="utf-8").removesuffix("\n").split("\n")]
    assert [len(line) for line in lines] == [3] * len(english)
    assert sorted(line[0] for line in lines) == sorted(english)
    texts = [text.strip() for line in lines for text in line[1:]]
    assert all(texts)
    assert len({text.casefold() for text in texts}) == len(texts)
    assert canonical(file.stem) == file.stem


def test_the_bundled_list_is_as_large_as_it_says() -> None:
    """At least 40 concepts in at least 25 languages, those of rare scripts included."""
    found = Concepts("phrases", bundled())
    assert len(found.concepts) >= 40
    assert len(found.languages) >= 25
    assert {*found.languages} >= NEEDED


def test_unrelated_queries_are_unrelated() -> None:
    """About forty, each once, and none shares a word of content with a bundled English concept."""
    queries = lines_of(UNRELATED)
    assert 35 <= len(queries) == len(set(queries))
    concepts = {word for each in bundled() for text in each.texts["en"] for word in re.findall(r"[a-z]{5,}", text.lower())}
    assert {word for query in queries for word in re.findall(r"[a-z]{5,}", query.lower())} & concepts == set()


def test_own_wordings_replace_bundled_ones_of_the_same_language() -> None:
    """A correction of one language leaves the others; a new concept comes last."""
    there = [Concept("a", {"en": ("one", "two"), "lo": ("wrong", "too")})]
    own = [Concept("a", {"lo": ("right",)}), Concept("b", {"en": ("x", "y")})]
    assert joined(there, own) == (Concept("a", {"en": ("one", "two"), "lo": ("right",)}), Concept("b", {"en": ("x", "y")}))


def test_within_a_language_two_wordings_are_needed() -> None:
    """One wording has no synonym."""
    listed = Concepts("phrases", (Concept("a", {"en": ("one", "two")}), Concept("b", {"en": ("three",)})))
    assert told_apart(listed, "en", "en") == (0,)


def test_what_is_spelled_the_same_is_no_pair() -> None:
    """The same text in two languages is found by any model; of another concept's it says nothing."""
    texts: list[dict[str, tuple[str, ...]]] = [
        {"en": ("coffee",), "de": ("Kaffee",)},
        {"en": ("Hotel", "inn"), "de": ("hotel", "Gasthof")},
        {"en": ("only",)},
    ]
    listed = Concepts("phrases", tuple(Concept(str(at), each) for at, each in enumerate(texts)))
    assert told_apart(listed, "de", "en") == (0,)


def test_the_least_alike_names_are_taken() -> None:
    """Below the limit, and of those as many as the list says, in the order of the list."""
    texts = [("Österreich", "Austria"), ("Ungarisch", "Hungarian"), ("Griechisch", "Greek"), ("Deutsch", "German")]
    listed = Concepts("names", tuple(Concept(german, {"de": (german,), "en": (english,)}) for german, english in texts), 0.6, 2)
    assert [round(likeness(*each), 2) for each in texts] == [0.47, 0.67, 0.4, 0.15]
    assert told_apart(listed, "de", "en") == (2, 3)
    assert told_apart(listed._replace(most=None), "de", "en") == (0, 2, 3)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("Çin", "cin", 1.0), ("Ägypten", "agypten", 1.0), ("ລາວ", "Lao", 0.0), ("Egypt", "Egipt", 0.8), ("", "a", 0.0)],
)
def test_likeness_is_of_letters(one: str, other: str, expected: float) -> None:
    """Case and accents do not count, other scripts share nothing."""
    assert likeness(one, other) == pytest.approx(expected)
