"""One tagger for each service that is configured by itself, and one for all others; the models are shared."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from agent.language.tagger import Asked, Tagger
from agent.records import Tag


class Taggers:
    """Tags queries as their service expects it."""

    def __init__(self, general: Tagger, by_service: Mapping[str, Tagger] | None = None) -> None:
        self._general = general
        self._by_service = by_service or {}

    def tag_all(self, asked: Sequence[Asked]) -> list[Tag]:
        """The languages of texts, in their order."""
        groups: defaultdict[Tagger, list[Asked]] = defaultdict(list)
        for each in asked:
            groups[self._of(each)].append(each)
        found = {tagger: iter(tagger.tag_all(some)) for tagger, some in groups.items()}
        return [next(found[self._of(each)]) for each in asked]

    def _of(self, asked: Asked) -> Tagger:
        return self._by_service.get(asked.service or "", self._general)
