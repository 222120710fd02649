"""Slack's incoming webhook for tests: answers as Slack does, keeps what it was sent, and fails on request."""

import json
import socket
from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

from tests.support.served import Served

# "ok" is an answer too: it lets a later one of the list fail.
Step = int | tuple[int, Mapping[str, str]] | Literal["ok", "close"]
TEXTS = {
    200: "ok",
    400: "invalid_payload",
    403: "action_prohibited",
    404: "channel_not_found",
    410: "channel_is_archived",
    429: "rate_limited",
}


class SlackServer(Served):
    """A webhook at `url`; `script` says what happens to the first requests, all later ones succeed."""

    def __init__(self, script: Iterable[Step] = ()) -> None:
        self.received: list[Any] = []
        self.headers: list[dict[str, str]] = []
        self._script = deque(script)
        super().__init__(ThreadingHTTPServer(("127.0.0.1", 0), partial(Webhook, self)))

    @property
    def url(self) -> str:
        """What an operator would paste into the configuration."""
        return f"http://127.0.0.1:{self._server.server_port}/services/T00000000/B00000000/secret"

    def then(self, *steps: Step) -> None:
        """Add to the script."""
        self._script.extend(steps)

    def take(self, body: bytes, headers: Mapping[str, str]) -> Step:
        """Keep one request, answered or not, and say what happens to it."""
        try:
            message = json.loads(body)
        except ValueError:
            return 400
        self.received.append(message)
        self.headers.append({name.lower(): value for name, value in headers.items()})
        return self._script.popleft() if self._script else "ok"


class Webhook(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"

    def __init__(self, slack: SlackServer, *connection: Any) -> None:
        self._slack = slack
        super().__init__(*connection)

    def do_POST(self) -> None:
        """One message."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        match self._slack.take(body, dict(self.headers)):
            case "ok":
                self._answer(200, {})
            case "close":
                self.close_connection = True
                with suppress(OSError):
                    self.connection.shutdown(socket.SHUT_RDWR)
            case (int(status), headers):
                self._answer(status, headers)
            case int(status):
                self._answer(status, {})

    def _answer(self, status: int, headers: Mapping[str, str]) -> None:
        text = TEXTS.get(status, "server_error").encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Type": "text/html", "Content-Length": str(len(text))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is the base class's
        """Keep silent: the tests say what went wrong."""
