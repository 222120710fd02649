"""One tagger for each service that is configured by itself, and one for all others; the models are shared."""

from collections.abc import Mapping

from agent.language.tagger import Tagger
from agent.records import Tag


class Taggers:
    """Tags queries as their service expects it."""

    def __init__(self, general: Tagger, by_service: Mapping[str, Tagger] | None = None) -> None:
        self._general = general
        self._by_service = by_service or {}

    def tag(self, text: str | None, declared: str | None = None, locale: str | None = None, service: str | None = None) -> Tag:
        """As `Tagger.tag`, for a query of this service."""
        return self._by_service.get(service or "", self._general).tag(text, declared, locale)
