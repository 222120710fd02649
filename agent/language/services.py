"""One tagger for each service that is configured by itself, and one for all others; the models are shared."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat

from agent.language.tagger import Asked, Tagger
from agent.records import Tag


class Taggers:
    """Tags queries as their service expects it."""

    def __init__(self, general: Tagger, by_service: Mapping[str, Tagger] | None = None) -> None:
        self._general = general
        self._by_service = by_service or {}

    def tag_all(self, asked: Sequence[Asked], services: Iterable[str | None] = repeat(None)) -> list[Tag]:
        """The languages of texts, in their order; `services`: who asked each."""
        if not self._by_service:
            return self._general.tag_all(asked)
        taggers = [self._by_service.get(service or "", self._general) for _, service in zip(asked, services, strict=False)]
        groups: defaultdict[Tagger, list[Asked]] = defaultdict(list)
        for tagger, each in zip(taggers, asked, strict=True):
            groups[tagger].append(each)
        found = {tagger: iter(tagger.tag_all(some)) for tagger, some in groups.items()}
        return [next(found[tagger]) for tagger in taggers]
