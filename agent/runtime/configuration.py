"""How messages are read, in the journal: after a change of that nothing is compared with what came before."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any, Final, NamedTuple

import msgspec

from agent.alerting.rule import Measure
from agent.records import row_id
from agent.store.base import Entry, Journal

KIND: Final = "configuration"
DEPTH: Final = "k"  # recall alone looks so far down
RECALL: Final[tuple[Measure, ...]] = ("recall_at_k",)

Configuration = Mapping[str, Any]
"""The settings that change what is counted, as plain JSON: a threshold is none of them, since history is read again with it."""


class Begin(NamedTuple):
    """From this time on these measures were read otherwise; none: all of them."""

    at: datetime
    measures: tuple[Measure, ...] = ()


def note(journal: Journal, configuration: Configuration, at: datetime) -> None:
    """Write how messages are read from this time on, where that is news."""
    known = journal.read(KIND)
    if not known or known[-1].body != configuration:
        name = msgspec.json.encode([at, configuration], order="sorted")
        journal.write([Entry(KIND, row_id(name.decode()), at, configuration)])


def begins(journal: Journal) -> Iterator[Begin]:
    """Every time at which reading changed, oldest first."""
    for before, now in pairwise(journal.read(KIND)):
        changed = {name for name in before.body.keys() | now.body.keys() if before.body.get(name) != now.body.get(name)}
        if changed:
            yield Begin(now.at, RECALL if changed == {DEPTH} else ())
