"""A separation probe: whether a model keeps what means the same together, and apart from what does not, in each language."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from agent.probing.base import Embedder, Hit, Role
from agent.probing.separation.concepts import Concepts
from agent.probing.separation.embedded import Known, Told, embedded
from agent.probing.separation.finder import Finder, Found
from agent.probing.separation.floor import LANGUAGE, Floor, best_scores, floor_of
from agent.probing.separation.statistics import best_of, cut_off
from agent.probing.separation.verdict import senseless

Search = Callable[[str], Sequence[Hit]]


class Plan(NamedTuple):
    """What is asked: the lists, the first of which is shown; query languages and document languages; unrelated queries.

    `unrelated_language`: what the unrelated queries are in. `corpus`: documents that the floor is measured with; none: those of the
    first list.
    """

    lists: tuple[Concepts, ...]
    languages: tuple[str, ...]
    documents: tuple[str, ...]
    unrelated: tuple[str, ...]
    unrelated_language: str = LANGUAGE
    corpus: tuple[str, ...] = ()

    def texts_in(self, language: str) -> list[str]:
        """The texts of the first list in a language."""
        return [text for each in self.lists[0].concepts for text in each.texts.get(language, ())]

    def worded(self) -> list[str]:
        """The texts of all lists in all languages, each once."""
        spoken = sorted({*self.languages, *self.documents})
        every = (text for one in self.lists for each in one.concepts for tag in spoken for text in each.texts.get(tag, ()))
        return list(dict.fromkeys(every))

    def texts(self) -> dict[Role, list[str]]:
        """All that is embedded, each once."""
        worded = self.worded()
        return {
            "query": list(dict.fromkeys((*worded, *self.unrelated))),
            "document": list(dict.fromkeys((*worded, *self.unrelated, *self.corpus))),
        }


class Probed(NamedTuple):
    """A probe that ended: each query language against all document languages together; each pair, and each language alone.

    `apart`: for each language what at most 5 % of its texts in the first list reach with the best of the unrelated texts, which are
    apart from all of them: by it languages are compared where no text is an answer. `own`: those that the model should know, English
    and the documents', each against itself.
    """

    model: str
    plan: Plan
    floor: Floor
    apart: dict[str, float]
    languages: list[Found]
    pairs: list[Found]
    own: tuple[Found, ...] = ()

    @property
    def senseless(self) -> bool:
        """Whether the vectors seem to carry no meaning; a model without English may just not know these languages."""
        asked, own = ([found.shown and found.shown.figures for found in some] for some in (self.languages, self.own))
        return any(found.language == LANGUAGE for found in self.own) and senseless(asked, own)


def silent(_done: int, _total: int) -> None:
    """Nobody watches."""


def probe(embedder: Embedder, plan: Plan, search: Search | None = None, told: Told = silent) -> Probed:
    """Embed and compare; `search` is that of the service, asked for the floor; `told` hears how many of how many texts are embedded.

    Raises what the embedder and the search raise, and Misconfigured for a search whose scores are no cosines.
    """
    floor = floor_of(best_scores(search, plan.unrelated), "index") if search else None
    known = embedded(embedder, plan.texts(), told)
    if floor is None or floor.value is None:
        floor = _floor(plan, known)
    worded = plan.worded()
    pieces = embedder.pieces(worded)
    find = Finder(plan.lists, known, None if pieces is None else dict(zip(worded, pieces, strict=True))).found
    pairs = [find(query, (document,)) for query in plan.languages for document in plan.documents]
    alone = [find(language, (language,)) for language in plan.languages if language not in plan.documents]
    together = [find(query, plan.documents) for query in plan.languages]
    own = sorted({*plan.documents, *({LANGUAGE} & {*plan.languages})})
    itself = tuple(find(language, (language,)) for language in own)
    return Probed(embedder.model, plan, floor, _apart(plan, known), together, pairs + alone, itself)


def _floor(plan: Plan, known: Known) -> Floor:
    documents = plan.corpus or [text for language in plan.documents for text in plan.texts_in(language)]
    best = best_of(known.of(plan.unrelated, "query"), known.of(documents, "document"))
    return floor_of(best, "corpus" if plan.corpus else "lists")


def _apart(plan: Plan, known: Known) -> dict[str, float]:
    documents = known.of(plan.unrelated, "document")
    texts = {language: plan.texts_in(language) for language in sorted({*plan.languages, *plan.documents})}
    found = {language: cut_off(best_of(known.of(some, "query"), documents)) for language, some in texts.items() if some}
    return {language: cut for language, cut in found.items() if cut is not None}
