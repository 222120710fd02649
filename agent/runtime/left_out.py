"""What is said while as_of goes on without partitions that nobody can read any more."""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from msgspec.structs import replace

from agent.alerting.incident import Incident
from agent.records import Partition

log = logging.getLogger(__name__)

Without = Mapping[Partition, datetime]
"""The partitions that are left out, with since when each stands still."""
NOTHING: Final[Without] = {}
MARK: Final = "Partial:"
MOST_NAMED: Final = 3


def sentence(without: Without) -> str:
    """`logs/1 has not been read since 2026-11-16 08:31 UTC`, the first few of them."""
    named = [f"{partition} {_since(since)}" for partition, since in sorted(without.items())[:MOST_NAMED]]
    more = len(without) - len(named)
    return ", ".join([*named, f"and {more} more"] if more else named)


def marked(incident: Incident, without: Without) -> Incident:
    """The incident, its summary saying which partitions it does not know; once, as it was when that began."""
    if not without or MARK in incident.summary:
        return incident
    return replace(incident, summary=f"{incident.summary} {MARK} {sentence(without)}.".strip())


class LeftOut:
    """Tells when as_of begins to go on without a partition, and when it waits for all of them again."""

    def __init__(self) -> None:
        self.now: Without = NOTHING

    def note(self, without: Without) -> None:
        """Who is left out now; the log has one line for each change."""
        if without and without.keys() != self.now.keys():
            log.warning("as_of goes on, alerts are marked partial, volumes are not compared: %s", sentence(without))
        elif self.now and not without:
            log.warning("as_of waits for all partitions again")
        self.now = without

    def missing(self, waits: Mapping[str, str]) -> Mapping[str, str]:
        """What waits, and who is left out, with a sentence on each."""
        told = {str(partition): f"{_since(since)}, as_of goes on without it" for partition, since in self.now.items()}
        return {name: "; ".join(each[name] for each in (waits, told) if name in each) for name in {**waits, **told}}


def _since(since: datetime) -> str:
    return f"has not been read since {since:%Y-%m-%d %H:%M} UTC"
