"""A thread for each receiver, so that a slow one delays nobody, least of all the loop that reads the log."""

import logging
import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from agent.alerting.incident import Incident
from agent.clock import Clock
from agent.notify.courier import Courier
from agent.notify.outbox import Outbox

log = logging.getLogger(__name__)

TICK_S: Final = 1.0
GRACE_S: Final = 15.0  # longer than a channel is usually waited for


class Couriers:
    """Run from `start` to `stop`; `wake` says that there is something in the outbox."""

    def __init__(self, couriers: Sequence[Courier], outbox: Outbox, clock: Clock, stopping: threading.Event) -> None:
        self._couriers, self._outbox, self._clock, self._stopping = couriers, outbox, clock, stopping
        self._woken = [threading.Event() for _ in couriers]
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin to deliver."""
        for courier, woken in zip(self._couriers, self._woken, strict=True):
            thread = threading.Thread(target=self._run, args=(courier, woken), name=f"courier {courier.name}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _run(self, courier: Courier, woken: threading.Event) -> None:
        while not self._stopping.is_set():
            woken.clear()
            try:
                courier.turn(self._clock.now())
            except Exception:  # such as a store that answers nonsense: the next turn tries again
                log.exception("%s was not served in this turn", courier.name)
            woken.wait(TICK_S)

    def wake(self) -> None:
        """Look into the outbox now."""
        for woken in self._woken:
            woken.set()

    def drain(self, patience: timedelta) -> bool:
        """Wait until all is sent; False where that takes longer."""
        deadline = self._clock.now() + patience
        names = {courier.name for courier in self._couriers}
        while self._outbox.waits_for(names) and self._clock.now() < deadline:
            self.wake()
            self._clock.sleep(0.1)
        return not self._outbox.waits_for(names)

    def ask_to_stop(self) -> None:
        """Stop after the attempt that is being made; what was not sent stays in the outbox."""
        self._stopping.set()
        self.wake()

    def stop(self) -> None:
        """Wait until they have stopped, for `GRACE_S` at most."""
        self.ask_to_stop()
        all_of_them = threading.Thread(target=self._join, name="couriers that stop", daemon=True)
        all_of_them.start()
        all_of_them.join(GRACE_S)

    def _join(self) -> None:
        for thread in self._threads:
            thread.join()

    def troubles(self, now: datetime) -> list[Incident]:
        """The receivers that cannot be reached, and those that can again."""
        found = (courier.trouble.incident(now) for courier in self._couriers)
        return [incident for incident in found if incident is not None]
