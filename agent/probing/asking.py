"""One question over HTTP, JSON in and JSON out: what embedders and searches share.

What may pass is tried again with growing waits, or after the wait that was asked for: no answer, 408, 425, 429, 5xx, an answer
that is no JSON, and one that its reader refuses (`BadAnswer`). Anything else is a mistake of the settings. A template is JSON in
whose texts {word} is filled in; a text that is one word alone becomes its value, of whatever kind that is.
"""

import logging
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote

import httpx
import tenacity

from agent import __version__
from agent.errors import Misconfigured, Mistake, RetryLater, Unreachable
from agent.probing.base import BadAnswer

T = TypeVar("T")
Words = Mapping[str, Any]

LARGEST_ANSWER: Final = 256 << 20
LONGEST_ASKED: Final = 60.0
_TRY_AGAIN: Final = {httpx.codes.REQUEST_TIMEOUT, httpx.codes.TOO_EARLY, httpx.codes.TOO_MANY_REQUESTS}


@dataclass(frozen=True, kw_only=True)
class Service:
    """Where to ask; `to` is what errors call it. `timeout` and `wait` in seconds."""

    to: str
    url: str
    method: str = "POST"
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    ca_file: Path | None = None
    timeout: float = 30.0
    attempts: int = 5
    wait: float = 1.0


class Asker:
    """Keeps its connections open between questions; threads may share it."""

    def __init__(self, service: Service) -> None:
        self._service = service
        logging.getLogger("httpx").setLevel(logging.WARNING)  # a line a question, with the address in it
        self._client = httpx.Client(
            headers={"User-Agent": f"babelwatch/{__version__}", **service.headers},
            verify=_authorities(service),
            timeout=service.timeout,
        )

    def ask(self, words: Words, read: Callable[[Any], T], headers: Mapping[str, str] | None = None) -> T:
        """What `read` makes of the answer; raises Unreachable once it was tried often enough, Misconfigured for a refusal."""
        answered: T = self._retrying()(self._once, words, read, headers or {})
        return answered

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _once(self, words: Words, read: Callable[[Any], T], headers: Mapping[str, str]) -> T:
        service = self._service
        url = filled_url(service.url, words)
        try:
            if service.method == "GET":
                answer = self._client.get(url, headers=headers)
            else:
                answer = self._client.post(url, json=filled(service.body, words), headers=headers)
        except (httpx.UnsupportedProtocol, httpx.InvalidURL, httpx.LocalProtocolError) as error:
            raise self._refusal(f"cannot be asked so ({type(error).__name__})") from error
        except httpx.HTTPError as error:
            raise Unreachable(f"no answer from {service.to} ({type(error).__name__})") from error
        return read(self._json(answer))

    def _json(self, answer: httpx.Response) -> Any:
        if answer.status_code in _TRY_AGAIN or answer.is_server_error:
            raise _Busy(f"{self._service.to} answers {answer.status_code}", _seconds(answer.headers.get("Retry-After", "")))
        if not answer.is_success:
            raise self._refusal(f"answers {answer.status_code}")
        try:
            return answer.json()
        except ValueError:
            raise BadAnswer(f"{self._service.to} answers what is no JSON") from None

    def _refusal(self, what: str) -> Misconfigured:
        return Misconfigured([Mistake(self._service.to, "", f"{what}: look at its address, credentials and body")])

    def _retrying(self) -> tenacity.Retrying:
        growing = tenacity.wait_exponential_jitter(multiplier=self._service.wait, max=30.0, jitter=self._service.wait)

        def wait(state: tenacity.RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            return max(growing(state), error.seconds) if isinstance(error, _Busy) else growing(state)

        return tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self._service.attempts),
            wait=wait,
            retry=tenacity.retry_if_exception_type(RetryLater),
            reraise=True,
        )


class _Busy(Unreachable):
    """Asked to come again later."""

    def __init__(self, text: str, seconds: float) -> None:
        super().__init__(text)
        self.seconds = seconds


def filled(template: Any, words: Words) -> Any:
    """The template with its words filled in."""
    if isinstance(template, Mapping):
        return {key: filled(value, words) for key, value in template.items()}
    if isinstance(template, list | tuple):
        return [filled(value, words) for value in template]
    return _text(template, words) if isinstance(template, str) else template


def filled_url(url: str, words: Words) -> str:
    """The address with its words filled in, escaped."""
    return str(_text(url, {name: quote(str(value), safe="") for name, value in words.items()}))


def _text(template: str, words: Words) -> Any:
    for name, value in words.items():
        if template == f"{{{name}}}":
            return value
    return _replaced(template, {f"{{{name}}}": str(value) for name, value in words.items()})


def _replaced(text: str, marked: Mapping[str, str]) -> str:
    """All at once: what was filled in is not looked at again."""
    for mark, value in marked.items():
        head, found, tail = text.partition(mark)
        if found:
            return _replaced(head, marked) + value + _replaced(tail, marked)
    return text


def _seconds(header: str) -> float:
    try:
        return min(max(float(header), 0.0), LONGEST_ASKED)
    except ValueError:
        return 0.0


def _authorities(service: Service) -> ssl.SSLContext | bool:
    try:
        return ssl.create_default_context(cafile=service.ca_file) if service.ca_file else True
    except OSError as error:
        reason = error.strerror or str(error)
        raise Misconfigured(
            [Mistake(str(service.ca_file), "", f"cannot be read as certificates of {service.to}: {reason}")]
        ) from error
