"""What the loop sees once a minute, for whoever watches the agent itself."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from agent.alerting.incident import Incident
from agent.alerting.measured import Measured
from agent.records import Partition


class Look(NamedTuple):
    """What the evaluator saw of the whole log, whoever reads it; other agents say nothing, so that no figure comes twice.

    `lags`: the records of each partition that are not in the store; `took`: how long evaluation took, if there was something to do.
    """

    lags: Mapping[Partition, int] = {}
    as_of: datetime | None = None
    incidents: Sequence[Incident] = ()
    measured: Sequence[Measured] = ()
    took: timedelta | None = None


def unwatched(_: Look) -> None:
    """What is done with a look where nobody asks."""


def unwatched_time(_: datetime) -> None:
    """What is done at a turn where nobody asks."""


def nobody() -> None:
    """Who is told that another agent evaluates now, where there is none."""
