"""Who may ask: with a token whoever shows it, else programs and pages of this machine."""

import hmac
from collections.abc import Callable, Collection
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from agent.web.session import LOGIN, holds, to_login

OPEN = ("/healthz", "/readyz", "/metrics")
STATIC = "/static/"
SAFE = ("GET", "HEAD", "OPTIONS")


Refuse = Callable[[Request], Response | None]


class Guard:
    """Asks before each request, but for health, metrics and the look: they change nothing and hold no word of users."""

    def __init__(self, app: ASGIApp, refuse: Refuse) -> None:
        self._app = app
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or answer with the refusal."""
        asked = scope["type"] == "http" and not scope["path"].startswith(STATIC) and scope["path"] not in OPEN
        refusal = self._refuse(Request(scope)) if asked else None
        await (refusal or self._app)(scope, receive, send)


def without_token(tokens: frozenset[str]) -> Refuse:
    """Refuses who does not show one of the tokens."""

    def refuse(request: Request) -> Response | None:
        scheme, _, shown = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and is_one_of(shown, tokens):
            return None
        if request.url.path == LOGIN or holds(request.cookies, tokens):
            host = request.headers.get("host", "")
            return _foreign(request, f"http://{host}", f"https://{host}")  # a proxy may speak TLS for us
        return to_login(request) or JSONResponse({"error": "a bearer token is needed"}, 401, {"WWW-Authenticate": "Bearer"})

    return refuse


def is_one_of(shown: str, tokens: Collection[str]) -> bool:
    """Whether this is one of the tokens; how long it takes does not tell how much of it is right."""
    return any(hmac.compare_digest(shown.encode(), token.encode()) for token in tokens)


def from_elsewhere(request: Request) -> Response | None:
    """Refuses what a browser on this machine sends for a page of somebody else.

    A foreign name that was made to lead here stands in `Host`; a page that posts says its own `Origin`.
    """
    if not _is_loopback(request.headers.get("host", "")):
        return JSONResponse({"error": "without web.token only localhost, 127.0.0.1 or [::1] can be asked"}, 403)
    return _foreign(request, f"http://{request.headers.get('host', '')}")


def _foreign(request: Request, *own: str) -> Response | None:
    """Refuses what a page of another site sends; `own` are the origins of ours."""
    origin = request.headers.get("origin")
    if request.method in SAFE or origin is None or origin.lower() in {each.lower() for each in own}:
        return None
    return JSONResponse({"error": "a page of another site may not change anything here"}, 403)


def _is_loopback(host: str) -> bool:
    """Whether a `Host` header names this machine and nothing else."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False
