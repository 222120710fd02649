"""The pages: each address asks for a model and renders it; what stands on them is in `report/pages`."""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from agent.errors import BabelwatchError, Misconfigured, NotFound
from agent.report.pages.store import StorePages
from agent.report.weekly.html import style as report_style
from agent.web.answers import HTML, KEPT, answered
from agent.web.cache import Cache
from agent.web.headers import with_style
from agent.web.rendering import LOOK, SCRIPT, render

Words = Mapping[str, str]
Model = Callable[[StorePages, Request], Any]

REPORT_HEADERS: Final = {**KEPT, "Content-Security-Policy": with_style(report_style())}
FOREVER: Final = {"Cache-Control": "public, max-age=31536000, immutable"}


class Page(NamedTuple):
    """One page: its address, its template, what `nav` calls it, and where its model comes from."""

    path: str
    template: str
    here: str
    model: Model


PAGES: Final = (
    Page("/", "languages.html.j2", "languages", lambda pages, request: pages.languages(dict(request.query_params))),
    Page("/pairs", "pairs.html.j2", "pairs", lambda pages, request: pages.pairs(dict(request.query_params))),
    Page("/alerts", "alerts.html.j2", "alerts", lambda pages, request: pages.alerts(dict(request.query_params))),
    Page(
        "/alerts/{fingerprint}",
        "alert.html.j2",
        "alerts",
        lambda pages, request: pages.alert(request.path_params["fingerprint"], dict(request.query_params)),
    ),
    Page("/reports", "reports.html.j2", "reports", lambda pages, request: pages.reports(dict(request.query_params))),
    Page("/quality", "quality.html.j2", "quality", lambda pages, request: pages.data_quality(dict(request.query_params))),
)


REPORT: Final = "/reports/{week}"


def routes(looking: Callable[[], StorePages], cache: Cache) -> list[BaseRoute]:
    """The pages, their look and their script; `looking` makes what one page is read with."""
    return [
        Route("/static/look.css", _file(LOOK, "text/css; charset=utf-8")),
        Route("/static/page.js", _file(SCRIPT, "text/javascript; charset=utf-8")),
        *(Route(page.path, _answering(cache, _rendered(page, looking))) for page in PAGES),
        Route(REPORT, _answering(cache, lambda request: looking().report(request.path_params["week"]).encode(), REPORT_HEADERS)),
    ]


def _rendered(page: Page, looking: Callable[[], StorePages]) -> Callable[[Request], bytes]:
    def made(request: Request) -> bytes:
        pages, words = looking(), dict(request.query_params)
        model = page.model(pages, request)
        return render(page.template, page=model, here=page.here, path=request.url.path, words=words, status=pages.status())

    return made


def _answering(cache: Cache, make: Callable[[Request], bytes], headers: Mapping[str, str] = KEPT) -> Callable[[Request], Any]:
    async def answer(request: Request) -> Response:
        address = f"{request.url.path}?{request.url.query}"
        try:
            kept = await run_in_threadpool(cache.get, address, lambda: make(request))
        except BabelwatchError as error:
            return await run_in_threadpool(problem, error, request)
        return answered(request, kept, HTML, headers)

    return answer


def problem(error: BabelwatchError, request: Request) -> Response:
    """A page that says what is wrong, and how to go on."""
    status = 404 if isinstance(error, NotFound) else 400 if isinstance(error, Misconfigured) else 503
    mistakes = [str(one) for one in error.mistakes] if isinstance(error, Misconfigured) else [str(error)]
    body = render("problem.html.j2", mistakes=mistakes, code=status, here="", path=request.url.path, words={}, status=None)
    return Response(body, status, {"Cache-Control": "no-store"}, HTML)


def _file(content: bytes, media_type: str) -> Callable[[Request], Any]:
    async def answer(_: Request) -> Response:
        return Response(content, media_type=media_type, headers=FOREVER)

    return answer
