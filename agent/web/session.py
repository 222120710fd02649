"""A browser shows its token once and has a cookie from then on; and a form proves that it is ours."""

import hmac
import secrets
from collections.abc import Collection, Mapping
from typing import Final
from urllib.parse import quote, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

COOKIE: Final = "babelwatch"
LOGIN: Final = "/login"
OWN: Final = secrets.token_urlsafe(32)
"""What a form of this process brings along: nobody who cannot read our pages knows it."""


def cookie_of(token: str) -> str:
    """What a browser that has shown a token keeps: it is not the token, and ends with it."""
    return hmac.new(token.encode(), b"babelwatch page", "sha256").hexdigest()


def holds(cookies: Mapping[str, str], tokens: Collection[str]) -> bool:
    """Whether a cookie is that of one of the tokens."""
    shown = cookies.get(COOKIE, "")
    return any(hmac.compare_digest(shown.encode(), cookie_of(token).encode()) for token in tokens)


def is_ours(shown: str) -> bool:
    """Whether a form is one of this process."""
    return hmac.compare_digest(shown.encode(), OWN.encode())


def path_within(address: str) -> str:
    """Where to go after the login: a path of this site, whatever the address asks for."""
    try:
        split = urlsplit(address)
    except ValueError:  # such as `//[`
        return "/"
    inside = not split.scheme and not split.netloc and address.startswith("/") and not address.startswith(("//", "/\\"))
    return address if inside and address.isprintable() else "/"


def to_login(request: Request) -> Response | None:
    """Where a person is sent who has not shown a token; None where it is a program that asks."""
    if request.method != "GET" or "text/html" not in request.headers.get("accept", ""):
        return None
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"{LOGIN}?next={quote(request.url.path + query, safe='')}", 303)


def logged_in(response: Response, token: str, *, secure: bool) -> Response:
    """The same answer with the cookie; a link from a message opens with it, a form of another site does not bring it."""
    response.set_cookie(COOKIE, cookie_of(token), max_age=30 * 86_400, path="/", secure=secure, httponly=True, samesite="lax")
    return response
