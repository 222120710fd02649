"""Events that are nobody's query: load tests, golden runs, probes; dropped by field, and counted."""

from collections.abc import Sequence
from typing import NamedTuple

from agent.records import Accepted, Event


class Exclusion(NamedTuple):
    """Drop events whose `field` equals this text."""

    field: str
    equals: str


def excluded(event: Event, exclusions: Sequence[Exclusion]) -> bool:
    """Whether one of the exclusions names this event."""
    return any(getattr(event, e.field) == e.equals for e in exclusions)


def keep(accepted: list[Accepted], exclusions: Sequence[Exclusion]) -> list[Accepted]:
    """What is left after the exclusions."""
    if not exclusions:
        return accepted
    return [item for item in accepted if not excluded(item.event, exclusions)]
