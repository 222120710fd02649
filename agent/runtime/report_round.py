"""The weekly report of the process that evaluates: made at its time, written down, and posted to those who are sent it."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from agent.errors import NotFound, RetryLater
from agent.notify.bulletin import REPORT, Bulletin, entry_of
from agent.notify.pipeline import Pipeline
from agent.runtime.report_due import Due, Plan, Run, Why, decide
from agent.store.base import Entry, Journal

log = logging.getLogger(__name__)

REPORTED: Final = "reported"
"""The one row that says up to when nothing is due any more."""
TRY_AGAIN: Final = timedelta(hours=1)

Make = Callable[[str], Bulletin]
"""Makes the report of an ISO week such as `2026-W46`; raises NotFound where it holds no query, RetryLater where the store is away."""


class ReportRound:
    """Made anew whenever a process takes over: what was made, and up to when, stands in the journal."""

    def __init__(self, plan: Callable[[], Plan], journal: Journal, pipeline: Pipeline, make: Make) -> None:
        """`plan` is asked at each look, so that an edited one counts at once."""
        self._plan, self._journal, self._pipeline, self._make = plan, journal, pipeline, make
        self._done_to: datetime | None = None
        self._tries_again_at: datetime | None = None

    def look(self, evaluated_to: datetime, now: datetime) -> Why:
        """Make and post what is due, at most once; raises RetryLater, and then the next look does it."""
        if self._tries_again_at and now < self._tries_again_at:
            return Why.FAILED
        plan = self._plan()
        due = decide(plan, self._known_to(), evaluated_to, now)
        if due.run and due.why.makes:
            due = due._replace(why=self._made(due.why, due.run, plan.receivers, now))
        if due.why is Why.NOT_YET:
            self._done_to = now  # the next look need not go so far back; what is written is enough for the next process
        elif not due.why.waits:
            self._note(due, now)
        return due.why

    def _known_to(self) -> datetime | None:
        if self._done_to is None:
            rows = self._journal.read(REPORTED)
            self._done_to = rows[-1].at if rows else None
        return self._done_to

    def _made(self, why: Why, run: Run, receivers: tuple[str, ...], now: datetime) -> Why:
        """Posted, or what was in the way: no report that is wrong ends the evaluation."""
        try:
            row = self._kept(run) or self._new(run)
        except RetryLater:
            raise
        except NotFound as error:
            log.warning("no report of %s is sent: %s", run.week, error)
            return Why.NO_DATA
        except Exception:
            self._tries_again_at = now + TRY_AGAIN
            log.exception("the report of %s could not be made, and is tried again in an hour", run.week)
            return Why.FAILED
        self._pipeline.reported(run.week, row.at, receivers)
        log.info("the report of %s goes to %s", run.week, ", ".join(receivers), extra={"reason": why.value})
        return why

    def _kept(self, run: Run) -> Entry | None:
        """The report of this week, where it was made already: everybody reads the same."""
        return next((row for row in self._journal.read(REPORT, run.end) if row.id == run.week), None)

    def _new(self, run: Run) -> Entry:
        """Written before it is posted, so that whoever sends it finds it."""
        row = entry_of(self._make(run.week), run.at)
        self._journal.write([row])
        return row

    def _note(self, due: Due, now: datetime) -> None:
        """Up to now nothing is due any more; what came before the newest time was missed for good."""
        body = {"why": due.why.value, "week": due.run.week if due.run else ""}
        self._journal.write([Entry(REPORTED, REPORTED, now, body)])
        self._done_to = now
