"""What people did, until the minute in which it counts."""

from collections.abc import Iterable
from operator import attrgetter

from agent.alerting.action import Action, ended_by
from agent.alerting.incident import Incident
from agent.alerting.minutes import end_of


class Actions:
    """Actions that wait for the evaluator to come to their minute."""

    def __init__(self) -> None:
        self._waiting: list[Action] = []

    def add(self, actions: Iterable[Action]) -> None:
        """Take in actions in any order."""
        self._waiting = sorted([*self._waiting, *actions], key=attrgetter("at"))

    def due(self, minute: int) -> list[Action]:
        """Those done by the end of this minute, oldest first; they wait no longer."""
        due = [action for action in self._waiting if action.at <= end_of(minute)]
        self._waiting = self._waiting[len(due) :]
        return due


def ended_here(action: Action, incident: Incident, minute: int) -> Incident | None:
    """The incident as the action ends it at this minute; None where it ends nothing or is about another one."""
    return ended_by(action, incident, end_of(minute)) if action.fingerprint == incident.fingerprint else None
