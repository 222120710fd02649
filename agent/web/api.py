"""The JSON API. Handlers only translate: what they answer is in `report/views.py` and `report/writer.py`."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from agent.alerting.action import Name as ActionName
from agent.clock import Clock
from agent.errors import BabelwatchError, Misconfigured, Mistake, NotFound
from agent.report.remote import API
from agent.report.shared import SharedJournal
from agent.report.views import Report, Rows, Views, Words
from agent.report.writer import BODIES, Row, Writer
from agent.runtime.health import Health
from agent.runtime.reload import Taken
from agent.web import openapi, watching
from agent.web.answers import JSON, answered, body_of
from agent.web.cache import Cache, Fresh
from agent.web.guards import Guard, from_elsewhere, without_token
from agent.web.headers import Headers
from agent.web.pages import problem

LARGEST_BODY = 1 << 16
LARGEST_RUN = 64 << 20  # the scores of a golden run in one language
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
Read = Callable[[Words], Rows | Report]
Write = Callable[[Row], Row]
Handler = Callable[[Request], Awaitable[Response]]


def build(  # noqa: PLR0913 - the composition root hands over each part
    views: Views,
    writer: Writer,
    health: Health,
    clock: Clock,
    tokens: frozenset[str] | None,
    *,
    metrics: bool = True,
    apart: bool = False,
    reload: Callable[[], Taken] | None = None,
    shared: SharedJournal | None = None,
    pages: Sequence[BaseRoute] = (),
    cache: Cache | None = None,
) -> Starlette:
    """The app; every path but health and metrics needs one of the `tokens` as bearer token, or (None) a caller on this machine.

    `apart`: health and metrics have a port of their own.
    """
    cache = cache or Cache(object, clock, timedelta(0))  # which keeps nothing
    refuse = from_elsewhere if tokens is None else without_token(tokens)
    return Starlette(
        routes=[
            *(() if apart else watching.routes(health, clock, metrics=metrics)),
            *_asked(views, cache),
            *_written(writer),
            *(_journal(shared) if shared else ()),
            *([Route("/-/reload", _reloading(reload), methods=["POST"])] if reload else ()),
            *pages,
        ],
        exception_handlers={404: _nowhere},
        middleware=[Middleware(Headers), Middleware(Guard, refuse=refuse), Middleware(Fresh, cache=cache)],
    )


def _asked(views: Views, cache: Cache) -> list[Route]:
    """What can be read, and its description."""
    reading = partial(_reading, cache=cache)
    return [
        Route(f"{API}/openapi.json", _described),
        Route(f"{API}/languages", reading(views.languages)),
        Route(f"{API}/pairs", reading(views.pairs)),
        Route(f"{API}/alerts", reading(views.alerts)),
        Route(f"{API}/report", reading(views.report)),
        Route(f"{API}/changes", reading(views.changes), methods=["GET"]),
        Route(f"{API}/mutes", reading(views.mutes), methods=["GET"]),
    ]


def _written(writer: Writer) -> list[Route]:
    """What people write."""
    return [
        Route(f"{API}/changes", _writing(lambda _: writer.announce), methods=["POST"]),
        Route(f"{API}/mutes", _writing(lambda _: writer.mute), methods=["POST"]),
        Route(f"{API}/mutes/{{name}}", _ending(writer.unmute), methods=["DELETE"]),
        *(Route(f"{API}/alerts/{{fingerprint}}/{name}", _writing(_acting(writer, name)), methods=["POST"]) for name in BODIES),
    ]


def _journal(shared: SharedJournal) -> list[Route]:
    """The journal of active checks."""
    return [
        Route(f"{API}/journal/{{kind}}", _sharing(shared), methods=["GET"]),
        Route(f"{API}/journal/{{kind}}", _writing(_kept_in(shared), LARGEST_RUN), methods=["POST"]),
    ]


async def _described(_: Request) -> Response:
    return JSONResponse(openapi.document())


async def _nowhere(request: Request, _: Exception) -> Response:
    """What is nowhere is a page for a person, and a sentence for a program."""
    nothing = NotFound([Mistake(request.url.path, "", "is no address of this agent")])
    if "text/html" in request.headers.get("accept", ""):
        return await run_in_threadpool(problem, nothing, request)
    return JSONResponse({"error": str(nothing)}, 404, HEADERS)  # a command takes no mistake of its user for it


def _reading(read: Read, cache: Cache) -> Handler:
    async def answer(request: Request) -> Response:
        def made() -> bytes:
            return msgspec.json.encode(read(dict(request.query_params)))

        return await _told(lambda: answered(request, cache.get(f"{request.url.path}?{request.url.query}", made), JSON))

    return answer


def _acting(writer: Writer, action: ActionName) -> Callable[[Request], Write]:
    return lambda request: partial(writer.act, request.path_params["fingerprint"], action)


def _sharing(shared: SharedJournal) -> Handler:
    async def answer(request: Request) -> Response:
        return await _answered(partial(shared.read, request.path_params["kind"], dict(request.query_params)))

    return answer


def _kept_in(shared: SharedJournal) -> Callable[[Request], Write]:
    return lambda request: partial(shared.write, request.path_params["kind"])


def _reloading(reload: Callable[[], Taken]) -> Handler:
    async def answer(_: Request) -> Response:
        return await _answered(lambda: {"reloaded": True, **reload()._asdict()})

    return answer


def _ending(end: Callable[[str], Row]) -> Handler:
    async def answer(request: Request) -> Response:
        return await _answered(partial(end, request.path_params["name"]))

    return answer


def _writing(write: Callable[[Request], Write], largest: int = LARGEST_BODY) -> Handler:
    """`write` says what is done for a request; what is said in its body is validated there."""

    async def answer(request: Request) -> Response:
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            return _refusal("expected a body of application/json", 415)
        body = await body_of(request, largest)
        if body is None:
            return _refusal(f"expected at most {largest:,} bytes", 413)
        try:
            said = msgspec.json.decode(body)
        except (msgspec.DecodeError, RecursionError):  # the latter where it is nested without end
            return _refusal("expected JSON", 400)
        return await _answered(partial(write(request), said))

    return answer


async def _answered(work: Callable[[], Any]) -> Response:
    return await _told(lambda: JSONResponse(work(), headers=HEADERS))


async def _told(answer: Callable[[], Response]) -> Response:
    """The answer, or what is wrong."""
    try:
        return await run_in_threadpool(answer)
    except Misconfigured as error:
        return JSONResponse({"mistakes": error.mistakes}, 404 if isinstance(error, NotFound) else 400, HEADERS)
    except BabelwatchError as error:
        return JSONResponse({"error": str(error)}, 503, HEADERS)


def _refusal(expected: str, status: int) -> Response:
    return JSONResponse({"mistakes": [Mistake("", "", expected)]}, status, HEADERS)
