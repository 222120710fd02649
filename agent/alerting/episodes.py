"""What incidents take out of the baselines of languages: the minutes from when each one fell until it had recovered."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final, NamedTuple

from agent.alerting.action import is_automatic
from agent.alerting.finding import Subject, subject_of
from agent.alerting.incident import ALL, Incident
from agent.alerting.minutes import HOUR, minute_at
from agent.alerting.weighing import is_weighed

BEFORE_FIRING: Final = HOUR  # is left out of baselines, when nothing says that the fall began earlier
FAR: Final = 1 << 62  # a minute that never comes


class Episode(NamedTuple):
    """The time that an incident takes out of a language's baseline: the minutes [first, end)."""

    first: int
    end: int


class Episodes:
    """The incidents of each language, firing or resolved, in the order in which they fired."""

    def __init__(self, incidents: Iterable[Incident]) -> None:
        self._incidents: dict[Subject, list[Incident]] = {}
        for incident in incidents:
            self._incidents.setdefault(subject_of(incident), []).append(incident)

    @property
    def subjects(self) -> Collection[Subject]:
        """Every language that had one."""
        return self._incidents.keys()

    def remember(self, subject: Subject, incident: Incident) -> bool:
        """Take in an incident as it is now; returns whether it is a new one."""
        episodes = self._incidents.setdefault(subject, [])
        known = bool(episodes) and episodes[-1].fired_at == incident.fired_at
        if known:
            episodes.pop()
        episodes.append(incident)
        return not known

    def newest(self, subject: Subject) -> Incident:
        """The last incident of a language that had one."""
        return self._incidents[subject][-1]

    def known(self, subject: Subject) -> list[Incident]:
        """The incidents of all languages together, then those of this one."""
        return [*self._incidents.get(subject._replace(language=ALL), ()), *self._incidents.get(subject, ())]

    def spans(self, subject: Subject) -> list[Episode]:
        """The times of a language's incidents, from when it fell until it had recovered; refuted ones and mistakes are none.

        Where the new level was accepted it is the time before: what was usual then is not usual any more.
        """
        return [episode_of(incident) for incident in self.known(subject) if counts(incident)]

    def over(self, subject: Subject) -> list[int]:
        """The first minutes after the incidents that are over."""
        return [minute_at(one.resolved_at) for one in self.known(subject) if one.resolved_at and counts(one)]

    def accepted(self, subject: Subject) -> list[Incident]:
        """Those of which a person has accepted the new level."""
        return [one for one in self.known(subject) if one.accepted_at is not None and not is_automatic(one)]

    def is_accepted(self, subject: Subject, since: datetime) -> bool:
        """Whether the level was accepted at this time or later."""
        return any(one.accepted_at is not None and one.accepted_at >= since for one in self.known(subject))


def counts(incident: Incident) -> bool:
    """Whether an incident's time is left out: something did fall, and nobody said that it was none.

    Labels of the same queries refute a fall; a golden set says only that its scores mean nothing, and they did fall.
    """
    refuted = incident.confirmed == "no" and not is_weighed(incident)
    return not refuted and incident.verdict not in {"false", "expected"}


def episode_of(incident: Incident) -> Episode:
    """From an hour before it fired, or from when it began, to its end."""
    fired = minute_at(incident.fired_at) if incident.fired_at else FAR
    began = minute_at(incident.began_at) if incident.began_at else fired
    if incident.accepted_at is not None:
        return Episode(0, began)
    return Episode(min(began, fired - BEFORE_FIRING), minute_at(incident.resolved_at) if incident.resolved_at else FAR)
