"""Deployments, noticed from the traffic: a version that was not there before."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from msgspec import Struct

from agent.alerting.minutes import start_of
from agent.records import WindowKey


class Collection(NamedTuple):
    """Where versions follow each other."""

    service: str
    environment: str
    collection: str


class Version(NamedTuple):
    """What is deployed."""

    embedding_model: str
    index_version: str


class Change(Struct, frozen=True):
    """A version's first appearance in a collection that had another one before; `at` is the start of that minute."""

    service: str
    environment: str
    collection: str
    embedding_model: str
    index_version: str
    at: datetime
    new_model: bool = False

    @property
    def where(self) -> Collection:
        """The collection."""
        return Collection(self.service, self.environment, self.collection)

    @property
    def version(self) -> Version:
        """The new version."""
        return Version(self.embedding_model, self.index_version)


def collection_of(key: WindowKey) -> Collection:
    """The collection of a window."""
    return Collection(key.service, key.environment, key.collection)


def version_of(key: WindowKey) -> Version:
    """The version of a window."""
    return Version(key.embedding_model, key.index_version)


class Versions:
    """Which versions each collection has had."""

    def __init__(self) -> None:
        self._seen: dict[Collection, set[Version]] = {}

    def notice(self, minute: int, keys: Iterable[WindowKey]) -> list[Change]:
        """The changes of this minute. Versions that appear together with a collection's first traffic are no change."""
        fresh: dict[Collection, set[Version]] = {}
        for key in keys:
            where, version = collection_of(key), version_of(key)
            if _named(version) and version not in self._seen.get(where, ()):
                fresh.setdefault(where, set()).add(version)
        return [change for where, versions in sorted(fresh.items()) for change in self._admit(minute, where, versions)]

    def _admit(self, minute: int, where: Collection, versions: set[Version]) -> list[Change]:
        before = self._seen.setdefault(where, set())
        models = {version.embedding_model for version in before}
        changes = [
            Change(*where, *version, at=start_of(minute), new_model=version.embedding_model not in models)
            for version in sorted(versions)
            if before
        ]
        before |= versions
        return changes


def _named(version: Version) -> bool:
    return any(version) and "__other__" not in version
