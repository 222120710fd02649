"""The pages: each address asks for a model and renders it; what stands on them is in `report/pages`."""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from agent.errors import BabelwatchError, Misconfigured, NotFound
from agent.notify.runbook import PATH as RUNBOOK
from agent.report.pages.store import StorePages
from agent.report.weekly.html import style as report_style
from agent.web.answers import HTML, KEPT, answered
from agent.web.cache import Cache
from agent.web.headers import with_style
from agent.web.rendering import LOOK, SCRIPT, render
from agent.web.runbook import runbook

Words = Mapping[str, str]
Model = Callable[..., Any]
"""A method of `StorePages`, but for the runbook: given what stands in the path, and the words of the query."""

REPORT_HEADERS: Final = {**KEPT, "Content-Security-Policy": with_style(report_style())}
FOREVER: Final = {"Cache-Control": "public, max-age=31536000, immutable"}


class Page(NamedTuple):
    """One page: its address, its template, what `nav` calls it, and where its model comes from."""

    path: str
    template: str
    here: str
    model: Model


PAGES: Final = (
    Page("/", "languages.html.j2", "languages", StorePages.languages),
    Page("/languages/{tag:path}", "language.html.j2", "languages", StorePages.language),
    Page("/pairs", "pairs.html.j2", "pairs", StorePages.pairs),
    Page("/alerts", "alerts.html.j2", "alerts", StorePages.alerts),
    Page("/alerts/{fingerprint}", "alert.html.j2", "alerts", StorePages.alert),
    Page("/reports", "reports.html.j2", "reports", StorePages.reports),
    Page("/quality", "quality.html.j2", "quality", StorePages.data_quality),
    Page(RUNBOOK, "runbook.html.j2", "", lambda _pages, _words: runbook()),
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
        model = page.model(pages, *request.path_params.values(), words)
        return render(page.template, page=model, here=page.here, path=_path(request), words=words, status=pages.status())

    return made


def _answering(cache: Cache, make: Callable[[Request], bytes], headers: Mapping[str, str] = KEPT) -> Callable[[Request], Any]:
    async def answer(request: Request) -> Response:
        try:
            kept = await run_in_threadpool(cache.get, _address(request), lambda: make(request))
        except BabelwatchError as error:
            return await run_in_threadpool(problem, error, request)
        return answered(request, kept, HTML, headers)

    return answer


def _path(request: Request) -> str:
    """The path as an address has it: a name in it may hold what ends a path, such as a question mark."""
    return quote(request.scope["path"])


def _address(request: Request) -> str:
    """What tells one page from all others."""
    return f"{_path(request)}?{request.scope['query_string'].decode('latin-1')}"


def problem(error: BabelwatchError, request: Request) -> Response:
    """A page that says what is wrong, and how to go on."""
    status = 404 if isinstance(error, NotFound) else 400 if isinstance(error, Misconfigured) else 503
    mistakes = [str(one) for one in error.mistakes] if isinstance(error, Misconfigured) else [str(error)]
    body = render("problem.html.j2", mistakes=mistakes, code=status, here="", path=_path(request), words={}, status=None)
    return Response(body, status, {"Cache-Control": "no-store"}, HTML)


def _file(content: bytes, media_type: str) -> Callable[[Request], Any]:
    async def answer(_: Request) -> Response:
        return Response(content, media_type=media_type, headers=FOREVER)

    return answer
