"""Whole golden runs beside the ones before them: what a set sees fall is told, as an incident of its own where nothing else tells it."""

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from msgspec.structs import replace

from agent.alerting.action import Action, ended_by
from agent.alerting.incident import Incident, is_to_know
from agent.errors import Misconfigured
from agent.probing import kept
from agent.probing.comparing.comparison import Asked, compare
from agent.probing.comparing.metric import metric_of
from agent.probing.comparing.sides import side_of
from agent.probing.due import Seen
from agent.probing.golden.falls import Compared, begun, gone, over
from agent.probing.golden.weigh import FALL, METRIC, REMEMBERED
from agent.probing.kept import Fall, GoldenRun
from agent.report.actions import actions_since
from agent.report.golden_falls import COMPARED, entry_of, falls
from agent.runtime.remembered import deployed_since
from agent.store.base import Entry, Journal

log = logging.getLogger(__name__)

BACK: Final = 5
"""So many runs before are asked for a language that the one before lacks."""

Place = tuple[str, str]


class GoldenFalls:
    """Reads each whole run once, in order; what it knows stands in the journal."""

    def __init__(self, journal: Journal, sets: Mapping[str, str]) -> None:
        """`sets`: the golden sets of the settings, each with the service that it is for (empty: any); of others nothing is told."""
        self._journal, self._sets = journal, sets
        self._open: dict[Place, Fall] = {}
        self._over: list[Incident] = []
        self._runs: dict[str, GoldenRun] = {}
        self._compared: set[str] | None = None

    def look(self, seen: Seen, now: datetime) -> list[Incident]:
        """What a set sees fall, and what is over since the last look. Raises RetryLater."""
        if self._compared is None:
            self._resume(now)
        self._end_by_hand(now)
        for run in self._fresh(now):
            self._take(run, seen)
        self._over = [one for one in self._over if is_to_know(one, now)]
        return [*(fall.incident for fall in self._open.values()), *self._over]

    def _resume(self, now: datetime) -> None:
        """Where nothing was ever compared, what ran up to now is the past."""
        compared = {entry.id for entry in self._journal.read(COMPARED, now - REMEMBERED)}
        known = list(falls(self._journal))
        if not compared:
            past = self._whole(now)
            self._journal.write([_compared(run) for run in past])
            compared = {run.id for run in past}
        for fall in known:
            self._note(fall)
        self._compared = compared

    def _fresh(self, now: datetime) -> list[GoldenRun]:
        assert self._compared is not None, "resumed before"
        return [run for run in self._whole(now) if run.id not in self._compared]

    def _whole(self, now: datetime) -> list[GoldenRun]:
        """Runs of a whole set, oldest first."""
        newest = max((run.at for run in self._runs.values()), default=now - REMEMBERED)
        found = [run for run in kept.golden_runs(self._journal, newest) if not run.languages and run.name in self._sets]
        self._runs |= {run.id: run for run in found}
        return found

    def _take(self, run: GoldenRun, seen: Seen) -> None:
        """Compare a run with the ones before, and with those from before falls that are open."""
        for fall in list(self._mended(run)):
            self._keep(fall)
        silent = {*self._languages(run.name), *_told(seen.incidents, self._sets[run.name])}
        earlier = sorted((one for one in self._runs.values() if one.name == run.name and one.at < run.at), key=lambda one: one.at)
        for base in reversed(earlier[-BACK:]):
            compared = self._compare(base, run)
            changes = [change for change in deployed_since(self._journal, base.at) if change.at <= run.at]
            for fall in begun(compared, silent, changes):
                self._keep(fall)
            silent |= {row.group.language for row in compared.rows if row.judged}
            if compared.rows and all(row.judged or not row.only_candidate for row in compared.rows):
                break
        self._remember(run)

    def _mended(self, run: GoldenRun) -> Iterable[Fall]:
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

    def _end_by_hand(self, now: datetime) -> None:
        """What people accepted or closed, and what is of a set that is not configured any more."""
        falls_ = list(self._open.values())
        actions = actions_since(self._journal, min(fall.incident.fired_at or now for fall in falls_)) if falls_ else []
        for fall in falls_:
            ended = _ended(fall, actions, now) if fall.name in self._sets else gone(fall, now)
            if ended:
                self._keep(replace(fall, incident=ended))

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
            self._over.append(fall.incident)

    def _remember(self, run: GoldenRun) -> None:
        assert self._compared is not None, "resumed before"
        self._journal.write([_compared(run)])
        self._compared.add(run.id)


def _ended(fall: Fall, actions: Iterable[Action], now: datetime) -> Incident | None:
    """Its end, where a person accepted or closed it."""
    return next(filter(None, (ended_by(action, fall.incident, now) for action in actions)), None)


def _compared(run: GoldenRun) -> Entry:
    return Entry(COMPARED, run.id, run.at, {"name": run.name})


def _told(incidents: Iterable[Incident], service: str) -> list[str]:
    """The languages of which an open incident of this service (empty: any) tells already; one of all languages tells of each."""
    falls = (one for one in incidents if one.class_ == "change" and one.state == "firing")
    return [one.language for one in falls if service in {"", one.service}]
