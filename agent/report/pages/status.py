"""What every page says on top: up to when the data is, whether the monitor itself is well, how many alerts are open. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from agent.alerting.incident import Incident, is_own, is_standing
from agent.report.pages.shown import lasting, percent
from agent.runtime.own import Seen
from agent.store.base import MINUTE

REJECTED: Final = 0.01
"""From this share of rejected messages on the log, or `source.mapping`, is wrong."""
OLD: Final = timedelta(minutes=15)
"""Windows are stored within seconds and count from two minutes after: what is older than this is late, or nobody asks."""


class Status(NamedTuple):
    """`as_of`: the end of the newest window (None: there is none); `troubles`: sentences, none where all is well.

    `firing`: how many alerts are open; what was low from the start is none.
    """

    as_of: datetime | None
    age: timedelta | None
    troubles: Sequence[str]
    firing: int


def status(
    newest: datetime | None, missing: Mapping[str, str], incidents: Sequence[Incident], now: datetime, seen: Seen | None = None
) -> Status:
    """From the newest window, what the agent waits for, the open incidents, and what the process that reads the log has seen."""
    as_of = None if newest is None else newest + MINUTE
    age = None if as_of is None else max(now - as_of, timedelta(0))
    own = [one.summary for one in incidents if is_own(one) and one.state == "firing"]
    late = [f"the newest query is {lasting(age)} old"] if age is not None and age > OLD else []
    return Status(
        as_of,
        age,
        [*missing.values(), *own, *late, *_seen(seen)],
        sum(one.state == "firing" and not is_standing(one) for one in incidents),
    )


def _seen(seen: Seen | None) -> list[str]:
    """A configuration that is not taken up, and messages that are in no figure."""
    if seen is None:
        return []
    found = (
        [f"the configuration was changed into a wrong one, and the one before stays in force: {seen.wrong}"] if seen.wrong else []
    )
    tally = seen.tally
    if tally.rejected and tally.rejected >= REJECTED * tally.messages:
        reason, _ = tally.reasons.most_common(1)[0]
        found.append(f"{percent(tally.rejected / tally.messages)} of the messages are rejected, most of them for {reason}")
    return found
