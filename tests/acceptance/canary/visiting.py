"""Every page and every answer of the API, asked as a person and as a program."""

from typing import Any

import httpx

from agent.probing.kept import KINDS
from agent.report.remote import API
from agent.web import openapi, pages
from tests.acceptance.canary.seen import Seen

SPLITS = ("version", "collection", "service", "environment")
BESIDE = ("/healthz", "/readyz", "/metrics", "/static/look.css", "/static/page.js", f"{API}/openapi.json")


class Visitor:
    """Asks; what is answered is seen."""

    def __init__(self, address: str, seen: Seen) -> None:
        self._client = httpx.Client(base_url=address, timeout=60)
        self._seen = seen

    def __enter__(self) -> "Visitor":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def look(self, path: str, *, method: str = "GET", status: int = 200, **more: Any) -> httpx.Response:
        """One answer, with its headers."""
        wanted = "application/json" if path.startswith(API) else "text/html"
        answer = self._client.request(method, path, headers={"accept": wanted}, **more)
        assert answer.status_code == status, (path, answer.text)
        self._seen.note(f"answer {path.partition('?')[0]}", answer.content + repr(answer.headers.raw).encode())
        return answer

    def log_in(self, token: str, wrong: str) -> None:
        """Who has no token is sent away, who has a wrong one too."""
        self.look("/", status=303)
        self.look(f"{API}/languages", status=401)
        form = self.look("/login").text.partition('name="csrf" value="')[2].partition('"')[0]
        for word, status in ((wrong, 403), (token, 303)):
            self.look("/login", method="POST", status=status, data={"csrf": form, "token": word, "next": "/"})

    def everything(self) -> None:
        """Each page with each name that it can have, each way of the API to ask, and what is nowhere."""
        self._pages()
        for path, methods in openapi.document()["paths"].items():
            if "get" in methods:
                self.look(path)
        for by in SPLITS:
            self.look(f"{API}/languages?by={by}")
            self.look(f"{API}/pairs?by={by}")
        for path in (*BESIDE, *(f"{API}/journal/{kind}" for kind in KINDS)):
            self.look(path)
        self.look("/nowhere", status=404)
        self.look(f"{API}/languages?by=nonsense", status=400)

    def _pages(self) -> None:
        values = self._names()
        for path in (*(page.path for page in pages.PAGES), pages.REPORT):
            name = next((name for name in values if name in path), "")
            for value in values[name] if name else ("",):
                self.look(path.replace(name, value) if name else path)

    def _names(self) -> dict[str, list[str]]:
        """What can stand in the address of a page."""
        weeks = [self.look(f"{API}/report?format={form}").json()["week"] for form in ("html", "text", "json")]
        return {
            "{tag:path}": [row["language"] for row in self.look(f"{API}/languages").json()],
            "{fingerprint}": [row["fingerprint"] for row in self.look(f"{API}/alerts?all=1").json()],
            "{week}": weeks[:1],
        }
