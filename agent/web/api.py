"""The read-only JSON API, health and metrics. Handlers only translate: what they answer is in `report/views.py`."""

import hmac
from collections.abc import Awaitable, Callable
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from agent.clock import Clock
from agent.errors import BabelwatchError, Misconfigured
from agent.report.views import API, Rows, Views, Words
from agent.runtime.health import Health

OPEN = ("/healthz", "/readyz", "/metrics")
Read = Callable[[Words], Rows]


def build(views: Views, health: Health, clock: Clock, tokens: frozenset[str] | None, *, metrics: bool = True) -> Starlette:
    """The app; with `tokens` every path but health and metrics needs one of them as bearer token."""

    async def healthz(_: Request) -> Response:
        alive = health.alive(clock.now())
        return JSONResponse({"status": "ok" if alive else "stuck"}, 200 if alive else 503)

    async def readyz(_: Request) -> Response:
        missing = health.missing()
        return JSONResponse({"status": "waiting" if missing else "ok", "missing": missing}, 503 if missing else 200)

    async def own_metrics(_: Request) -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    routes = [
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        Route(f"{API}/languages", _reading(views.languages)),
        Route(f"{API}/pairs", _reading(views.pairs)),
        Route(f"{API}/alerts", _reading(views.alerts)),
        Route(f"{API}/changes", _reading(views.changes)),
    ]
    if metrics:
        routes.append(Route("/metrics", own_metrics))
    middleware = [Middleware(BearerToken, tokens=tokens)] if tokens is not None else []
    return Starlette(routes=routes, middleware=middleware)


def _reading(read: Read) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            rows: Any = await run_in_threadpool(read, dict(request.query_params))
        except Misconfigured as error:
            return JSONResponse({"mistakes": error.mistakes}, 400)
        except BabelwatchError as error:
            return JSONResponse({"error": str(error)}, 503)
        return JSONResponse(rows, headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"})

    return answer


class BearerToken:
    """Refuses requests without a token, except for health and metrics."""

    def __init__(self, app: ASGIApp, tokens: frozenset[str]) -> None:
        self._app = app
        self._tokens = tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or answer 401."""
        if scope["type"] == "http" and scope["path"] not in OPEN and not self._known(Request(scope)):
            refusal = JSONResponse({"error": "a bearer token is needed"}, 401, {"WWW-Authenticate": "Bearer"})
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _known(self, request: Request) -> bool:
        scheme, _, shown = request.headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and any(hmac.compare_digest(shown.encode(), token.encode()) for token in self._tokens)
