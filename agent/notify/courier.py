"""Brings one receiver what is in the outbox, in order: render, send with retry, record."""

import logging
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from agent import tracing
from agent.clock import Clock
from agent.errors import RetryLater
from agent.notify import late, retry
from agent.notify.base import Deployments, Message, Notifier, Receipt, Reports, Sustained, TransportError
from agent.notify.notification import Delivery, Notification
from agent.notify.outbox import Outbox
from agent.notify.render import Renderer
from agent.notify.retry import DEFAULT, Patience
from agent.notify.trouble import Trouble

SUSTAIN_EVERY: Final = timedelta(minutes=1)
NEVER: Final = datetime.min.replace(tzinfo=UTC)
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
        clock: Clock | None = None,
    ) -> None:
        """`clock` tells when an attempt has ended; without one it takes no time."""
        self._notifier, self._outbox, self._renderer = notifier, outbox, renderer
        self._patience, self._on_delivery = patience, on_delivery
        self._stop, self._clock = stop or threading.Event(), clock
        self.trouble = Trouble(notifier.name)
        self._turned_at = NEVER
        self._due_at: datetime | None = None  # while it is left alone
        self._asked_until: datetime | None = None  # as it has asked for
        self._sustained_at: datetime | None = None

    @property
    def name(self) -> str:
        """The receiver's name."""
        return self._notifier.name

    def turn(self, now: datetime) -> None:
        """Deliver what waits, unless the receiver is left alone for a while."""
        self._turned_at = now
        if self._due_at is None or now >= self._due_at:
            self._due_at = None
            self._deliver(now)
        self._sustain(now)

    def _deliver(self, now: datetime) -> None:
        folded = late.fold(self._outbox.waiting(self.name, self), now)
        if folded.old:
            self._outbox.replace(folded.old, folded.new, now)
        for notification in self._outbox.waiting(self.name, self):
            if self._stop.is_set() or not self._delivered(notification):
                return

    def _delivered(self, notification: Notification) -> bool:
        """Whether it is done with, or another one's to send."""
        if not self._outbox.claim(notification, self):
            return True
        try:
            return self._is_done(notification) or self._traced(notification)
        finally:
            self._outbox.release(notification)

    def _is_done(self, notification: Notification) -> bool:
        """Whether it was handed over or replaced, sent by another process, or waits for too long."""
        if not self._outbox.holds(notification):
            return True
        if self._outbox.is_settled(notification):
            with suppress(RetryLater):  # the next turn asks again
                self._outbox.take_over(deliver=False)
            return True
        if self._now() - (notification.late_since or notification.posted_at) > KEPT:
            self._settle(notification, error=TOO_OLD)
            return True
        return False

    def _traced(self, notification: Notification) -> bool:
        what = {"receiver": self.name, "kind": notification.kind, "reason": notification.reason.value}
        with tracing.span("deliver", what, parent=notification.traceparent):
            return self._tried(notification)

    def _tried(self, notification: Notification) -> bool:
        try:
            receipt = self._sent(notification)
        except RetryLater as error:  # the journal is asked again at the next turn; other messages do not wait for it
            logger.debug("%s is told later: %s", self.name, error)
            return True
        except Exception as error:
            return self._failed(notification, _transport_error(error))
        self._settle(notification, receipt=receipt)
        return True

    def _now(self) -> datetime:
        """After an attempt, which may have taken a minute."""
        return max(self._turned_at, self._clock.now()) if self._clock else self._turned_at

    def _sent(self, notification: Notification) -> Receipt:
        message = self._message(notification)
        receipts: list[Receipt] = []
        retry.send(lambda: receipts.append(self._hand_over(message)), self._patience, self._stop)
        return receipts[-1]

    def _message(self, notification: Notification) -> Message:
        thread, standing = self._outbox.thread(notification)
        if notification.kind == "report":
            return self._renderer.report(notification, thread, self._outbox.bulletin(notification), self._notifier.escape)
        return self._renderer.message(notification, thread, standing, self._notifier.escape)

    def _hand_over(self, message: Message) -> Receipt:
        if message.kind == "deployment":
            assert isinstance(self._notifier, Deployments), "only those are posted deployments"
            self._notifier.send_deployment(message)
            return {}
        if message.kind == "report":
            send_report(self._notifier, message)
            return {}
        return self._notifier.send(message)

    def _failed(self, notification: Notification, error: TransportError) -> bool:
        now = self._now()
        self.trouble.failed(error, now, waiting=len(self._outbox.waiting(self.name, self)))
        if error.permanent:
            self._settle(notification, error=str(error))
            return True
        tracing.ended("again", well=False)
        self._due_at = now + retry.rest(self.trouble.failures, error)
        self._asked_until = now + timedelta(seconds=error.retry_after) if error.retry_after else None
        logger.warning("%s cannot be told now, and is tried again: %s", self.name, error, extra={"receiver": self.name})
        return False

    def _settle(self, notification: Notification, *, receipt: Receipt | None = None, error: str | None = None) -> None:
        delivery = Delivery(
            id=notification.id,
            receiver=self.name,
            outcome="sent" if error is None else "failed",
            reason=notification.reason,
            at=self._now(),
            error=error,
            receipt=dict(receipt or {}),
        )
        self._outbox.settle(delivery)
        if error is None and self.trouble.worked():
            self._outbox.forgive(self.name)
        self._on_delivery(delivery)
        tracing.ended(delivery.outcome, well=error is None)
        _log(delivery, notification)

    def _sustain(self, now: datetime) -> None:
        """What has to be told again each minute; a failure is one of the channel's, and the next minute tries again."""
        if self._asked_until and now < self._asked_until:
            return
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


def send_report(notifier: Notifier, message: Message) -> None:
    """Deliver a report, or raise `TransportError`: a name may have been given to a channel that takes none since it was posted."""
    if not isinstance(notifier, Reports):
        raise TransportError("it takes no reports", permanent=True)
    notifier.send_report(message)


def _transport_error(error: Exception) -> TransportError:
    """A bug in one channel is a refusal; its text is kept out, since it may hold a secret."""
    if isinstance(error, TransportError):
        return error
    place = traceback.extract_tb(error.__traceback__)[-1]
    text = f"unexpected {type(error).__name__} in {Path(place.filename).name}, line {place.lineno}"
    return TransportError(text, permanent=True)


def _log(delivery: Delivery, notification: Notification) -> None:
    without = f"the report of {notification.week}" if notification.week else "a deployment"
    about = ", ".join(f"{one.fingerprint} ({one.state})" for one in notification.incidents[:3]) or without
    extra = {"receiver": delivery.receiver, "reason": delivery.reason.value, "outcome": delivery.outcome}
    why = f"{delivery.reason}: {delivery.error}" if delivery.error else delivery.reason.value
    level = logging.ERROR if delivery.error else logging.INFO
    logger.log(level, "notification of %s to %s %s: %s", about, delivery.receiver, delivery.outcome, why, extra=extra)
