"""One question over HTTP, JSON in and JSON out: what embedders and searches share.

What may pass is tried again with growing waits, or after the wait that was asked for: no answer, one that does not end in time, 408,
425, 429, 5xx, an answer that is no JSON, and one that its reader refuses (`BadAnswer`). Anything else is a mistake of the settings:
redirects are not followed, since they may lead a secret astray. Errors hold no address, no header and no text that was asked; they
are made first and raised outside of `except`, so that no httpx exception, which has all of them, hangs on one as its context.
"""

import json
import logging
import re
import ssl
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

import httpx
import jmespath
import msgspec
import tenacity
from httpx import codes

from agent import __version__
from agent.clock import Clock, SystemClock
from agent.errors import BabelwatchError, Misconfigured, Mistake, RetryLater, Unreachable
from agent.notify.post import as_bytes, asked_wait, hide_addresses, tls_trouble
from agent.probing.base import BadAnswer
from agent.probing.template import Words, filled, filled_url

T = TypeVar("T")

LARGEST_ANSWER: Final = 256 << 20
LONGEST_WAIT: Final = 30.0
LONGEST_ASKED: Final = 60.0
WORTH_TELLING: Final = 5.0
_TRY_AGAIN: Final = {codes.REQUEST_TIMEOUT, codes.TOO_EARLY, codes.TOO_MANY_REQUESTS}
_CANNOT_BE_ASKED: Final = (httpx.UnsupportedProtocol, httpx.InvalidURL, httpx.LocalProtocolError)
_LOOK_AT: Final[Mapping[int, str]] = {
    codes.UNAUTHORIZED: "look at its token or headers",
    codes.FORBIDDEN: "look at its token or headers",
    codes.NOT_FOUND: "look at its url",
    codes.METHOD_NOT_ALLOWED: "look at its url and method",
    codes.REQUEST_ENTITY_TOO_LARGE: "ask for less at once",
}
_CODE: Final = jmespath.compile("error.code || error.type || code")
_PLAIN_CODE: Final = re.compile(r"[a-z_]{1,60}")
_HEADERS: Final = {"Content-Type": "application/json; charset=utf-8", "User-Agent": f"babelwatch/{__version__}"}
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Service:
    """Where to ask; `to` is what errors call it.

    `timeout`, in seconds: how long the connection, the first byte and the rest of an answer may take, each. `wait`, in seconds: before
    the second attempt; it doubles from one to the next, up to 30, each with a chance part of up to `wait`. `largest`, in bytes.
    """

    to: str
    url: str
    method: str = "POST"
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    ca_file: Path | None = None
    timeout: float = 30.0
    attempts: int = 8  # of an endpoint that fails half of the time one question in 256 is lost
    wait: float = 1.0
    largest: int = LARGEST_ANSWER


