"""Who evaluates tells: transitions are stored before they are sent, and whoever was told hears nothing new."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from agent.alerting import loss
from agent.alerting.evaluator import Evaluator
from agent.alerting.incident import Incident, is_to_know
from agent.alerting.minutes import end_of
from agent.notify.pipeline import Pipeline
from agent.runtime.caught_up import CaughtUp
from agent.runtime.left_out import Without, marked
from agent.runtime.remembered import Remembered, deployed_since
from agent.store.base import Journal

OVER: Final = timedelta(minutes=10)  # what happened earlier is found while catching up
DEPLOYED_LATELY: Final = timedelta(hours=1)


class Telling:
    """What was found and is not stored yet, what was found late, and what fires."""

    def __init__(self, evaluator: Evaluator, journal: Journal, pipeline: Pipeline, remembered: Remembered) -> None:
        self._evaluator = evaluator
        self._journal = journal
        self._pipeline = pipeline
        self._remembered = remembered
        self._untold: list[tuple[int, Incident]] = []
        self._caught_up = CaughtUp()
        self._ended: list[Incident] = []
        self.open: list[Incident] = []

    def resume(self, known: Iterable[Incident]) -> None:
        """Go on with what the last run left, of which these incidents are known."""
        self._caught_up = self._remembered.caught_up()
        self._ended = [incident for incident in known if incident.state == "resolved"]

    def settle(self, now: datetime | None, found: Iterable[tuple[int, Incident]] = ()) -> None:
        """Store what was found, each with its minute, then tell it; what fails is done again the next time."""
        self._untold += found
        if not self._untold:
            return
        self._remembered.moved(self._untold)
        late = [incident for minute, incident in self._untold if now is not None and now - end_of(minute) >= OVER]
        self._caught_up.note(late)
        self._tell([incident for _, incident in self._untold if incident not in late], now or end_of(self._untold[-1][0]))
        self._untold.clear()

    def keep(self, at: datetime) -> None:
        """Store what was found late, as of this time."""
        self._remembered.late(self._caught_up, at)

    def tell_what_stands(self, now: datetime, evaluated_to: datetime | None, without: Without, *, caught_up: bool) -> bool:
        """What fires or ended lately, was found late, or was lost; returns whether what stands is known, so that checks may follow."""
        losses = self._losses(now)
        self.open = [*(one for one in self._evaluator.incidents if one.state != "resolved"), *losses]
        knows = caught_up and not self._does_again(evaluated_to)
        known = self._to_know(now) if knows else ()
        digests = self._digests(now, evaluated_to or now) if caught_up else ()
        self._tell([*(marked(self._caught_up.marked(one), without) for one in known), *digests, *losses], now)
        self._pipeline.deployed(deployed_since(self._journal, now - DEPLOYED_LATELY), now)
        if knows:
            self.tell_first_looks(now)
        return knows

    def tell_first_looks(self, now: datetime, *, ended: bool = False) -> None:
        """What stands since the first day of a service, once that day is over, or the log has `ended`."""
        self._pipeline.notify(self._evaluator.first_looks(ended=ended), now)

    def _digests(self, now: datetime, at: datetime) -> Sequence[Incident]:
        """What came and went, stored before it is told."""
        self._caught_up.close(now)
        self.keep(at)
        return self._caught_up.digests

    def _to_know(self, now: datetime) -> list[Incident]:
        """What fires, and what ended lately, also before a restart."""
        newest = {(incident.fingerprint, incident.began_at): incident for incident in (*self._ended, *self._evaluator.incidents)}
        return [one for one in newest.values() if is_to_know(one, now)]

    def _does_again(self, evaluated_to: datetime | None) -> bool:
        """Whether the run before this one had come further than it noted: what it told last may be newer than what is known here."""
        return evaluated_to is not None and evaluated_to < self._remembered.moved_to

    def _losses(self, now: datetime) -> list[Incident]:
        """What was removed from the log before it was read."""
        rows = self._journal.read("lost", now - loss.OPEN_FOR)
        known = [loss.incident(msgspec.convert(dict(row.body), loss.Loss), now) for row in rows]
        return [incident for incident in known if incident.state == "firing"]

    def _tell(self, incidents: Iterable[Incident], now: datetime) -> None:
        self._pipeline.notify([one for one in incidents if not self._evaluator.is_told_at_first_look(one)], now)
