"""The queries of golden runs are nobody's, also where the service tells them from no others: known by their text while a run is open."""

import logging
from datetime import datetime, timedelta
from typing import Final

from agent.clock import Clock
from agent.errors import RetryLater
from agent.probing.golden.marks import Marked
from agent.probing.kept import LONGEST, OpenRun, open_runs
from agent.records import Accepted
from agent.store.base import Journal

log = logging.getLogger(__name__)

EVERY: Final = timedelta(seconds=5)
"""A run waits longer than this after it was opened, before it asks anything."""
SINCE: Final = timedelta(days=14)
"""As far back runs are known: a log that is read again later than that counts their queries, where a service does not mark them."""
LASTS: Final = LONGEST
"""No run is open for longer: older ones are read once."""


class GoldenQueries:
    """Reads which runs are open every few seconds; while the store is away the last answer counts."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal, self._clock = journal, clock
        self._due_at: datetime | None = None
        self._since: timedelta = SINCE
        self._runs: dict[str, OpenRun] = {}
        self._marked = Marked(())

    def without(self, accepted: list[Accepted]) -> list[Accepted]:
        """What is left of these events."""
        self._look(self._clock.now())
        if not self._runs:
            return accepted
        return [item for item in accepted if not self._marked.has(item.at, item.event.query)]

    def _look(self, now: datetime) -> None:
        if self._due_at is not None and now < self._due_at:
            return
        self._due_at = now + EVERY
        try:
            found = {run.id: run for run in open_runs(self._journal, now - self._since)}
        except RetryLater as error:
            log.debug("open golden runs are not known: %s", error)
            return
        self._since = LASTS
        known = {id_: run for id_, run in (self._runs | found).items() if run.until > now - SINCE}
        if known != self._runs:
            self._runs, self._marked = known, Marked(known.values())