class Asker:
    """Keeps its connections open between questions; threads may share it."""

    def __init__(self, service: Service, clock: Clock | None = None) -> None:
        """Raises Misconfigured for what cannot be a header or an authority."""
        hide_addresses()
        self._service = service
        self._clock = clock or SystemClock()
        self._client = _client(service)

    def ask(self, words: Words, read: Callable[[Any], T], headers: Mapping[str, str] | None = None) -> T:
        """What `read` makes of the answer.

        Raises Unreachable or BadAnswer once it was tried often enough, Misconfigured for a refusal.
        """
        answered: T = self._retrying()(self._once, words, read, headers or {})
        return answered

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _once(self, words: Words, read: Callable[[Any], T], headers: Mapping[str, str]) -> T:
        answer = self._answer(words, headers)
        if isinstance(answer, BabelwatchError):
            raise answer
        found = self._json(answer)
        if isinstance(found, BabelwatchError):
            raise found
        return read(found)

    def _answer(self, words: Words, headers: Mapping[str, str]) -> httpx.Response | BabelwatchError:
        try:
            with closing(self._client.send(self._request(words, headers), stream=True)) as answer:
                return self._read(answer)
        except (*_CANNOT_BE_ASKED, UnicodeError) as error:
            return self._refusal(f"cannot be asked so ({type(error).__name__})")
        except httpx.HTTPError as error:
            return Unreachable(f"no answer from {self._service.to} ({tls_trouble(error) or type(error).__name__})")

    def _request(self, words: Words, headers: Mapping[str, str]) -> httpx.Request:
        service = self._service
        content = None if service.method == "GET" else as_bytes(filled(service.body, words))
        return self._client.build_request(service.method, filled_url(service.url, words), content=content, headers=headers)

    def _read(self, answer: httpx.Response) -> httpx.Response | BabelwatchError:
        """The whole of an answer, as far as it comes in time and in reason."""
        service, said = self._service, bytearray()
        until = self._clock.now() + timedelta(seconds=service.timeout)
        for part in answer.iter_bytes():
            said += part
            if len(said) > service.largest:
                return self._refusal(f"answers more than {service.largest >> 20} MB", "ask for less at once")
            if self._clock.now() > until:
                return Unreachable(f"the answer of {service.to} does not end within {service.timeout:g} seconds")
        asked = {name: value for name, value in answer.headers.items() if name.lower() == "retry-after"}
        return httpx.Response(answer.status_code, headers=asked, content=bytes(said))

    def _json(self, answer: httpx.Response) -> Any:
        """What was answered, or the error that it is."""
        to, status = self._service.to, answer.status_code
        if answer.is_success:
            found = _parsed(answer.content)
            return BadAnswer(f"{to} answers what is no JSON") if found is _NO_JSON else found
        said = f"answers {status}{_code(answer.content)}"
        if status in _TRY_AGAIN or answer.is_server_error:
            seconds = asked_wait(answer.headers.get("Retry-After", ""), self._clock.now())
            return _Busy(f"{to} {said}", min(seconds or 0.0, LONGEST_ASKED))
        if answer.is_redirect:
            return self._refusal(f"{said}, a redirect, which is not followed")
        return self._refusal(said, _LOOK_AT.get(status, "look at its url, body and headers"))

    def _refusal(self, what: str, then: str = "look at its url and headers") -> Misconfigured:
        return Misconfigured([Mistake(self._service.to, "", f"{what}: {then}")])

    def _retrying(self) -> tenacity.Retrying:
        wait = self._service.wait
        growing = tenacity.wait_exponential_jitter(multiplier=wait, max=LONGEST_WAIT, jitter=wait)
        return tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self._service.attempts),
            wait=lambda state: max(growing(state), _asked(state)),
            sleep=self._clock.sleep,
            retry=tenacity.retry_if_exception_type(RetryLater),
            before_sleep=_tell,
            reraise=True,
        )


class _Busy(Unreachable):
    """Asked to come again later."""

    def __init__(self, text: str, seconds: float) -> None:
        super().__init__(text)
        self.seconds = seconds


def bearer(token: str | None) -> dict[str, str]:
    """The header of a bearer token; none without one."""
    return {"Authorization": f"Bearer {token}"} if token else {}


def _asked(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    return error.seconds if isinstance(error, _Busy) else 0.0


def _tell(state: tenacity.RetryCallState) -> None:
    """Whoever waits for long is told what for."""
    seconds = state.next_action.sleep if state.next_action else 0.0
    if seconds >= WORTH_TELLING and state.outcome:
        _logger.warning("%s: asked again in %.0f s (attempt %d)", state.outcome.exception(), seconds, state.attempt_number + 1)


_NO_JSON: Final = object()


def _parsed(content: bytes) -> Any:
    """JSON, also with the NaN that many servers write, which its reader refuses with better words."""
    for parse in (msgspec.json.decode, json.loads):  # the first one takes a quarter of the time over long lists of numbers
        with suppress(msgspec.DecodeError, ValueError, RecursionError):
            return parse(content)
    return _NO_JSON


def _code(content: bytes) -> str:
    """An error code such as `model_not_found`; a message may repeat what was asked and is left out."""
    found = _CODE.search(_parsed(content))
    return f" ({found})" if isinstance(found, str) and _PLAIN_CODE.fullmatch(found) else ""


def _client(service: Service) -> httpx.Client:
    verify = _authorities(service)
    try:
        return httpx.Client(headers={**_HEADERS, **service.headers}, verify=verify, timeout=service.timeout)
    except UnicodeError:
        wrong = "a token or header is not ASCII: look at them"
    except (ValueError, httpx.InvalidURL) as error:
        wrong = f"the proxy of the environment cannot be used ({type(error).__name__})"
    raise Misconfigured([Mistake(service.to, "", wrong)])


def _authorities(service: Service) -> ssl.SSLContext | bool:
    try:
        return ssl.create_default_context(cafile=service.ca_file) if service.ca_file else True
    except OSError as error:
        reason = error.strerror or str(error)
    raise Misconfigured([Mistake(str(service.ca_file), "", f"cannot be read as certificates of {service.to}: {reason}")])
