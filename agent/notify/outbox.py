"""The outbox: a message is a row of the journal before it is sent, so that a crash delays it and loses none.

The loop posts, a thread for each receiver delivers: everything here is done under one lock, over one connection of its own.
"""

import logging
import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from agent.alerting.incident import Incident, identity_of
from agent.errors import RetryLater
from agent.notify.base import Thread
from agent.notify.bulletin import REPORT, Bulletin, bulletin_of
from agent.notify.dedup import Told
from agent.notify.ledger import Ledger
from agent.notify.notification import DELIVERY, OUTBOX, Delivery, Notification, read
from agent.store.base import Entry, Journal

log = logging.getLogger(__name__)

SUSTAINED: Final = timedelta(minutes=5)
SKEW: Final = timedelta(minutes=5)


class Outbox:
    """What is to be sent, and what was; `take_over` reads it as another process has left it."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._lock = threading.RLock()
        self.ledger = Ledger()
        self._waiting: dict[str, Notification] = {}
        self._unwritten: dict[str, Entry] = {}
        self._claimed: dict[str, object] = {}  # what is being sent, and by whom
        self._in_charge = False  # of what others have posted, and of what has to be told again and again

    def take_over(self, *, deliver: bool = True) -> None:
        """Read the journal; `deliver`: what others have posted and not sent is ours to send. Raises RetryLater."""
        with self._lock:
            deliveries = {row.id: read(Delivery, row.body) for row in self._rows(DELIVERY)}
            ledger = Ledger()
            for notification in (read(Notification, row.body) for row in self._rows(OUTBOX)):
                ledger.posted(notification)
                if notification.id in deliveries:
                    ledger.settled(deliveries[notification.id])
            ledger.forgive()
            self.ledger, self._in_charge = ledger, self._in_charge or deliver
            kept = ledger.unsettled() if deliver else [one for one in ledger.unsettled() if one.id in self._waiting]
            self._waiting = {one.id: one for one in kept}

    def _rows(self, kind: str) -> list[Entry]:
        """Those of the journal, then those that it will have when it is back: what this process has sent is not sent again."""
        written = self._journal.read(kind)
        known = {row.id for row in written}
        return [*written, *(row for row in self._unwritten.values() if row.kind == kind and row.id not in known)]

    def forgive(self, receiver: str | None = None) -> None:
        """What this receiver (None: any) has refused for good may be sent again."""
        with self._lock:
            self.ledger.forgive(receiver)

    def hand_over(self) -> None:
        """Somebody else evaluates now: what was posted is theirs to send, and to tell again."""
        with self._lock:
            self._waiting.clear()
            self._in_charge = False

    def post_all(self, made: Callable[[Ledger], Iterable[Notification]]) -> None:
        """Post what is made of the ledger as it is."""
        with self._lock:
            self.post([*made(self.ledger)])

    def post(self, notifications: Iterable[Notification]) -> None:
        """Write them down; raises RetryLater where the journal is away: then they are written, and sent, as soon as it is back.

        They are noted first: while the journal is away nobody is told the same every minute.
        """
        with self._lock:
            for one in notifications:
                if one.id not in self.ledger.known:
                    self._note(one)
            self.write()

    def _note(self, notification: Notification) -> None:
        self.ledger.posted(notification)
        self._waiting[notification.id] = notification
        self._unwritten[notification.id] = notification.entry

    def replace(self, old: Sequence[Notification], new: Sequence[Notification], now: datetime) -> None:
        """Send the new ones instead of the old; while the journal is away that is noted later."""
        with self._lock:
            for one in old:
                self._settled(Delivery(id=one.id, receiver=one.receiver, outcome="replaced", reason=one.reason, at=now))
            for one in new:
                self._note(one)
            self._try_to_write()

    def write(self) -> None:
        """Write what could not be written before; raises RetryLater."""
        with self._lock:
            if self._unwritten:
                self._journal.write([*self._unwritten.values()])
                self._unwritten.clear()

    def waiting(self, receiver: str, courier: object = None) -> list[Notification]:
        """What this receiver is to be sent now, in order, but for what another courier is sending.

        What the agent says of itself goes out although it is not written.
        """
        with self._lock:
            mine = [one for one in self._waiting.values() if one.receiver == receiver]
            free = [one for one in mine if self._claimed.get(one.id, courier) is courier]
            return [one for one in free if one.id not in self._unwritten or one.is_own]

    def holds(self, notification: Notification) -> bool:
        """Whether it is still ours to send."""
        with self._lock:
            return notification.id in self._waiting

    def claim(self, notification: Notification, courier: object) -> bool:
        """Whether this courier may send it; not while another one does, which was told to stop and is not done yet."""
        with self._lock:
            return self._claimed.setdefault(notification.id, courier) is courier

    def release(self, notification: Notification) -> None:
        """It may be sent by others again."""
        with self._lock:
            self._claimed.pop(notification.id, None)

    def is_settled(self, notification: Notification) -> bool:
        """Whether another process has delivered it meanwhile: asked before sending, as this one may have stood still for long.

        Its clock may be a little behind ours.
        """
        with self._lock:
            try:
                rows = self._journal.read(DELIVERY, notification.posted_at - SKEW)
            except RetryLater:
                return False
            return any(row.id == notification.id for row in rows)

    def settle(self, delivery: Delivery) -> None:
        """It was sent, or never will be. While the journal is away its row is kept, and only a crash has it sent again."""
        with self._lock:
            self._settled(delivery)
            self._try_to_write()

    def _settled(self, delivery: Delivery) -> None:
        self.ledger.settled(delivery)
        self._waiting.pop(delivery.id, None)
        self._unwritten[f"{DELIVERY}/{delivery.id}"] = delivery.entry

    def _try_to_write(self) -> None:
        try:
            self.write()
        except RetryLater as error:
            log.warning("what was told could not be noted yet: %s", error)

    def told(self, receiver: str, incident: Incident) -> Told | None:
        """What the receiver heard last of this incident."""
        with self._lock:
            return self.ledger.told(receiver, incident)

    def thread(self, notification: Notification) -> tuple[Thread, tuple[Incident, ...]]:
        """The thread that a notification belongs to, and all that this is about, of its own incidents as it tells them."""
        with self._lock:
            strand = self.ledger.named(notification.thread)
            standing = strand.members | {identity_of(one): one for one in notification.incidents}
            return Thread(strand.id, strand.key, dict(strand.receipt)), tuple(standing.values())

    def bulletin(self, notification: Notification) -> Bulletin:
        """The report that a notification brings; raises RetryLater where the journal is away, or does not show it yet."""
        with self._lock:
            rows = self._journal.read(REPORT, notification.at, notification.at)
        for row in rows:
            if row.id == notification.week:
                return bulletin_of(row.body)
        raise RetryLater(f"the report of {notification.week} is not in the journal yet")

    def sustained(self, receiver: str, now: datetime) -> list[Incident]:
        """What has to be told again and again to a receiver that forgets; nothing where somebody else evaluates."""
        with self._lock:
            return self.ledger.sustained(receiver, now, SUSTAINED) if self._in_charge else []

    def last(self, group: str) -> datetime | None:
        """When the last message of the group was posted."""
        with self._lock:
            return self.ledger.last(group)

    def troubles(self) -> dict[str, Incident]:
        """What people were told last of each receiver's own trouble, where that is not over."""
        with self._lock:
            return self.ledger.troubles()

    def waits_for(self, receivers: Collection[str] | None = None) -> bool:
        """Whether something is to be sent to one of these (None: to anybody)."""
        with self._lock:
            return any(receivers is None or one.receiver in receivers for one in self._waiting.values())
