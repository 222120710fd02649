"""Who may ask: with a token whoever shows it, else programs and pages of this machine."""

import hmac
from collections.abc import Callable
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

OPEN = ("/healthz", "/readyz", "/metrics")
SAFE = ("GET", "HEAD", "OPTIONS")


Refuse = Callable[[Request], Response | None]


class Guard:
    """Asks before each request, but for health and metrics: they change nothing and hold no word of users."""

    def __init__(self, app: ASGIApp, refuse: Refuse) -> None:
        self._app = app
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or answer with the refusal."""
        asked = scope["type"] == "http" and scope["path"] not in OPEN
        refusal = self._refuse(Request(scope)) if asked else None
        await (refusal or self._app)(scope, receive, send)


def without_token(tokens: frozenset[str]) -> Refuse:
    """Refuses who does not show one of the tokens."""

    def refuse(request: Request) -> Response | None:
        scheme, _, shown = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and any(hmac.compare_digest(shown.encode(), token.encode()) for token in tokens):
            return None
        return JSONResponse({"error": "a bearer token is needed"}, 401, {"WWW-Authenticate": "Bearer"})

    return refuse


def from_elsewhere(request: Request) -> Response | None:
    """Refuses what a browser on this machine sends for a page of somebody else.

    A foreign name that was made to lead here stands in `Host`; a page that posts says its own `Origin`.
    """
    host, origin = request.headers.get("host", ""), request.headers.get("origin")
    if not _is_loopback(host):
        return JSONResponse({"error": "without web.token only localhost, 127.0.0.1 or [::1] can be asked"}, 403)
    if request.method not in SAFE and origin is not None and origin.lower() != f"http://{host}".lower():
        return JSONResponse({"error": "a page of another site may not change anything here"}, 403)
    return None


def _is_loopback(host: str) -> bool:
    """Whether a `Host` header names this machine and nothing else."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False
