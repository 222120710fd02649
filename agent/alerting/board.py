"""What stands: the open incidents, alone or all languages as one, those that ended since the start, and those that ended silently."""

from collections.abc import Sequence

from msgspec.structs import replace

from agent.alerting.finding import Subject, subject_of
from agent.alerting.incident import Incident
from agent.alerting.known import Known, State, silenced
from agent.alerting.lifecycle import Standing
from agent.alerting.triage.grouping import Place, is_fleet
from agent.alerting.triage.together import Together


class Board:
    """Where every language's incident has one place, from its first breach to its end."""

    def __init__(self, known: Known) -> None:
        """What an earlier process left; without its state only what fires is known."""
        state = known.state or State(tuple(Standing(one) for one in known.last if one.state == "firing" and not is_fleet(one)))
        self.standings = {subject_of(one.incident): one for one in state.standings}
        self.together = Together(state.groups)
        self.silent = state.silent
        self.resolved: list[Incident] = []

    @property
    def open(self) -> list[Incident]:
        """Pending or firing, without what is held back or stands for all languages."""
        hidden = self.together.hidden
        single = (self.standings[subject].incident for subject in sorted(self.standings))
        return [*self.together.fleets, *(one for one in single if one.fingerprint not in hidden)]

    def firing(self, subject: Subject) -> Incident | None:
        """The incident that fires there."""
        standing = self.standings.get(subject)
        return standing.incident if standing is not None and standing.incident.state == "firing" else None

    def fallen(self, place: Place) -> set[str]:
        """The languages of a service of which a fall fires."""
        return {
            subject.language
            for subject in self.standings
            if subject[:2] == place and subject.class_ == "change" and self.firing(subject)
        }

    def put(self, subject: Subject, after: Standing | None) -> None:
        """What stands there from now on; what is resolved stands no more, and is known."""
        self.standings.pop(subject, None)
        if after is not None and after.incident.state == "resolved":
            self.resolved.append(after.incident)
        elif after is not None:
            self.standings[subject] = after

    def keep(self, incident: Incident) -> None:
        """What was found out about an incident that fires."""
        subject = subject_of(incident)
        if subject in self.standings:
            self.standings[subject] = replace(self.standings[subject], incident=incident)
        self.together.keep(incident)

    def now(self, incident: Incident) -> Incident:
        """What was held back, as it is by now: labels may have joined."""
        standing = self.standings.get(subject_of(incident))
        return standing.incident if standing is not None and incident.state == "firing" else incident

    def silence(self, over: Sequence[Incident], minute: int) -> None:
        """The journal of transitions does not know them, and their time is in no baseline as long as there is history."""
        self.silent = silenced(self.silent, over, minute)
