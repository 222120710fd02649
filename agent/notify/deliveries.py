"""What each receiver was told, in the journal: a restart tells nobody twice."""

from typing import NamedTuple

import msgspec

from agent.alerting.incident import State
from agent.notify.steps import Delivery
from agent.store.base import Entry, Journal


class _Told(NamedTuple):
    receiver: str
    fingerprint: str
    began_at: str


class Deliveries:
    """The deliveries of all incidents, read once and kept up to date."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._states: dict[_Told, State] = {}
        self._unwritten: list[Entry] = []
        for entry in journal.read("delivery"):
            self._note(msgspec.convert(dict(entry.body), Delivery))

    def sent(self, receiver: str, fingerprint: str, began_at: str) -> State | None:
        """The last state that the receiver was told of this incident."""
        return self._states.get(_Told(receiver, fingerprint, began_at))

    def record(self, delivery: Delivery) -> None:
        """Remember a delivery; raises RetryLater when the journal is away, which gets the row with a later one.

        It is noted first: while the journal is away nobody is told the same every minute.
        """
        self._note(delivery)
        name = f"{delivery.receiver}/{delivery.fingerprint}/{delivery.began_at}/{delivery.state}"
        self._unwritten.append(Entry("delivery", name, delivery.at, msgspec.to_builtins(delivery)))
        self._journal.write(self._unwritten)
        self._unwritten.clear()

    def _note(self, delivery: Delivery) -> None:
        if delivery.outcome == "sent":
            told = _Told(delivery.receiver, delivery.fingerprint, delivery.began_at)
            self._states[told] = delivery.state
