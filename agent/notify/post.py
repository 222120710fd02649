"""One POST to a chat or paging service: what all channels over HTTP share.

The URL may be the secret, and so may a header, the proxy's address or the body. httpx logs each request's URL at INFO,
httpcore each answer's headers at DEBUG (a redirect repeats the URL there), and exceptions carry the request: none of it
gets out of here. An error is made first and raised outside of `except`, so that no httpx exception hangs on it as its context.

A message is rare, so each has a connection of its own: no idle one goes stale, and a renewed `ca_file` counts at once.
Redirects are not followed. A certificate that cannot be verified is tried again, since it may be mended without us.
"""

import json
import logging
import math
import re
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Final, TypedDict

import httpx
from httpx import codes

from agent import __version__
from agent.clock import Clock, SystemClock
from agent.notify.base import TransportError

TIMEOUT: Final = 10.0
LARGEST_ANSWER: Final = 1 << 16
_TRY_AGAIN: Final = {codes.REQUEST_TIMEOUT, codes.TOO_MANY_REQUESTS}
_NO_URL: Final = (httpx.UnsupportedProtocol, httpx.InvalidURL)
_NO_HEADER: Final = (httpx.LocalProtocolError, UnicodeError)
ERROR_CODE: Final = re.compile(r"[a-z_]{1,60}")
_HEADERS: Final = {"Content-Type": "application/json; charset=utf-8", "User-Agent": f"babelwatch/{__version__}"}


class Way(TypedDict, total=False):
    """What any channel over HTTP can be told of the way to its service."""

    proxy: str | None
    ca_file: Path | None
    timeout: float
    clock: Clock


@dataclass(frozen=True, kw_only=True)
class Poster:
    """A way to one service; `to` is what errors call it.

    `proxy` replaces those of the environment, `ca_file` the usual authorities; `timeout` is in seconds.
    """

    to: str
    timeout: float = TIMEOUT
    proxy: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    clock: Clock = field(default_factory=SystemClock)

    def post(self, url: str, body: Any, headers: Mapping[str, str] | None = None) -> httpx.Response:
        """Send `body`, bytes as they are and anything else as JSON: the 2xx answer, or `TransportError` without a secret."""
        hide_addresses()
        content = body if isinstance(body, bytes) else as_bytes(body)
        answer = self._answer(url, content, {**_HEADERS, **(headers or {})})
        if isinstance(answer, TransportError):
            raise answer
        if not answer.is_success:
            raise self._refusal(answer)
        return answer

    def _answer(self, url: str, content: bytes, headers: Mapping[str, str]) -> httpx.Response | TransportError:
        client = self._client()
        if isinstance(client, TransportError):
            return client
        try:
            with client, client.stream("POST", url, content=content, headers=headers) as answer:
                return self._read(answer)
        except _NO_URL as error:
            return TransportError(f"the URL of {self.to} is not one ({type(error).__name__})", permanent=True)
        except _NO_HEADER as error:
            return TransportError(f"a credential for {self.to} does not fit into a header ({type(error).__name__})", permanent=True)
        except httpx.HTTPError as error:
            return TransportError(_no_answer(self.to, error), permanent=False)

    def _read(self, answer: httpx.Response) -> httpx.Response:
        """The beginning of an answer, as far as it comes in time: nobody waits for one that never ends."""
        said, deadline = b"", self.clock.now() + timedelta(seconds=self.timeout)
        for part in answer.iter_bytes():
            said += part
            if len(said) >= LARGEST_ANSWER or self.clock.now() >= deadline:
                break
        asked = {name: value for name, value in answer.headers.items() if name.lower() == "retry-after"}
        return httpx.Response(answer.status_code, headers=asked, content=said[:LARGEST_ANSWER])

    def _client(self) -> httpx.Client | TransportError:
        try:
            verify = ssl.create_default_context(cafile=self.ca_file) if self.ca_file else True
            return httpx.Client(verify=verify, proxy=self.proxy, timeout=self.timeout)
        except (OSError, ValueError, ImportError, httpx.InvalidURL) as error:
            what = f"the proxy or the certificates for {self.to} cannot be used ({type(error).__name__})"
            return TransportError(what, permanent=False)

    def _refusal(self, answer: httpx.Response) -> TransportError:
        again = answer.status_code in _TRY_AGAIN or answer.is_server_error
        text = f"{self.to} answered {answer.status_code}{_code(answer.text)}"
        return TransportError(text, permanent=not again, retry_after=self.asked_wait(answer) if again else None)

    def asked_wait(self, answer: httpx.Response) -> float | None:
        """The seconds of `Retry-After`; None where there are none."""
        return asked_wait(answer.headers.get("Retry-After", ""), self.clock.now())


def asked_wait(header: str, now: datetime) -> float | None:
    """The seconds from now that `Retry-After` asks for, which may also be a date; None where it is neither."""
    try:
        seconds = float(header)
    except ValueError:
        return _until(header, now)
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def _until(header: str, now: datetime) -> float | None:
    try:
        then = parsedate_to_datetime(header)
    except (ValueError, OverflowError):
        return None
    aware = then if then.tzinfo else then.replace(tzinfo=UTC)
    return max(0.0, (aware - now).total_seconds())


def hide_addresses() -> None:
    """Keep the paths of addresses, and the headers that repeat them, out of what httpx and httpcore log."""
    logging.getLogger("httpx").addFilter(_without_paths)
    logging.getLogger("httpcore.http11").addFilter(_without_headers)


def as_bytes(body: Any) -> bytes:
    """Compact JSON in UTF-8; half a surrogate pair, which is no text, becomes a question mark."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def tls_trouble(error: BaseException) -> str | None:
    """What went wrong with TLS, if that is the reason of an error: in words that hold no address."""
    for cause in _chain(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its TLS certificate cannot be verified: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError):
            return f"TLS failed: {cause.reason or type(cause).__name__}"
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _no_answer(to: str, error: httpx.HTTPError) -> str:
    return f"no answer from {to} ({tls_trouble(error) or type(error).__name__})"


def _code(body: str) -> str:
    """An error code such as `invalid_payload`; a page of prose may repeat the URL and is left out."""
    return f" ({body})" if ERROR_CODE.fullmatch(body) else ""


def _without_paths(record: logging.LogRecord) -> bool:
    if isinstance(record.args, tuple):
        record.args = tuple(f"{arg.scheme}://{arg.host}/…" if isinstance(arg, httpx.URL) else arg for arg in record.args)
    return True


def _without_headers(record: logging.LogRecord) -> bool:
    return "receive_response_headers.complete" not in record.getMessage()
