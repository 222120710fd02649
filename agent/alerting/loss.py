"""Records that the log removed before they were read: each such gap is told once, since no count shows it."""

from datetime import UTC, datetime, timedelta
from typing import Final

from msgspec import Struct

from agent.alerting.incident import ALL, OWN, Incident, fingerprint, own_incident

OPEN_FOR: Final = timedelta(days=7)
"""How long a gap stands among the open alerts; nothing can mend it, so nobody is told of its end."""


class Loss(Struct, frozen=True):
    """The offsets in [start, end) of a partition were gone when they were to be read; `source` names this very log."""

    source: str
    topic: str
    partition: int
    start: int
    end: int
    noticed_at: datetime

    @property
    def records(self) -> int:
        """How many records that was at most: compaction and transactions leave holes."""
        return self.end - self.start

    @property
    def sentence(self) -> str:
        """What happened, for people."""
        return (
            f"Up to {self.records:,} records of {self.topic}, partition {self.partition}, were removed from the log before they "
            f"were read, between positions {self.start} and {self.end}: the counts of that time are too low"
        )


def incident(loss: Loss, now: datetime) -> Incident:
    """The gap as an alert. It is known by where it begins, so that noticing it again after a crash is no second one."""
    over = now - loss.noticed_at >= OPEN_FOR
    return own_incident(
        fingerprint(f"{loss.source}@{loss.start}", "", ALL, OWN),
        "warning",
        loss.noticed_at,
        f"{loss.sentence} (noticed at {loss.noticed_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC).",
        state="resolved" if over else "firing",
        resolved_at=loss.noticed_at + OPEN_FOR if over else None,
    )
