"""The groups of all services at work: what is held back, what was told of all languages together, and what ends with it."""

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from agent.alerting.incident import Incident
from agent.alerting.triage.fleet import Looks
from agent.alerting.triage.grouping import Group, Place, Steps, ended_by_hand, step_all


class Together:
    """Takes in the transitions of every minute; its `groups` are all it knows, and are stored as they are."""

    def __init__(self, groups: tuple[Group, ...] = ()) -> None:
        self.groups = groups

    @property
    def fleets(self) -> list[Incident]:
        """The open incidents of all languages."""
        return [group.fleet for group in self.groups if group.fleet is not None]

    @property
    def held(self) -> list[Incident]:
        """What fires and waits for the test whether all languages fell."""
        return [one for group in self.groups for one in group.held]

    @property
    def hidden(self) -> set[str]:
        """The fingerprints of what fires and nobody was told of."""
        return {one.fingerprint for group in self.groups for one in group.hidden}

    def step(self, minute: int, moved: Sequence[Incident], look: Callable[[Place], Looks]) -> Steps:
        """What is to be told of these transitions, and what ends silently."""
        steps = step_all(self.groups, minute, moved, look)
        self.groups = steps.groups
        return steps

    def keep(self, fleet: Incident) -> None:
        """What was found out about an incident of all languages; of any other nothing is kept here."""
        self.groups = tuple(replace(one, fleet=fleet) if _is_of(one, fleet) else one for one in self.groups)

    def end(self, end: Callable[[Incident], Incident | None], minute: int) -> tuple[Incident, tuple[Incident, ...]] | None:
        """The first incident of all languages that ends so, and its languages, which end with it; None where none does."""
        for group in self.groups:
            if group.fleet and (over := end(group.fleet)):
                self.groups = tuple(one for one in self.groups if one is not group)
                return over, ended_by_hand(group, over, minute)
        return None


def _is_of(group: Group, incident: Incident) -> bool:
    return group.fleet is not None and group.fleet.fingerprint == incident.fingerprint
