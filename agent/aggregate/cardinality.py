"""How many values a dimension may have: a log that puts a request id into `service` must not fill the store.

Admitted values are rows of the journal, so that every replica and every restart knows them; further ones are counted
under `__other__`.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from agent.records import Event

OTHER = "__other__"
KNOWN = 10_000
LIMITS: Mapping[str, int] = {
    "service": 100,
    "environment": 20,
    "collection": 500,
    "embedding_model": 50,
    "index_version": 1000,
    "translation_engine": 20,
}
ENGINE = "translation_engine"


class Dimensions(NamedTuple):
    """Who asked, where, which index; empty where the log does not say."""

    service: str
    environment: str
    collection: str
    embedding_model: str
    index_version: str


class Admission:
    """Lets the first values of each dimension in."""

    def __init__(self, limits: Mapping[str, int] = LIMITS) -> None:
        self._limits = limits
        self._values: dict[str, set[str]] = {name: {""} for name in LIMITS}
        self._fresh: list[tuple[str, str]] = []
        self._known: dict[tuple[str | None, ...], Dimensions] = {}  # those that were let in whole
        self.turned_away = 0

    def load(self, admitted: Iterable[tuple[str, str]]) -> None:
        """Take over (dimension, value) rows that were admitted before."""
        for dimension, value in admitted:
            self._values.setdefault(dimension, set()).add(value)

    def fresh(self) -> list[tuple[str, str]]:
        """What was admitted and is not in the store yet."""
        return list(self._fresh)

    def saved(self, fresh: Iterable[tuple[str, str]]) -> None:
        """These are in the store now."""
        done = set(fresh)
        self._fresh = [value for value in self._fresh if value not in done]

    def of(self, event: Event) -> Dimensions:
        """The dimensions of an event, with `__other__` for values that came too late."""
        said = (event.service, event.environment, event.collection, event.embedding_model, event.index_version)
        return self._known.get(said) or self._asked(said)

    def engine(self, said: str | None) -> str:
        """The engine of a translation, which is in no key; empty where the log does not name it."""
        admitted = self._value(ENGINE, said or "")
        self.turned_away += admitted != (said or "")
        return admitted

    def _asked(self, said: tuple[str | None, ...]) -> Dimensions:
        asked = Dimensions(*(value or "" for value in said))
        admitted = Dimensions(*(self._value(name, value) for name, value in zip(Dimensions._fields, asked, strict=True)))
        if admitted == asked:
            if len(self._known) >= KNOWN:  # as many as all products of the limits would be; asking anew is cheap
                self._known.clear()
            self._known[said] = admitted
        self.turned_away += admitted != asked
        return admitted

    def _value(self, dimension: str, value: str) -> str:
        known = self._values[dimension]
        if value in known:
            return value
        if len(known) > self._limits[dimension]:
            return OTHER
        known.add(value)
        self._fresh.append((dimension, value))
        return value
