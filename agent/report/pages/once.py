"""A journal that is read for one answer: what several parts of a page ask of it is read once."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from agent.store.base import Entry, Gathered

Rows = Mapping[str, Sequence[Entry]]


class Group(NamedTuple):
    """Kinds of rows that are read together from a time on, or whole."""

    kinds: Sequence[str]
    since: datetime | None = None

    def has(self, kind: str, since: datetime | None) -> bool:
        """Whether it holds all rows of a kind from a time on."""
        return kind in self.kinds and (self.since is None or (since is not None and since >= self.since))


class Once:
    """Keeps what was read, as long as nothing is written through it; of a kind that is known whole no part is read again.

    `groups`: who asks for one kind of a group has all of them read.
    """

    def __init__(self, journal: Gathered, groups: Sequence[Group] = ()) -> None:
        self._journal, self._groups = journal, groups
        self._gathered: dict[Group, Rows] = {}
        self._known: dict[tuple[str, datetime | None, datetime | None], list[Entry]] = {}

    def write(self, entries: Sequence[Entry]) -> None:
        """Write rows durably; raises RetryLater."""
        self._gathered.clear()
        self._known.clear()
        self._journal.write(entries)

    def read(self, kind: str, since: datetime | None = None, until: datetime | None = None) -> list[Entry]:
        """The rows of a kind in [since, until], oldest first."""
        asked = kind, since, until
        if asked not in self._known:
            self._known[asked] = [one for one in self._found(*asked) if _within(one.at, since, until)]
        return self._known[asked]

    def _found(self, kind: str, since: datetime | None, until: datetime | None) -> Sequence[Entry]:
        """Rows among which all are that are asked for."""
        if (whole := self._known.get((kind, None, None))) is not None:
            return whole
        group = next((group for group in self._groups if group.has(kind, since)), None)
        return self._journal.read(kind, since, until) if group is None else self._of(group)[kind]

    def _of(self, group: Group) -> Rows:
        if group not in self._gathered:
            found: dict[str, list[Entry]] = {kind: [] for kind in group.kinds}
            for entry in self._journal.together(group.kinds, group.since):
                found[entry.kind].append(entry)
            self._gathered[group] = found
        return self._gathered[group]


def _within(at: datetime, since: datetime | None, until: datetime | None) -> bool:
    return (since is None or at >= since) and (until is None or at <= until)
