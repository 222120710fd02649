"""Whole golden runs beside the ones before them: what a set sees fall is told, as an incident of its own where nothing else tells it."""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace

from agent.alerting.action import ended_by
from agent.alerting.incident import Incident
from agent.errors import Misconfigured
from agent.probing import kept
from agent.probing.comparing.comparison import Asked, compare
from agent.probing.comparing.metric import metric_of
from agent.probing.comparing.sides import side_of
from agent.probing.due import Seen
from agent.probing.golden.falls import METRIC, Compared, begun, over
from agent.probing.golden.weigh import FALL
from agent.probing.kept import Fall, GoldenRun
from agent.report.actions import actions_since
from agent.report.golden_falls import COMPARED, entry_of, falls
from agent.runtime.remembered import deployed_since
from agent.store.base import Entry, Journal

log = logging.getLogger(__name__)

REMEMBERED: Final = timedelta(days=60)

Place = tuple[str, str]


class GoldenFalls:
    """Reads each whole run once, in order; what it knows stands in the journal."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._open: dict[Place, Fall] = {}
        self._runs: dict[str, GoldenRun] = {}
        self._compared: set[str] | None = None

    def look(self, seen: Seen, now: datetime) -> list[Incident]:
        """What a set sees fall, and what is over since the last look. Raises RetryLater."""
        if self._compared is None:
            self._resume(now)
        ended = list(self._ended_by_people(now))
        for run in self._fresh(now):
            ended += self._take(run, seen)
        return [*(fall.incident for fall in self._open.values()), *ended]

    def _resume(self, now: datetime) -> None:
        """Where nothing was ever compared, what ran up to now is the past."""
        self._compared = {entry.id for entry in self._journal.read(COMPARED, now - REMEMBERED)}
        for fall in falls(self._journal):
            self._note(fall)
        if not self._compared:
            for run in self._whole(now):
                self._remember(run)

    def _fresh(self, now: datetime) -> list[GoldenRun]:
        assert self._compared is not None, "resumed before"
        return [run for run in self._whole(now) if run.id not in self._compared]

    def _whole(self, now: datetime) -> list[GoldenRun]:
        """Runs of a whole set, oldest first."""
        newest = max((run.at for run in self._runs.values()), default=now - REMEMBERED)
        found = [run for run in kept.golden_runs(self._journal, newest) if not run.languages]
        self._runs |= {run.id: run for run in found}
        return found

    def _take(self, run: GoldenRun, seen: Seen) -> list[Incident]:
        """Compare a run with the one before, and with those from before falls that are open."""
        earlier = [one for one in self._runs.values() if one.name == run.name and one.at < run.at]
        ended = [self._keep(fall).incident for fall in list(self._over(run))]
        if earlier:
            base = max(earlier, key=lambda one: one.at)
            changes = [change for change in deployed_since(self._journal, base.at) if change.at <= run.at]
            for fall in begun(self._compare(base, run), [*self._languages(run.name), *_told(seen.incidents)], changes):
                self._keep(fall)
        self._remember(run)
        return ended

    def _over(self, run: GoldenRun) -> Iterable[Fall]:
        open_ = [fall for (name, _), fall in self._open.items() if name == run.name and fall.baseline in self._runs]
        for id_ in dict.fromkeys(fall.baseline for fall in open_):
            compared = self._compare(self._runs[id_], run)
            yield from filter(None, (over(fall, compared) for fall in open_ if fall.baseline == id_))

    def _compare(self, base: GoldenRun, run: GoldenRun) -> Compared:
        """A set that was exchanged for another has nothing in common with it, and nothing to say."""
        metric = metric_of(METRIC)
        try:
            first, second = (side_of(self._journal, one, one.name, metric) for one in (base, run))
            return Compared(base, run, compare(first, second, Asked(metric, FALL)).rows)
        except Misconfigured as error:
            log.warning("two runs of the golden set %s cannot be compared: %s", run.name, error)
            return Compared(base, run, ())

    def _ended_by_people(self, now: datetime) -> Iterable[Incident]:
        for fall in list(self._open.values()):
            for action in actions_since(self._journal, fall.incident.fired_at):
                if ended := ended_by(action, fall.incident, now):
                    yield self._keep(replace(fall, incident=ended)).incident
                    break

    def _languages(self, name: str) -> list[str]:
        return [language for set_, language in self._open if set_ == name]

    def _keep(self, fall: Fall) -> Fall:
        self._journal.write([entry_of(fall)])
        self._note(fall)
        return fall

    def _note(self, fall: Fall) -> None:
        place = fall.name, fall.incident.language
        if fall.incident.state == "firing":
            self._open[place] = fall
        else:
            self._open.pop(place, None)

    def _remember(self, run: GoldenRun) -> None:
        assert self._compared is not None, "resumed before"
        self._journal.write([Entry(COMPARED, run.id, run.at, {"name": run.name})])
        self._compared.add(run.id)


def _told(incidents: Iterable[Incident]) -> list[str]:
    """The languages of which an open incident tells already; one of all languages tells of each."""
    return [one.language for one in incidents if one.class_ == "change" and one.state == "firing"]
