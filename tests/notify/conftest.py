"""A small server on the loopback that answers as Slack does, or as it is told to."""

import json
import threading
from collections import deque
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

import pytest

from agent.notify.slack import SlackNotifier

SECRET = "T0SECRET/B0SECRET/xoxSECRETxox"


class Answer(NamedTuple):
    """What the server says to one request; `ok` is Slack's success."""

    status: int = 200
    body: str = "ok"
    headers: tuple[tuple[str, str], ...] = ()


class SlackStub:
    """Takes posts; those it answers with a success are `arrived`."""

    def __init__(self) -> None:
        self.answers: deque[Answer] = deque()
        self.arrived: list[dict[str, Any]] = []
        self.tries = 0
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                stub.tries += 1
                answer = stub.answers.popleft() if stub.answers else Answer()
                if answer.status == 200:
                    stub.arrived.append(json.loads(body))
                self.send_response(answer.status)
                for header in (*answer.headers, ("Content-Length", str(len(answer.body)))):
                    self.send_header(*header)
                self.end_headers()
                self.wfile.write(answer.body.encode())

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class names it so
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/services/{SECRET}"

    def notifier(self, name: str = "chat") -> SlackNotifier:
        """A notifier that posts here."""
        return SlackNotifier(name, self.url)


@pytest.fixture
def slack() -> Iterator[SlackStub]:
    """The server, running."""
    stub = SlackStub()
    thread = threading.Thread(target=stub.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield stub
    stub.server.shutdown()
    stub.server.server_close()
    thread.join()
