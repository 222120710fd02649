"""Says in the journal which queries are a run's and until when, before the first is sent: no log may count them as users'."""

import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from agent.errors import BabelwatchError
from agent.probing.golden.dataset import Query
from agent.probing.golden.marks import KEY_BYTES, mark
from agent.probing.kept import OpenRun, entry_of
from agent.store.base import Entry

SPARE: Final = timedelta(minutes=10)
RENEWED: Final = timedelta(minutes=5)  # before its end
AFTERWARDS: Final = timedelta(minutes=2)  # what is still on its way through the service

Keep = Callable[[Sequence[Entry]], None]


class Opening:
    """One run that is open; `keep` writes its row, the same one each time."""

    def __init__(self, run: OpenRun, keep: Keep) -> None:
        self.run = run
        self._keep = keep

    def begin(self) -> None:
        """Tell of it; raises what `keep` raises."""
        self._until(self.run.until)

    def go_on(self, now: datetime, left: timedelta) -> None:
        """It takes that much longer: told again before the end that was told. Raises what `keep` raises."""
        if now + RENEWED >= self.run.until:
            self._until(now + left + SPARE)

    def end(self, now: datetime) -> None:
        """Nothing more is sent. Where that cannot be told, what was told before ends it."""
        with suppress(BabelwatchError):
            self._until(now + AFTERWARDS)

    def _until(self, until: datetime) -> None:
        self.run = OpenRun(self.run.id, self.run.name, self.run.at, until, self.run.key, self.run.queries)
        self._keep([entry_of(self.run)])


def opening(run: str, name: str, queries: Sequence[Query], span: tuple[datetime, timedelta], keep: Keep) -> Opening:
    """A run of these queries; `span`: when it begins and how long it will probably take."""
    key = secrets.token_hex(KEY_BYTES)
    marks = tuple(mark(key, query.text) for query in queries)
    return Opening(OpenRun(run, name, span[0], span[0] + span[1] + SPARE, key, marks), keep)
