"""Languages that are asked for the first time: a language is met once twenty of its queries were counted."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from agent.alerting.rule import NO_LANGUAGE
from agent.alerting.sums import Minute
from agent.store.base import MINUTE, Entry, Journal, Selection, WindowReader

LANGUAGE: Final = "language"
QUERIES: Final = 20  # whose tag is certain: what is not is und
HISTORY: Final = timedelta(days=35)
NEW: Final = timedelta(days=1)
BEGUN: Final = ""  # no language: somebody has begun to look


class Newcomers:
    """Those met before stand in the journal; what an old store holds when it is asked first is no news."""

    def __init__(self, windows: WindowReader, journal: Journal) -> None:
        self._windows, self._journal = windows, journal
        self._known: dict[str, datetime | None] | None = None  # since when; None: before anybody asked
        self._counts: Counter[str] = Counter()

    def count(self, rows: Iterable[Minute]) -> None:
        """Count the queries of evaluated minutes."""
        for row in rows:
            self._counts[row.key.language] += row.events

    def met(self, at: datetime) -> list[str]:
        """The languages that are new, for a day: who asks may be cut off before they are checked. Raises RetryLater."""
        if self._known is None:
            self._known = self._first(at)
        self._keep([tag for tag in _enough(self._counts) if tag not in self._known], at)
        return sorted(tag for tag, since in self._known.items() if since is not None and at - since < NEW)

    def _first(self, at: datetime) -> dict[str, datetime | None]:
        if rows := self._journal.read(LANGUAGE):
            return {row.id: row.at if row.body["new"] else None for row in rows}
        counts: Counter[str] = Counter()
        for total in self._windows.totals("language", Selection(at - HISTORY, at + MINUTE), ("language",)):
            counts[total.key.language] += total.measures.events
        self._journal.write([_row(tag, at, new=False) for tag in (BEGUN, *_enough(counts))])
        return dict.fromkeys(_enough(counts))

    def _keep(self, tags: Sequence[str], at: datetime) -> None:
        assert self._known is not None, "read before"
        self._journal.write([_row(tag, at, new=True) for tag in tags])
        self._known |= dict.fromkeys(tags, at)


def _row(tag: str, at: datetime, *, new: bool) -> Entry:
    return Entry(LANGUAGE, tag, at, {"new": new})


def _enough(counts: Counter[str]) -> list[str]:
    return sorted(tag for tag, n in counts.items() if n >= QUERIES and tag not in NO_LANGUAGE)
