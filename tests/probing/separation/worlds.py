"""Small worlds of concepts, and a twin of an embedder that understands each language as it is told to."""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from agent.probing.embedding.memory import InMemoryEmbedder
from agent.probing.separation.concepts import Concept, Concepts, ListName
from agent.probing.separation.probe import Plan

DIMENSION = 64
Understood = Literal["shared", "apart", "alike", "not"]
"""`shared`: what means the same lies together in all these languages. `apart`: only within the language. `alike`: every text is the
same to the model. `not`: any text lies anywhere."""


def wording(language: str, concept: str, number: int) -> str:
    """A text that no other language has; letters differ, so that none is spelled like another."""
    return f"{language}:{concept}:{number}"


def concepts(name: ListName, languages: Sequence[str], n: int = 40, wordings: int = 2) -> Concepts:
    """A list of `n` concepts with that many wordings in each language."""
    ids = [f"{name}{number}" for number in range(n)]
    worded = {each: {tag: tuple(wording(tag, each, k) for k in range(wordings)) for tag in languages} for each in ids}
    return Concepts(name, tuple(Concept(each, worded[each]) for each in ids))


def plan(languages: Sequence[str], documents: Sequence[str] = ("en",), n: int = 40) -> Plan:
    """Both lists, the second with one wording a language, and unrelated texts that lie anywhere."""
    spoken = sorted({*languages, *documents})
    lists = (concepts("phrases", spoken, n), concepts("names", spoken, n, wordings=1))
    return Plan(lists, tuple(languages), tuple(documents), tuple(f"unrelated {number}" for number in range(40)))


def embedder(plan: Plan, understood: Mapping[str, Understood], words: frozenset[str] | None = None) -> InMemoryEmbedder:
    """A model that understands the languages of a plan so."""
    draw = np.random.default_rng(1)
    table: dict[str, list[float]] = {}
    for listed in plan.lists:
        for concept in listed.concepts:
            meaning = draw.standard_normal(DIMENSION)
            for tag, texts in concept.texts.items():
                for text in texts:
                    table.update(_vector(text, tag, meaning + draw.standard_normal(DIMENSION) / 2, understood[tag]))
    return InMemoryEmbedder(table, dimension=DIMENSION, words=words)


def _vector(text: str, tag: str, meant: np.ndarray, understood: Understood) -> dict[str, list[float]]:
    """What the table says of a text; nothing for one that lies anywhere."""
    turned = np.random.default_rng(list(tag.encode())).permutation(DIMENSION)
    found = {"shared": meant, "apart": meant[turned], "alike": np.ones(DIMENSION)}
    return {text: found[understood].tolist()} if understood != "not" else {}
