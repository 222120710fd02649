"""What an evaluator leaves to the process that takes its place."""

from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from agent.alerting.finding import subject_of
from agent.alerting.incident import Incident
from agent.alerting.lifecycle import Standing
from agent.alerting.measures import Scale
from agent.alerting.minutes import DAY, minute_at, start_of
from agent.alerting.recoveries import FallState
from agent.alerting.reference import Reference
from agent.alerting.triage.grouping import Group, Place

REMEMBERED: Final = 35 * DAY  # as far as minutes are kept
BY_STATE: Final = attrgetter("state")  # firing sorts before resolved: of one incident given twice the end counts


class State(Struct, frozen=True):
    """What history does not tell: counts of incidents, what they are measured against, who is held back, open windows.

    `silent`: falls that ended and that nobody was told of; their times only. `begins`: since when a service is watched.
    """

    standings: tuple[Standing, ...] = ()
    falls: FallState = FallState()
    judges: dict[str, object] = {}
    groups: tuple[Group, ...] = ()
    silent: tuple[Incident, ...] = ()
    begins: tuple[tuple[Place, int], ...] = ()


class Known(Struct, frozen=True):
    """What an earlier process left: incidents, firing or resolved, references, its state where that is kept, thresholds and floors."""

    incidents: tuple[Incident, ...] = ()
    references: tuple[Reference, ...] = ()
    state: State | None = None
    thresholds: Mapping[Scale, float] = {}
    floors: Mapping[str, float] = {}

    @property
    def last(self) -> list[Incident]:
        """Each incident once, as it was last, also those that nobody was told of."""
        state = self.state or State()
        return newest((*self.incidents, *state.silent, *(one.incident for one in state.standings)))


def newest(incidents: Iterable[Incident]) -> list[Incident]:
    """Each incident once, as it was last, in the order in which they fired."""
    known = {(subject_of(one), one.fired_at): one for one in sorted(incidents, key=BY_STATE) if one.state != "pending"}
    return sorted(known.values(), key=lambda one: minute_at(one.fired_at) if one.fired_at else 0)


def silenced(known: tuple[Incident, ...], over: Sequence[Incident], minute: int) -> tuple[Incident, ...]:
    """With those that ended silently: their time is in no baseline as long as there is history, the journal does not know them."""
    if not over:
        return known
    oldest = start_of(minute - REMEMBERED)
    bare = (replace(one, evidence=(), where=(), exemplars=(), advice="", summary="") for one in over)
    return tuple(one for one in (*known, *bare) if one.resolved_at and one.resolved_at > oldest)
