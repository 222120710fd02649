"""One POST to a chat or paging service, where the URL may be the secret.

httpx logs each request's URL at INFO, httpcore each answer's headers at DEBUG (a redirect repeats the URL there), and
exceptions carry the request: none of it gets out of here. A failure is returned and raised by the caller, so that no
httpx exception hangs on it as its context.
"""

import logging
import math
import re
from typing import Any, Final

import httpx
from httpx import codes

from agent.notify.base import TransportError

_TRY_AGAIN: Final = {codes.REQUEST_TIMEOUT, codes.TOO_MANY_REQUESTS}
_ERROR_CODE = re.compile(r"[a-z_]{1,60}")


def post(url: str, body: Any, *, to: str, timeout: float) -> httpx.Response | TransportError:
    """Send `body` as JSON: the 2xx answer, or what went wrong, without the URL."""
    logging.getLogger("httpx").addFilter(_without_paths)
    logging.getLogger("httpcore.http11").addFilter(_without_headers)
    try:
        answer = httpx.post(url, json=body, timeout=timeout)
    except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
        return TransportError(f"the URL of {to} is not one ({type(error).__name__})", permanent=True)
    except httpx.HTTPError as error:
        return TransportError(f"no answer from {to} ({type(error).__name__})", permanent=False)
    return answer if answer.is_success else _refusal(answer, to)


def _refusal(answer: httpx.Response, to: str) -> TransportError:
    status = answer.status_code
    again = status in _TRY_AGAIN or answer.is_server_error
    after = _seconds(answer.headers.get("Retry-After", "")) if again else None
    return TransportError(f"{to} answered {status}{_code(answer.text)}", permanent=not again, retry_after=after)


def _code(body: str) -> str:
    """An error code such as `invalid_payload`; a page of prose may repeat the URL and is left out."""
    return f" ({body})" if _ERROR_CODE.fullmatch(body) else ""


def _seconds(header: str) -> float | None:
    try:
        seconds = float(header)
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def _without_paths(record: logging.LogRecord) -> bool:
    if isinstance(record.args, tuple):
        record.args = tuple(f"{arg.scheme}://{arg.host}/…" if isinstance(arg, httpx.URL) else arg for arg in record.args)
    return True


def _without_headers(record: logging.LogRecord) -> bool:
    return "receive_response_headers.complete" not in record.getMessage()
