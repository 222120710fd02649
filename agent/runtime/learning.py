"""Thresholds that nobody has set, learned while minutes are evaluated, and frozen in the journal."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from agent.alerting.auto import Floor, Learned, Learner
from agent.alerting.measures import Quality
from agent.alerting.minutes import minute_at, start_of
from agent.alerting.sums import Minute
from agent.report import thresholds
from agent.store.base import Journal, WindowReader

RECENT: Final = timedelta(days=8)
OVERLAP: Final = timedelta(hours=1)  # evaluation is minutes behind the clock that probes are stamped by


class Learning:
    """Counts what is walked; where a walk was broken off it counts anew from the store, so that no minute counts twice."""

    def __init__(self, windows: WindowReader, journal: Journal) -> None:
        self._windows, self._journal = windows, journal
        self._learner: Learner | None = None
        self._probed_at: datetime | None = None

    def due(self, quality: Quality, at: datetime) -> list[Learned | Floor]:
        """What was learned of the minutes before `at`, or measured by probes, and is not read by yet. Raises RetryLater."""
        if measured := thresholds.from_probes(quality, self._journal, self._probed_at or at - RECENT, at):
            return measured
        self._probed_at = at - OVERLAP
        if self._learner is None or self._learner.end != minute_at(at):
            self._learner = thresholds.learner(quality, self._windows, at)
        return list(self._learner.learned.values())

    def take(self, rows: Sequence[Minute], until: datetime) -> datetime:
        """Count the rows up to `until`; returns how far they may be evaluated before something is due."""
        assert self._learner is not None, "asked what is due before"
        self._learner.take(rows, minute_at(until))
        return start_of(self._learner.end)

    def freeze(self, learned: Sequence[Learned | Floor]) -> None:
        """Write what was learned; counting begins anew without it. Raises RetryLater."""
        self._learner = None
        self._journal.write([thresholds.entry_of(one) for one in learned])
