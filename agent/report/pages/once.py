"""A journal that is read for one answer: what several parts of a page ask of it is read once."""

from collections.abc import Sequence
from datetime import datetime

from agent.store.base import Entry, Journal


class Once:
    """Keeps what was read, as long as nothing is written through it; of a kind that is known whole no part is read again."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._known: dict[tuple[str, datetime | None, datetime | None], list[Entry]] = {}

    def write(self, entries: Sequence[Entry]) -> None:
        """Write rows durably; raises RetryLater."""
        self._known.clear()
        self._journal.write(entries)

    def read(self, kind: str, since: datetime | None = None, until: datetime | None = None) -> list[Entry]:
        """The rows of a kind in [since, until], oldest first."""
        asked = kind, since, until
        if asked not in self._known:
            whole = self._known.get((kind, None, None))
            self._known[asked] = (
                self._journal.read(*asked) if whole is None else [one for one in whole if _within(one.at, since, until)]
            )
        return self._known[asked]


def _within(at: datetime, since: datetime | None, until: datetime | None) -> bool:
    return (since is None or at >= since) and (until is None or at <= until)
