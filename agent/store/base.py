"""The ports to the store: windows with their position, the readings of them, and the journal.

ClickHouse is behind them (`clickhouse`), a server or embedded; `memory` is the twin.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol

from agent.aggregate.aggregator import Window
from agent.aggregate.measures import Measures
from agent.alerting.sums import Minute
from agent.records import WindowKey

MINUTE = timedelta(minutes=1)


class Flush(NamedTuple):
    """What one partition has counted since its stored position: written whole or not at all.

    `stored` is the position last read from the store, None where there is none; `end` the offset up to which these windows count.
    """

    source: str
    stored: int | None
    end: int
    attempt: int
    windows: Sequence[Window]

    @property
    def token(self) -> str:
        """Of all writers that start from the same stored position, the first one's rows stay and the others' are dropped."""
        return f"{self.source}@{'new' if self.stored is None else self.stored}#{self.attempt}"


class WindowLog(Protocol):
    """Where windows are written."""

    def append(self, flush: Flush) -> None:
        """Write one flush; a return is no proof. Raises RetryLater, or Stop when the schema does not fit."""

    def position(self, source: str) -> int | None:
        """The stored position of a source, None where there is none; raises RetryLater."""


class Selection(NamedTuple):
    """Which windows: minutes in [start, end), and equality filters on dimensions."""

    start: datetime
    end: datetime
    where: Mapping[str, str] = {}


class Total(NamedTuple):
    """The sums of a selection for one key; columns that were not asked for are empty."""

    key: WindowKey
    measures: Measures


class Stretch(NamedTuple):
    """The sums of one key in a stretch of time that begins at `start`."""

    start: datetime
    key: WindowKey
    measures: Measures


class WindowReader(Protocol):
    """How windows are read."""

    def span(self) -> tuple[datetime, datetime] | None:
        """The oldest and the newest minute that holds events, None in an empty store."""

    def positions(self) -> Mapping[str, int]:
        """The stored position of every source."""

    def totals(self, kind: str, selection: Selection, by: Sequence[str], sums: Sequence[str] = ()) -> list[Total]:
        """Sums of `language` or `pair` windows, grouped by these columns.

        `sums`: the fields of `Measures` that are wanted, all of them where none is named; the others stay empty.
        """

    def series(
        self, kind: str, selection: Selection, by: Sequence[str], step: timedelta, sums: Sequence[str] = ()
    ) -> list[Stretch]:
        """The same by stretches of this length (whole minutes), which begin at its multiples since 1970; oldest first."""

    def sessions(self, selection: Selection) -> int:
        """How many distinct sessions the `language` windows of a selection have, within a percent; 0 where the log names none."""

    def sessions_by_language(self, selection: Selection) -> Mapping[str, int]:
        """The same for each language that has any."""

    def minutes(self, start: datetime, end: datetime, *, step: timedelta = MINUTE) -> Iterable[Minute]:
        """Language windows in [start, end), ordered by time; sums of longer steps, parts of a day, when asked."""


class Entry(NamedTuple):
    """One row of the journal; writing the same (kind, id) again replaces it."""

    kind: str
    id: str
    at: datetime
    body: Mapping[str, Any]


class Journal(Protocol):
    """What happened: transitions, notifications and their deliveries, deployments, what people did and muted, admitted values, exemplars."""

    def write(self, entries: Sequence[Entry]) -> None:
        """Write rows durably; raises RetryLater."""

    def read(self, kind: str, since: datetime | None = None, until: datetime | None = None) -> list[Entry]:
        """The rows of a kind in [since, until], oldest first."""


class Gathered(Journal, Protocol):
    """A journal that reads several kinds at once: each reading takes its time, however few the rows are."""

    def together(self, kinds: Sequence[str], since: datetime | None = None) -> list[Entry]:
        """The rows of these kinds since then, oldest first."""


class Revised(Protocol):
    """A journal that tells whether it was written to."""

    def revision(self) -> str:
        """What differs as soon as a row was written, by whomever; cheap to ask."""
