"""What is told together, and when: pure.

Incidents of one cause in one service go to a receiver in one message. It waits for others of the same cause, and what
comes later waits until some time after the message before.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from agent.alerting.incident import OWN, Incident, Severity

AT_ONCE: Final = timedelta(0)
ALONE: Final = OWN
"""What the agent says of itself waits for nothing, and each is told alone."""


class Group(NamedTuple):
    """What goes into one message; `alone` tells apart what is not grouped."""

    receiver: str
    service: str
    environment: str
    class_: str
    cause: str
    alone: str = ""

    @property
    def name(self) -> str:
        """As it is kept in the journal."""
        return "/".join(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long a message waits for others, how long after it the next one comes, how often what fires is told again."""

    wait: timedelta = timedelta(seconds=30)
    interval: timedelta = timedelta(minutes=5)
    repeat: Mapping[Severity, timedelta | None] = field(
        default_factory=lambda: {"critical": timedelta(hours=4), "warning": timedelta(days=1), "info": None}
    )


UNGROUPED: Final = Timing(wait=AT_ONCE, interval=AT_ONCE, repeat={"critical": None, "warning": None, "info": None})
"""For a receiver that groups and repeats by itself."""


def group_of(incident: Incident, receiver: str) -> Group:
    """The group of an incident at a receiver."""
    alone = incident.fingerprint if incident.class_ == ALONE else ""
    return Group(receiver, incident.service, incident.environment, incident.class_, incident.cause, alone)


def due_at(group: Group, since: datetime, last: datetime | None, timing: Timing, *, hurry: bool = False) -> datetime:
    """When the news of a group are told: the first came at `since`, the last message of the group went out at `last`.

    `hurry`: something got worse, or somebody waits for it.
    """
    if group.class_ == ALONE or hurry:
        return since
    waited = since + timing.wait
    return waited if last is None else max(waited, last + timing.interval)
