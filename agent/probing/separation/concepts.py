"""Concepts and how they are worded: what two texts of one concept say is the same, what two texts of different ones say is not.

The bundled list is one file a language in `concepts/` (its README says how it was made); `own` reads a user's, `names` makes one of
CLDR's names.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path
from typing import Final, Literal, NamedTuple

BUNDLED: Final = Path(__file__).parent / "concepts"
SEVERAL: Final = 2

ListName = Literal["phrases", "names"]


class Concept(NamedTuple):
    """One meaning: for each language its wordings, all different."""

    id: str
    texts: Mapping[str, tuple[str, ...]]


class Concepts(NamedTuple):
    """A list of concepts, in order.

    Wordings of two languages are a pair only if they are less `alike` in spelling than this (1: not the same text), and of those at
    most the `most` least alike ones: what is spelled alike is found without being understood.
    """

    name: ListName
    concepts: tuple[Concept, ...]
    alike: float = 1.0
    most: int | None = None

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that have any wording, by tag."""
        return tuple(sorted({language for concept in self.concepts for language in concept.texts}))


def bundled(folder: Path = BUNDLED) -> tuple[Concept, ...]:
    """The concepts of the bundled files, in the order of their identifiers."""
    texts: defaultdict[str, dict[str, tuple[str, ...]]] = defaultdict(dict)
    for file in sorted(folder.glob("*.tsv")):
        for line in filter(None, file.read_text(encoding="utf-8").split("\n")):
            concept, *wordings = line.split("\t")
            texts[concept][file.stem] = tuple(wordings)
    return tuple(Concept(concept, texts[concept]) for concept in sorted(texts))


def joined(bundled: Iterable[Concept], own: Iterable[Concept]) -> tuple[Concept, ...]:
    """Both; where they word a concept of one identifier in the same language, the own wordings replace the bundled ones."""
    texts = {concept.id: dict(concept.texts) for concept in bundled}
    for concept in own:
        texts[concept.id] = {**texts.get(concept.id, {}), **concept.texts}
    return tuple(Concept(identifier, worded) for identifier, worded in texts.items())


def told_apart(listed: Concepts, language: str, other: str) -> tuple[int, ...]:
    """Which concepts of the list, by their place, make synonym pairs between two languages, or within one."""
    if language == other:
        return tuple(at for at, concept in enumerate(listed.concepts) if len(concept.texts.get(language, ())) >= SEVERAL)
    both = {at: one.texts for at, one in enumerate(listed.concepts) if language in one.texts and other in one.texts}
    alike = {at: _alike(texts[language], texts[other], exact=listed.alike >= 1) for at, texts in both.items()}
    apart = sorted((at for at in alike if alike[at] < listed.alike), key=lambda at: alike[at])
    return tuple(sorted(apart[: listed.most]))


def likeness(one: str, other: str) -> float:
    """How much of two spellings is the same, in 0..1, without case and accents (Ratcliff and Obershelp 1988)."""
    first, second = _plain(one), _plain(other)
    if set(first).isdisjoint(second):  # of two scripts, mostly
        return 0.0
    return SequenceMatcher(None, first, second, autojunk=False).ratio()


def _alike(some: tuple[str, ...], others: tuple[str, ...], *, exact: bool) -> float:
    """The likeness of the two wordings that are most alike; where only the same text counts, 0 for any other."""
    if exact:
        return float(not {_plain(one) for one in some}.isdisjoint(_plain(other) for other in others))
    return max(likeness(one, other) for one in some for other in others)


@cache
def _plain(text: str) -> str:
    """Letters without their marks, in lower case."""
    return "".join(sign for sign in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(sign))
