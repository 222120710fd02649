"""A page is made once for what it shows: again only when something was written, the settings changed, or a minute went by."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, MutableMapping
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any, Final, NamedTuple

from starlette.types import ASGIApp, Receive, Scope, Send

from agent.clock import Clock
from agent.web.guards import SAFE

MOST: Final = 256
LOOKED: Final = timedelta(seconds=1)

Revision = Callable[[], Hashable]
"""What differs as soon as a page would: positions, the journal, the settings in force."""


class Kept(NamedTuple):
    """An answer, and its validator (RFC 9110, section 8.8.3)."""

    body: bytes
    etag: str


class Cache:
    """The answers of now, by address; each is made by the first who wants it, the others wait for that one and for no other."""

    def __init__(self, revision: Revision, clock: Clock, looked: timedelta = LOOKED) -> None:
        """`looked`: for so long what was written is not asked for again."""
        self._revision, self._clock, self._patience = revision, clock, looked
        self._lock = threading.Lock()
        self._making: dict[str, threading.Lock] = {}
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._as_of: Hashable = None
        self._looked_at: datetime | None = None
        self._wanted = self._met = object()

    def get(self, address: str, make: Callable[[], bytes]) -> Kept:
        """The answer, made where there is none yet; what `make` raises is raised and not kept."""
        with self._lock:
            known, _ = self._now(address)
            making = self._making.setdefault(address, threading.Lock())
        if known:
            return known
        with making:
            with self._lock:
                known, as_of = self._now(address)
            return known or self._made(address, make, as_of)

    def _now(self, address: str) -> tuple[Kept | None, Hashable]:
        """The answer that is kept, and what of: with the lock."""
        self._look()
        known = self._kept.get(address)
        if known:
            self._making.pop(address, None)
            self._kept.move_to_end(address)
        return known, self._as_of

    def _made(self, address: str, make: Callable[[], bytes], as_of: Hashable) -> Kept:
        """A fresh one, which is kept where nothing was written while it was made."""
        try:
            body = make()
            made = Kept(body, f'"{blake2b(body, digest_size=12).hexdigest()}"')
        finally:
            with self._lock:
                self._making.pop(address, None)
        with self._lock:
            if as_of == self._as_of:
                self._kept[address] = made
                while len(self._kept) > MOST:
                    self._kept.popitem(last=False)
        return made

    def forget(self) -> None:
        """Ask with the next answer whether something was written; waits for no page that is being made."""
        self._wanted = object()

    def _look(self) -> None:
        """Forget everything where something has changed."""
        now, wanted = self._clock.now(), self._wanted
        if wanted is self._met and self._looked_at is not None and abs(now - self._looked_at) < self._patience:
            return
        as_of = (self._revision(), int(now.timestamp()) // 60)
        if as_of != self._as_of:
            self._kept.clear()
        self._as_of, self._looked_at, self._met = as_of, now, wanted


class Fresh:
    """Whoever changes something sees it with the next page."""

    def __init__(self, app: ASGIApp, cache: Cache) -> None:
        self._app, self._cache = app, cache

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and forget before the answer is sent."""

        async def sending(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start" and scope["method"] not in SAFE:
                self._cache.forget()
            await send(message)

        await self._app(scope, receive, sending)
