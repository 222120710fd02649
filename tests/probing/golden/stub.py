"""A small search on the loopback that answers as it is told; each request is kept."""

import json
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from agent.probing.asking import Asker, Service
from agent.probing.golden.search import HttpRetriever, marked
from tests.support.served import Served


class Request(NamedTuple):
    """What arrived; header names in lower case."""

    headers: Mapping[str, str]
    body: Any


class Answer(NamedTuple):
    """What is said to one request, after `delay` seconds."""

    body: str
    status: int = 200
    delay: float = 0.0


class SearchStub(Served):
    """Answers with what `answer` makes of the number of the request (from 1) and the request."""

    def __init__(self, answer: Callable[[int, Request], Answer]) -> None:
        self.requests: list[Request] = []
        self._answer = answer
        self._lock = threading.Lock()
        super().__init__(_Server(self))
        self.url = f"http://127.0.0.1:{self._server.server_port}/search"

    def take(self, request: Request) -> Answer:
        """Keep a request and answer it."""
        with self._lock:
            self.requests.append(request)
            number = len(self.requests)
        answer = self._answer(number, request)
        time.sleep(answer.delay)
        return answer

    def retriever(self, results: str = "results", run: str = "r1", *, attempts: int = 6, timeout: float = 5.0) -> HttpRetriever:
        """A search that asks here and does not wait long between attempts."""
        headers = marked({"X-Own": "yes"}, run)
        body = {"query": "{query}", "lang": "{language}", "top_k": "{k}"}
        service = Service(to="the search", url=self.url, body=body, headers=headers, attempts=attempts, wait=0.001, timeout=timeout)
        return HttpRetriever(Asker(service), results)


class _Server(ThreadingHTTPServer):
    def __init__(self, stub: SearchStub) -> None:
        self.stub = stub
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that did not wait is what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = self.server.stub.take(Request({name.lower(): value for name, value in self.headers.items()}, body))
        said = answer.body.encode()
        self.send_response(answer.status)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class names it so
        """Say nothing."""
