"""Languages that are asked for the first time: a language is met once twenty of its queries were counted."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from agent.alerting.rule import NO_LANGUAGE
from agent.alerting.sums import Minute
from agent.store.base import MINUTE, Entry, Journal, Selection, WindowReader

LANGUAGE: Final = "language"
QUERIES: Final = 20  # whose tag is certain: what is not is und
HISTORY: Final = timedelta(days=35)


class Newcomers:
    """Those met before stand in the journal; what an old store holds when it is asked first is no news."""

    def __init__(self, windows: WindowReader, journal: Journal) -> None:
        self._windows, self._journal = windows, journal
        self._known: set[str] | None = None
        self._counts: Counter[str] = Counter()

    def count(self, rows: Iterable[Minute]) -> None:
        """Count the queries of evaluated minutes."""
        for row in rows:
            self._counts[row.key.language] += row.events

    def met(self, at: datetime) -> list[str]:
        """The languages that are new at this time. Raises RetryLater."""
        if self._known is None:
            self._known = self._first(at)
        new = sorted(tag for tag in _enough(self._counts) if tag not in self._known)
        self._keep(new, at)
        return new

    def _first(self, at: datetime) -> set[str]:
        known = {entry.id for entry in self._journal.read(LANGUAGE)}
        if known:
            return known
        counts: Counter[str] = Counter()
        for total in self._windows.totals("language", Selection(at - HISTORY, at + MINUTE), ("language",)):
            counts[total.key.language] += total.measures.events
        self._known = set()
        self._keep(_enough(counts), at)
        return self._known

    def _keep(self, tags: Iterable[str], at: datetime) -> None:
        assert self._known is not None
        if entries := [Entry(LANGUAGE, tag, at, {"language": tag}) for tag in tags]:
            self._journal.write(entries)
            self._known |= {entry.id for entry in entries}


def _enough(counts: Counter[str]) -> list[str]:
    return sorted(tag for tag, n in counts.items() if n >= QUERIES and tag not in NO_LANGUAGE)
