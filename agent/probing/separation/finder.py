"""Each query language against documents: the figures of every list, those within the language, what the tokenizer makes of it."""

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import chain
from typing import NamedTuple

import numpy as np

from agent.probing.base import Pieces, Role
from agent.probing.separation.concepts import Concepts, ListName, told_apart
from agent.probing.separation.embedded import Known
from agent.probing.separation.statistics import Figures, Side, figures, first_places, unrelated_mean
from agent.probing.separation.verdict import Judgement, judge

Spoken = tuple[tuple[str, tuple[int, ...]], ...]
"""Languages, each with the concepts of a list that are taken in it, by their places."""


class Listed(NamedTuple):
    """What one list says: `figures`, the share of first places asked the other way, and what the tokenizer makes of it (or None).

    `fragmentation`: mean tokens of the query language's texts to those of the documents'. `unknown`: share of its tokens that the
    tokenizer does not know, in 0..1.
    """

    figures: Figures
    back_p_at_1: float | None
    fragmentation: float | None
    unknown: float | None


class Found(NamedTuple):
    """What a probe found of queries in one language and documents in others.

    `lists`: what each list says that has both. `within`: the figures within the query language, where a list has two wordings in
    it. `noise`: mean cosine of unrelated texts within the documents' languages.
    """

    language: str
    documents: tuple[str, ...]
    lists: Mapping[ListName, Listed]
    within: Figures | None
    noise: float | None
    judgement: Judgement

    @property
    def shown(self) -> Listed | None:
        """What the first list says that says anything."""
        return next(iter(self.lists.values()), None)


class Finder:
    """Compares the texts of some lists, and remembers what it compared; `pieces` are what a tokenizer makes of each text."""

    def __init__(self, lists: Sequence[Concepts], known: Known, pieces: Mapping[str, Pieces] | None) -> None:
        self._lists = lists
        self._known = known
        self._pieces = pieces
        self._numbers: dict[tuple[str, str], int] = {}
        self.found = cache(self._found)
        self._listed = cache(self._said_by)
        self._noise = cache(self._noise_within)

    def _found(self, language: str, documents: tuple[str, ...]) -> Found:
        """Queries in this language against the documents of all these languages together."""
        said = {listed.name: self._listed(at, language, documents) for at, listed in enumerate(self._lists)}
        lists = {name: one for name, one in said.items() if one}
        within = self._within(language)
        noises = [noise for document in documents if (noise := self._noise(document)) is not None]
        phrases, names = (lists[name].figures if name in lists else None for name in ("phrases", "names"))
        judgement = judge(phrases, names, within)
        return Found(language, documents, lists, within, float(np.mean(noises)) if noises else None, judgement)

    def _within(self, language: str) -> Figures | None:
        found = (self._listed(at, language, (language,)) for at in range(len(self._lists)))
        return next((one.figures for one in found if one), None)

    def _said_by(self, at: int, language: str, documents: tuple[str, ...]) -> Listed | None:
        listed = self._lists[at]
        there = tuple((document, told_apart(listed, language, document)) for document in documents)
        here = ((language, tuple(sorted({*chain.from_iterable(concepts for _, concepts in there)}))),)
        if not here[0][1]:
            return None
        found = figures(self._side(listed, here, "query"), self._side(listed, there, "document"))
        back = first_places(self._side(listed, there, "query"), self._side(listed, here, "document"))
        return Listed(found, back, *self._tokens(_texts(listed, here), _texts(listed, there)))

    def _noise_within(self, language: str) -> float | None:
        for listed in self._lists:
            spoken = ((language, tuple(range(len(listed.concepts)))),)
            if _texts(listed, spoken):
                return unrelated_mean(self._side(listed, spoken, "query"), self._side(listed, spoken, "document"))
        return None

    def _side(self, listed: Concepts, spoken: Spoken, role: Role) -> Side:
        texts = [(at, tag, text) for tag, places in spoken for at in places for text in listed.concepts[at].texts.get(tag, ())]
        numbers = [self._numbers.setdefault((tag, text), len(self._numbers)) for _, tag, text in texts]
        vectors = self._known.of((text for _, _, text in texts), role)
        return Side(np.array([at for at, _, _ in texts], dtype=np.intp), np.array(numbers, dtype=np.intp), vectors)

    def _tokens(self, here: Sequence[str], there: Sequence[str]) -> tuple[float | None, float | None]:
        """Fragmentation, and the share of unknown tokens."""
        if self._pieces is None:
            return None, None
        (own, unknown), (others, _) = (np.sum([self._pieces[text] for text in texts], axis=0) for texts in (here, there))
        fragmentation = own / len(here) / (others / len(there)) if others else None
        return fragmentation, float(unknown / own) if own else None


def _texts(listed: Concepts, spoken: Spoken) -> list[str]:
    return [text for tag, places in spoken for at in places for text in listed.concepts[at].texts.get(tag, ())]
