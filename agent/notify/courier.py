"""Brings one receiver what is in the outbox, in order: render, send with retry, record."""

import logging
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from agent.alerting.incident import Incident
from agent.errors import RetryLater
from agent.notify import late, retry
from agent.notify.base import Deployments, Message, Notifier, Receipt, Sustained, TransportError
from agent.notify.notification import Delivery, Notification
from agent.notify.outbox import Outbox
from agent.notify.render import Renderer
from agent.notify.retry import DEFAULT, Patience
from agent.notify.trouble import Trouble

SUSTAIN_EVERY: Final = timedelta(minutes=1)
KEPT: Final = timedelta(days=7)
TOO_OLD: Final = "it could not be sent for seven days"

logger = logging.getLogger(__name__)


def unheard(_: Delivery) -> None:
    """What is done with a delivery where nobody counts them."""


class Courier:
    """One receiver's; a turn delivers what waits, and what fails is tried again at a later turn. It never raises."""

    def __init__(  # noqa: PLR0913 - the composition root hands over each part
        self,
        notifier: Notifier,
        outbox: Outbox,
        renderer: Renderer,
        *,
        patience: Patience = DEFAULT,
        on_delivery: Callable[[Delivery], None] = unheard,
        stop: threading.Event | None = None,
    ) -> None:
        self._notifier, self._outbox, self._renderer = notifier, outbox, renderer
        self._patience, self._on_delivery = patience, on_delivery
        self._stop = stop or threading.Event()
        self.trouble = Trouble(notifier.name)
        self._due_at: datetime | None = None  # while it is left alone
        self._sustained_at: datetime | None = None

    @property
    def name(self) -> str:
        """The receiver's name."""
        return self._notifier.name

    def turn(self, now: datetime) -> None:
        """Deliver what waits, unless the receiver is left alone for a while."""
        if self._due_at is None or now >= self._due_at:
            self._due_at = None
            self._deliver(now)
        self._sustain(now)

    def _deliver(self, now: datetime) -> None:
        folded = late.fold(self._outbox.waiting(self.name), now)
        if folded.old:
            self._outbox.replace(folded.old, folded.new, now)
        for notification in self._outbox.waiting(self.name):
            if self._stop.is_set() or not self._delivered(notification, now):
                return

    def _delivered(self, notification: Notification, now: datetime) -> bool:
        """Whether it is done with: sent, by us or by another process, or refused for good, or handed over meanwhile."""
        if not self._outbox.holds(notification):
            return True
        if self._outbox.is_settled(notification):
            with suppress(RetryLater):  # the next turn asks again
                self._outbox.take_over(deliver=False)
            return True
        if now - (notification.late_since or notification.posted_at) > KEPT:
            self._settle(notification, now, error=TOO_OLD)
            return True
        if not self._outbox.claim(notification, self):
            return False
        try:
            return self._tried(notification, now)
        finally:
            self._outbox.release(notification)

    def _tried(self, notification: Notification, now: datetime) -> bool:
        try:
            receipt = self._sent(notification)
        except Exception as error:
            return self._failed(notification, _transport_error(error), now)
        self._settle(notification, now, receipt=receipt)
        return True

    def _sent(self, notification: Notification) -> Receipt:
        thread, standing = self._outbox.thread(notification)
        message = self._renderer.message(notification, thread, standing, self._notifier.escape)
        receipts: list[Receipt] = []
        retry.send(lambda: receipts.append(self._hand_over(message)), self._patience, self._stop)
        return receipts[-1]

    def _hand_over(self, message: Message) -> Receipt:
        if message.kind != "deployment":
            return self._notifier.send(message)
        assert isinstance(self._notifier, Deployments), "only those are posted deployments"
        self._notifier.send_deployment(message)
        return {}

    def _failed(self, notification: Notification, error: TransportError, now: datetime) -> bool:
        self.trouble.failed(error, now, waiting=len(self._outbox.waiting(self.name)))
        if error.permanent:
            self._settle(notification, now, error=str(error))
            return True
        self._due_at = now + retry.rest(self.trouble.failures, error)
        logger.warning("%s cannot be told now, and is tried again: %s", self.name, error, extra={"receiver": self.name})
        return False

    def _settle(
        self, notification: Notification, now: datetime, *, receipt: Receipt | None = None, error: str | None = None
    ) -> None:
        delivery = Delivery(
            id=notification.id,
            receiver=self.name,
            outcome="sent" if error is None else "failed",
            reason=notification.reason,
            at=now,
            error=error,
            receipt=dict(receipt or {}),
        )
        if error is None:
            self.trouble.worked()
        self._outbox.settle(delivery)
        self._on_delivery(delivery)
        _log(delivery, notification.incidents)

    def _sustain(self, now: datetime) -> None:
        """What has to be told again each minute; a failure is one of the channel's, and the next minute tries again."""
        if not isinstance(self._notifier, Sustained) or (self._sustained_at and now - self._sustained_at < SUSTAIN_EVERY):
            return
        self._sustained_at = now
        incidents = self._outbox.sustained(self.name, now)
        if not incidents:
            return
        try:
            self._notifier.sustain(incidents, now)
        except Exception as error:
            self.trouble.failed(_transport_error(error), now, waiting=0)
            logger.warning(
                "%s cannot be told again what still fires: %s", self.name, _transport_error(error), extra={"receiver": self.name}
            )
        else:
            self.trouble.worked()


def _transport_error(error: Exception) -> TransportError:
    """A bug in one channel is a refusal; its text is kept out, since it may hold a secret."""
    if isinstance(error, TransportError):
        return error
    place = traceback.extract_tb(error.__traceback__)[-1]
    text = f"unexpected {type(error).__name__} in {Path(place.filename).name}, line {place.lineno}"
    return TransportError(text, permanent=True)


def _log(delivery: Delivery, incidents: tuple[Incident, ...]) -> None:
    about = ", ".join(f"{one.fingerprint} ({one.state})" for one in incidents[:3]) or "a deployment"
    extra = {"receiver": delivery.receiver, "reason": delivery.reason.value, "outcome": delivery.outcome}
    why = f"{delivery.reason}: {delivery.error}" if delivery.error else delivery.reason.value
    level = logging.ERROR if delivery.error else logging.INFO
    logger.log(level, "notification of %s to %s %s: %s", about, delivery.receiver, delivery.outcome, why, extra=extra)
