"""Tells when nothing is evaluated any more: in every replica, on wall time, also while broker and store are away."""

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

import msgspec

from agent.alerting import blind
from agent.alerting.blind import Reason
from agent.alerting.incident import Incident
from agent.alerting.rule import LagRule
from agent.errors import RetryLater
from agent.notify.pipeline import Pipeline
from agent.records import row_id
from agent.runtime.remembered import AS_OF
from agent.store.base import Entry, Journal

log = logging.getLogger(__name__)

EVERY: Final = timedelta(minutes=1)
QUIET: Final = (Reason.SEES, Reason.UNWATCHED)


def nothing() -> None:
    """What is read where no other process tells anything."""


class Blindness:
    """One look a minute at how far evaluation has come, whoever evaluates; without a rule only what was left firing is ended."""

    def __init__(
        self, rule: LagRule | None, journal: Journal, pipeline: Pipeline, started: datetime, *, know: Callable[[], None] = nothing
    ) -> None:
        """`know` reads what other processes have told meanwhile; it raises RetryLater."""
        self._rule, self._journal, self._pipeline, self._started, self._know = rule, journal, pipeline, started, know
        self._due_at = started
        self._as_of: datetime | None = None
        self._firing: Incident | None = None
        self._unsure = True  # whether another process may have told what is not known here
        self._begins = True

    def look(self, now: datetime) -> None:
        """Decide, and tell what changed; what cannot be stored is told all the same."""
        if now < self._due_at:
            return
        self._due_at = now + EVERY
        self._read(now)
        reason = self._reason(now)
        if self._rule and reason is Reason.BLIND and self._firing is None and self._as_of is not None:
            self._firing = blind.incident(self._as_of, now, self._rule)
            self._tell(self._firing, now)
        elif reason in QUIET and self._firing is not None:
            self._tell(blind.over(self._firing, reason, now), now)
            self._firing = None
        elif self._firing is not None:
            self._tell_again(self._firing, now)

    def _reason(self, now: datetime) -> Reason:
        return blind.decide(self._as_of, self._started, now, self._rule)

    def _read(self, now: datetime) -> None:
        """How far evaluation is, and what another process has left firing; while the store is away the last answer counts.

        Nobody tells anything as long as what was known at the last look is recent: then all transitions are not read again.
        """
        self._unsure |= self._reason(now) not in QUIET
        try:
            for entry in self._journal.read(AS_OF):
                self._as_of = entry.at
            if self._unsure and self._firing is None:
                self._firing = self._left(now)
                self._unsure = self._firing is not None
        except RetryLater as error:
            log.debug("as_of is not known: %s", error)

    def _left(self, now: datetime) -> Incident | None:
        """What another process has left firing. What it stored last is told once more: it may have died before it did."""
        known = [entry.body for entry in self._journal.read("transition") if entry.body["fingerprint"] == blind.FINGERPRINT]
        newest = msgspec.convert(dict(known[-1]), Incident) if known else None
        if newest is not None and self._begins:
            self._pipeline.notify([newest], now)
        self._begins = False
        return newest if newest is not None and newest.state == "firing" else None

    def _tell_again(self, incident: Incident, now: datetime) -> None:
        """Whoever was not told, since it was muted or refused, or is to be told again."""
        with suppress(RetryLater):
            self._know()
            self._pipeline.notify([incident], now)

    def _tell(self, incident: Incident, now: datetime) -> None:
        name = f"{incident.fingerprint}/{incident.state}/{incident.began_at}"
        at = incident.resolved_at or incident.fired_at or self._started
        entry = Entry("transition", row_id(name), at, msgspec.to_builtins(incident))
        for act in (self._know, lambda: self._journal.write([entry]), lambda: self._pipeline.notify([incident], now)):
            try:
                act()
            except RetryLater as error:
                log.warning("%s The store cannot be asked: %s", incident.summary, error)
