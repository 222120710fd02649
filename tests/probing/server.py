"""A small real server on the loopback that answers as it is told: at once, late, in pieces, or not at all."""

import json
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from tests.support.served import Served

CLOSED = -1
SILENT = -2


class Request(NamedTuple):
    """What arrived; `body` is the JSON of a post."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any


class Answer(NamedTuple):
    """What is said to one request; `CLOSED` and `SILENT` stand where a status would.

    `after`: seconds that pass before it. `length`: what `Content-Length` claims; None: nothing, and the end of the connection is
    the end of the answer.
    """

    status: int = 200
    parts: Iterable[bytes] = (b"{}",)
    headers: tuple[tuple[str, str], ...] = ()
    after: float = 0.0
    length: int | None = None


def said(value: Any, status: int = 200) -> Answer:
    """A JSON answer; NaN is written as Python's own servers write it."""
    text = json.dumps(value).encode()
    return Answer(status, (text,), length=len(text))


def dripping(piece: bytes = b" ", every: float = 0.02) -> Iterator[bytes]:
    """An answer that never ends."""
    while True:
        yield piece
        time.sleep(every)


class Server(Served):
    """Answers each request with the next of `answers`, and with `usual` where none is left; all that came are `requests`."""

    def __init__(self, usual: Callable[[Request], Answer] = lambda _: Answer(), tls: ssl.SSLContext | None = None) -> None:
        self.usual = usual
        self.answers: deque[Answer] = deque()
        self.requests: list[Request] = []
        self.connections = 0
        self.over = threading.Event()
        super().__init__(_Listening(self))
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.url = f"http{'s' if tls else ''}://{'localhost' if tls else '127.0.0.1'}:{self._server.server_port}"

    def take(self, request: Request) -> Answer:
        """Keep a request and say what is answered."""
        self.requests.append(request)
        return self.answers.popleft() if self.answers else self.usual(request)

    def __exit__(self, *error: object) -> None:
        self.over.set()
        super().__exit__(*error)


class _Listening(ThreadingHTTPServer):
    def __init__(self, owner: Server) -> None:
        self.owner = owner
        super().__init__(("127.0.0.1", 0), _Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        """Count a connection."""
        self.owner.connections += 1
        return super().get_request()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    server: _Listening
    disable_nagle_algorithm = True  # else a small body waits 40 ms for the headers to be acknowledged
    protocol_version = "HTTP/1.1"  # connections stay open, as those of real services do

    def do_POST(self) -> None:
        """Take it, and answer."""
        self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def do_GET(self) -> None:
        """Take it, and answer."""
        self._answer(None)

    def _answer(self, body: Any) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.owner.take(Request(self.command, self.path, headers, body))
        over = self.server.owner.over
        over.wait(10 if answer.status == SILENT else answer.after)
        self.close_connection = answer.length is None
        if answer.status > 0:
            self._say(answer, over)

    def _say(self, answer: Answer, over: threading.Event) -> None:
        length = () if answer.length is None else (("Content-Length", str(answer.length)),)
        self.send_response(answer.status)
        for header in (*answer.headers, *length):
            self.send_header(*header)
        self.end_headers()
        for part in answer.parts:
            if over.is_set():
                break
            self.wfile.write(part)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class names it so
        """Say nothing."""
