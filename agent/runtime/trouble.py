"""Trouble that lasts is told when it begins, once a minute while it lasts, and when it is over."""

import logging
from datetime import datetime, timedelta

log = logging.getLogger(__name__)

SAY_EVERY = timedelta(minutes=1)


class Trouble:
    """What fails at the moment: a neighbour that is away is asked every few seconds, for every partition."""

    def __init__(self) -> None:
        self._since: datetime | None = None
        self._said_at: datetime | None = None
        self._times = 0

    def note(self, what: str, now: datetime) -> None:
        """Something failed, and will be tried again."""
        self._times += 1
        if self._since is None or self._said_at is None:
            self._since = self._said_at = now
            log.warning("%s", what)
        elif now - self._said_at >= SAY_EVERY:
            self._said_at = now
            log.warning("%s (%s)", what, self._so_far())

    def over(self) -> bool:
        """Nothing fails any more; whether anything did."""
        if self._since is None:
            return False
        log.warning("ready again (%s)", self._so_far())  # as loud as the trouble was
        self._since, self._said_at, self._times = None, None, 0
        return True

    def _so_far(self) -> str:
        return f"{self._times:,} failure{'s' * (self._times > 1)} since {self._since:%H:%M:%S} UTC"
