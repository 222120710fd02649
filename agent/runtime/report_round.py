"""The weekly report of the process that evaluates: made at its time, written down, and posted to those who are sent it."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from agent.errors import RetryLater
from agent.notify.bulletin import REPORT, Bulletin, entry_of
from agent.notify.pipeline import Pipeline
from agent.runtime.report_due import Due, Plan, Week, Why, decide, with_data
from agent.store.base import Entry, Journal, WindowReader

log = logging.getLogger(__name__)

REPORTED: Final = "reported"
"""The one row that says up to when nothing is due any more."""
TRY_AGAIN: Final = timedelta(hours=1)
ZONES: Final = timedelta(days=1)  # so far a report may be due before its week is over in UTC

Make = Callable[[str], Bulletin]
"""Makes the report of an ISO week such as `2026-W46`; raises RetryLater where the store is away."""


class ReportRound:
    """Made anew whenever a process takes over: what was made, and up to when, stands in the journal."""

    def __init__(self, plan: Callable[[], Plan], windows: WindowReader, journal: Journal, pipeline: Pipeline, make: Make) -> None:
        """`plan` is asked at each look, so that an edited one counts at once."""
        self._plan, self._windows, self._journal, self._pipeline, self._make = plan, windows, journal, pipeline, make
        self._done_to: datetime | None = None
        self._tries_again_at: datetime | None = None

    def look(self, evaluated_to: datetime, now: datetime) -> Why:
        """Make and post what is due, at most once; raises RetryLater, and then the next look does it."""
        if self._tries_again_at and now < self._tries_again_at:
            return Why.FAILED
        plan = self._plan()
        due = decide(plan, self._known_to(), evaluated_to, now)
        if due.why.makes:
            due = with_data(due, self._first())
        if due.why.makes and due.at and due.week:
            due = self._made(due, due.week, plan.receivers, now)
        if not due.why.waits:
            self._note(due, now)
        return due.why

    def _known_to(self) -> datetime | None:
        if self._done_to is None:
            rows = self._journal.read(REPORTED)
            self._done_to = rows[-1].at if rows else None
        return self._done_to

    def _first(self) -> datetime | None:
        span = self._windows.span()
        return span[0] if span else None

    def _made(self, due: Due, week: Week, receivers: tuple[str, ...], now: datetime) -> Due:
        """Posted, or what was wrong: the evaluation must not end by a report."""
        assert due.at is not None, "asked by the caller"
        try:
            kept = self._kept(week) or self._new(week, due.at)
        except RetryLater:
            raise
        except Exception:
            self._tries_again_at = now + TRY_AGAIN
            log.exception("the report of %s could not be made, and is tried again in an hour", week.name)
            return due._replace(why=Why.FAILED)
        self._tries_again_at = None
        self._pipeline.reported(week.name, kept.at, receivers)
        log.info("the report of %s goes to %s", week.name, ", ".join(receivers), extra={"reason": due.why.value})
        return due

    def _kept(self, week: Week) -> Entry | None:
        """The report of this week, where it was made already: everybody reads the same."""
        return next((row for row in self._journal.read(REPORT, week.end - ZONES) if row.id == week.name), None)

    def _new(self, week: Week, at: datetime) -> Entry:
        """Written before it is posted, so that whoever sends it finds it."""
        entry = entry_of(self._make(week.name), at)
        self._journal.write([entry])
        return entry

    def _note(self, due: Due, now: datetime) -> None:
        """Up to now nothing is due any more; what came before the newest time was missed for good."""
        week = due.week.name if due.week else ""
        self._journal.write([Entry(REPORTED, REPORTED, now, {"why": due.why.value, "week": week})])
        self._done_to = now
