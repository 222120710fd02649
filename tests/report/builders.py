"""A store with something to look at: two languages, a pair, incidents and deployments."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec

from agent.aggregate.histogram import MICRO
from agent.alerting.incident import Incident
from agent.alerting.measures import Quality, Thresholds
from agent.clock import FakeClock
from agent.report.views import StoreViews
from agent.report.writer import StoreWriter
from agent.store.base import Entry
from agent.store.memory import MemoryJournal, MemoryWindows
from tests.notify.examples import KOREAN, incident
from tests.runtime.rig import NOW
from tests.store.builders import at, flush, window

QUALITY = Quality(hit_threshold=Thresholds(default=0.35))
SCORES: Mapping[str, Any] = {"scored": 2, "score_sum": 800_000, "score_sq": 330_000, "score_hist": {30: 1, 50: 1}}


def transition(one: Incident, minutes: float) -> Entry:
    """A row as the evaluation writes it."""
    return Entry("transition", f"{one.fingerprint}/{one.state}/{minutes}", at(minutes), msgspec.to_builtins(one))


def change(version: str, minutes: float, service: str = "help") -> Entry:
    """A deployment."""
    body = {"service": service, "environment": "prod", "collection": "kb", "embedding_model": "mini", "index_version": version}
    return Entry("change", version, at(minutes), body)


SPANISH = incident(fingerprint="es", language="es", pending_since=at(5), began_at=at(5))
GREEK = incident(fingerprint="el", language="el", service="shop", pending_since=at(7), began_at=at(7))
OVER = msgspec.structs.replace(GREEK, state="resolved", resolved_at=at(9))


class Looking:
    """Views over the twins, and who writes into them."""

    def __init__(self, *, empty: bool = False) -> None:
        self.windows, self.journal = MemoryWindows(), MemoryJournal()
        self.clock = FakeClock(NOW)
        self.views = StoreViews(self.windows, self.journal, lambda: QUALITY, self.clock)
        self.writer = StoreWriter(self.journal, self.clock)
        if not empty:
            self._fill()

    def _fill(self) -> None:
        counts = {"events": 3, "queries": 3 * MICRO, "zero_results": 1, **SCORES}
        old = timedelta(days=30) // timedelta(minutes=1)
        self.windows.append(
            flush(
                window(0, **counts),
                window(1, **counts, index_version="v2"),
                window(2, events=9, queries=9 * MICRO, language="el", service="shop", labelled=2, recall_sum=MICRO),
                window(2, events=4, pair="en"),
                window(2, events=2, pair="ko"),
                window(-old, events=50, language="de"),
            )
        )
        self.journal.write([transition(KOREAN, 4), transition(SPANISH, 6), transition(GREEK, 8), transition(OVER, 9)])
        self.journal.write([change("v1", 0), change("v2", 1), change("s7", 2, "shop")])
