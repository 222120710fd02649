"""Falls that golden sets saw by themselves, in the journal: one row a state."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

import msgspec

from agent.alerting.incident import Incident, identity_of
from agent.probing.kept import Fall
from agent.records import row_id
from agent.store.base import Entry, Journal

KIND: Final = "golden_fall"
COMPARED: Final = "golden_compared"  # a run that was held against the one before it


def entry_of(fall: Fall) -> Entry:
    """The row of its state: written twice it is one."""
    incident = fall.incident
    at = incident.resolved_at or incident.fired_at
    assert at is not None, "it fires or is over"
    return Entry(KIND, row_id("/".join(map(str, (*identity_of(incident), incident.state)))), at, msgspec.to_builtins(fall))


def falls(journal: Journal, until: datetime | None = None) -> Iterator[Fall]:
    """Every state that there was by then (None: ever), oldest first."""
    return (msgspec.convert(dict(entry.body), Fall) for entry in journal.read(KIND, until=until))


def incidents(journal: Journal, until: datetime | None = None) -> list[Incident]:
    """Each as it stood then (None: now)."""
    newest = {identity_of(fall.incident): fall.incident for fall in falls(journal, until)}
    return list(newest.values())
