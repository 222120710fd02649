"""The pages over stores in memory, asked as a browser asks."""

import asyncio
import re
from collections.abc import Mapping

import httpx

from agent.report.pages.store import StorePages
from agent.runtime.health import Health
from agent.web import forms, pages
from agent.web.api import build
from agent.web.cache import Cache
from agent.web.session import OWN
from tests.report.builders import QUALITY, Looking
from tests.runtime.rig import NOW

HERE = "http://127.0.0.1:8080"
FORM = {"content-type": "application/x-www-form-urlencoded"}


class Site:
    """A site over what is looked at; with tokens it is one beyond loopback."""

    def __init__(self, *tokens: str, looking: Looking | None = None) -> None:
        self.looking = looking or Looking()
        self.clock, self.health, self.made = self.looking.clock, Health(NOW), 0
        self.health.needs({})
        known = frozenset(tokens) or None
        self.cache = Cache(self.revision, self.clock)
        self.app = build(
            self.looking.views,
            self.looking.writer,
            self.health,
            self.clock,
            known,
            pages=[*pages.routes(self.look, self.cache), *forms.routes(self.looking.writer), *forms.login(known)],
            cache=self.cache,
        )

    def revision(self) -> tuple[int, str]:
        """What was written."""
        return len(self.looking.windows.tokens), self.looking.journal.revision()

    def look(self) -> StorePages:
        """As the composition root makes it; counted."""
        self.made += 1
        looking = self.looking
        return StorePages(looking.windows, looking.journal, QUALITY, self.clock, missing=self.health.missing())

    def get(self, path: str, **headers: str) -> httpx.Response:
        """Ask as a browser does."""
        return self.request("GET", path, headers={"accept": "text/html", **headers})

    def send(self, path: str, fields: Mapping[str, str], **headers: str) -> httpx.Response:
        """Send a form of ours; `csrf` may say otherwise."""
        return self.request("POST", path, data={"csrf": OWN, **fields}, headers={**FORM, **headers})

    def request(self, method: str, path: str, **more: object) -> httpx.Response:
        """Send a request; no redirect is followed."""

        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url=HERE) as client:
                return await client.request(method, path, **more)  # type: ignore[arg-type]  # the words of httpx

        return asyncio.run(ask())


def said(page: str) -> str:
    """What a reader reads: without tags, in one line."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())
