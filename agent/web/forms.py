"""What people do on a page: log in, handle an alert, keep it silent. Each ends with the page on which it is seen."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Final
from urllib.parse import parse_qsl, quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from agent.alerting.action import Name
from agent.errors import BabelwatchError, Misconfigured, Mistake
from agent.report.writer import BODIES, Writer
from agent.web.answers import HTML, body_of
from agent.web.guards import is_one_of
from agent.web.pages import problem
from agent.web.rendering import render
from agent.web.session import LOGIN, is_ours, logged_in, path_within

LARGEST: Final = 1 << 14
MATCHED: Final = ("language", "service", "environment", "class")
"""What a mute of an alert is about, as `mute add` has it."""
Fields = Mapping[str, str]
Do = Callable[[Request, Fields], str]
"""Does what a form says; returns the page on which it is seen."""
Handler = Callable[[Request], Awaitable[Response]]


def routes(writer: Writer) -> list[BaseRoute]:
    """Where the forms of alerts and mutes are sent."""

    def act(action: Name) -> Do:
        def done(request: Request, said: Fields) -> str:
            writer.act(request.path_params["fingerprint"], action, _said(said, "note", "by", "verdict"))
            return f"/alerts/{quote(request.path_params['fingerprint'])}"

        return done

    def mute(request: Request, said: Fields) -> str:
        match = {name: said[name] for name in MATCHED if name in said}  # an empty one means those that have none
        writer.mute({"match": match, **_said(said, "for", "reason", "by")})
        return f"/alerts/{quote(request.path_params['fingerprint'])}"

    def unmute(request: Request, said: Fields) -> str:
        writer.unmute(request.path_params["id"])
        return path_within(said.get("back", "/alerts"))

    return [
        *(Route(f"/alerts/{{fingerprint}}/{name}", _form(act(name)), methods=["POST"]) for name in BODIES),
        Route("/alerts/{fingerprint}/mute", _form(mute), methods=["POST"]),
        Route("/mutes/{id}/end", _form(unmute), methods=["POST"]),
    ]


def login(tokens: Collection[str] | None) -> list[BaseRoute]:
    """Where a browser shows its token; without tokens there is nothing to show."""

    async def page(request: Request) -> Response:
        return _login_page(request.query_params.get("next", "/"), wrong=False)

    async def shown(request: Request) -> Response:
        said = await _fields(request)
        after, token = path_within(said.get("next", "/")), said.get("token", "").strip()
        if not is_ours(said.get("csrf", "")) or not is_one_of(token, tokens or ()):
            return _login_page(after, wrong=True)
        secure = "https" in (request.url.scheme, request.headers.get("origin", "").partition(":")[0])
        return logged_in(RedirectResponse(after, 303), token, secure=secure)

    return [Route(LOGIN, page, methods=["GET"]), Route(LOGIN, shown, methods=["POST"])] if tokens else []


def _login_page(after: str, *, wrong: bool) -> Response:
    body = render("login.html.j2", after=path_within(after), wrong=wrong, here="", path=LOGIN, words={}, status=None)
    return Response(body, 403 if wrong else 200, {"Cache-Control": "no-store"}, HTML)


def _form(do: Do) -> Handler:
    """Do what a form of ours says, and show the page on which it is seen; what is wrong with it is a page, too."""

    def done(request: Request, said: Fields) -> Response:
        try:
            if not is_ours(said.get("csrf", "")):
                raise Misconfigured(
                    [Mistake("", "", "the form is not of this agent, or of before its restart: open the page anew")]
                )
            target = do(request, said)
        except BabelwatchError as error:
            return problem(error, request)
        return RedirectResponse(target, 303)

    async def answer(request: Request) -> Response:
        return await run_in_threadpool(done, request, await _fields(request))

    return answer


async def _fields(request: Request) -> Fields:
    """The fields of a form; of one that is too long, or no text, there are none."""
    body = await body_of(request, LARGEST) or b""
    try:
        return dict(parse_qsl(body.decode(), max_num_fields=20, keep_blank_values=True))
    except ValueError:
        return {}


def _said(fields: Fields, *names: str) -> dict[str, str]:
    """What was filled in."""
    return {name: fields[name] for name in names if fields.get(name, "").strip()}
