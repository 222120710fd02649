"""What is read of a request, and an answer that a reader may keep, and asks about before he shows it again."""

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from agent.web.cache import Kept

HTML: Final = "text/html; charset=utf-8"
JSON: Final = "application/json"
KEPT: Final = {"Cache-Control": "private, no-cache"}


async def body_of(request: Request, largest: int) -> bytes | None:
    """What stands in its body; None where that is longer than `largest` bytes, of which no more is read."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > largest:
            return None
    return bytes(body)


def answered(request: Request, kept: Kept, media_type: str, headers: Mapping[str, str] = KEPT) -> Response:
    """The answer, or that the one that the reader has is still right."""
    said = {**headers, "ETag": kept.etag}
    if kept.etag in (each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")):
        return Response(status_code=304, headers=said)
    return Response(kept.body, media_type=media_type, headers=said)
