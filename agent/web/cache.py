"""A page is made once for what it shows: again only when something was written, the settings changed, or a minute went by."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Final, NamedTuple

from agent.clock import Clock

MOST: Final = 256
LOOKED: Final = timedelta(seconds=1)
"""So long what was written is not asked for again."""

Revision = Callable[[], Hashable]
"""What differs as soon as a page would: positions, the journal, the settings in force."""


class Kept(NamedTuple):
    """An answer, and its validator (RFC 9110, section 8.8.3)."""

    body: bytes
    etag: str


class Cache:
    """The answers of now, by address; one is made at a time, whoever else wants it waits for it."""

    def __init__(self, revision: Revision, clock: Clock) -> None:
        self._revision, self._clock = revision, clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._as_of: Hashable = None
        self._looked_at: datetime | None = None

    def get(self, address: str, make: Callable[[], bytes]) -> Kept:
        """The answer, made where there is none yet; what `make` raises is raised and not kept."""
        with self._lock:
            self._look()
            known = self._kept.get(address)
            if known is None:
                body = make()
                known = self._kept[address] = Kept(body, f'"{blake2b(body, digest_size=12).hexdigest()}"')
            self._kept.move_to_end(address)
            if len(self._kept) > MOST:
                self._kept.popitem(last=False)
            return known

    def forget(self) -> None:
        """Somebody wrote through a page: he sees it at once."""
        with self._lock:
            self._looked_at = None

    def _look(self) -> None:
        """Forget everything where something has changed."""
        now = self._clock.now()
        if self._looked_at is not None and abs(now - self._looked_at) < LOOKED:
            return
        as_of = (self._revision(), int(now.timestamp()) // 60)
        if as_of != self._as_of:
            self._kept.clear()
        self._as_of, self._looked_at = as_of, now
