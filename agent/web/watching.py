"""What machines ask to watch the agent: health and metrics, for everybody, on the port of the pages or on one of their own."""

from collections.abc import Sequence

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from agent.clock import Clock
from agent.runtime.health import Health
from agent.web.headers import Headers


def routes(health: Health, clock: Clock, *, metrics: bool) -> Sequence[BaseRoute]:
    """Whether it lives, whether it waits for something, and its figures."""

    async def healthz(_: Request) -> Response:
        alive = health.alive(clock.now())
        return JSONResponse({"status": "ok" if alive else "stuck"}, 200 if alive else 503)

    async def readyz(_: Request) -> Response:
        missing = health.missing()
        return JSONResponse({"status": "waiting" if missing else "ok", "missing": missing}, 503 if missing else 200)

    own = [Route("/metrics", _own_metrics)] if metrics else []
    return [Route("/healthz", healthz), Route("/readyz", readyz), *own]


def watched(health: Health, clock: Clock, *, metrics: bool) -> Starlette:
    """The app of a port of their own."""
    return Starlette(routes=routes(health, clock, metrics=metrics), middleware=[Middleware(Headers)])


async def _own_metrics(_: Request) -> Response:
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
