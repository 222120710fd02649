"""Small servers on the loopback that answer as a service does, or as they are told to."""

import json
import ssl
import threading
from collections import deque
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from agent.notify.slack import SlackNotifier
from tests.support.served import Served

SECRET = "T0SECRET/B0SECRET/xoxSECRETxox"
CLOSED = -1
SILENT = -2


class Answer(NamedTuple):
    """What the server says to one request; `CLOSED` and `SILENT` stand where a status would."""

    status: int = 200
    body: str = "ok"
    headers: tuple[tuple[str, str], ...] = ()


class Request(NamedTuple):
    """What arrived, as bytes."""

    path: str
    headers: Mapping[str, str]
    body: bytes


class Stub(Served):
    """Takes posts; all are `requests`, those answered with a success are `arrived`. `answers` go before the usual one."""

    path = f"/services/{SECRET}"

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.answers: deque[Answer] = deque()
        self.requests: list[Request] = []
        self.arrived: list[Any] = []
        self.tries = 0
        self.over = threading.Event()
        super().__init__(Server(self))
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.base = f"http{'s' if tls else ''}://{'localhost' if tls else '127.0.0.1'}:{self._server.server_port}"
        self.url = self.base + self.path

    def usual(self, request: Request) -> Answer:  # noqa: ARG002  others look at it
        """The service's success."""
        return Answer()

    def take(self, request: Request) -> Answer:
        """Keep a request and answer it."""
        self.tries += 1
        self.requests.append(request)
        answer = self.answers.popleft() if self.answers else self.usual(request)
        if 200 <= answer.status < 300 and '"ok":false' not in answer.body:
            self.arrived.append(json.loads(request.body))
        return answer

    def __exit__(self, *error: object) -> None:
        self.over.set()
        super().__exit__(*error)


class Server(ThreadingHTTPServer):
    """A thread a request, so that a silent one keeps none waiting; it knows whose it is."""

    def __init__(self, stub: Stub) -> None:
        self.stub = stub
        super().__init__(("127.0.0.1", 0), Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away, or does not like our certificate, is what some tests are about."""


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Server

    def do_POST(self) -> None:
        """Take it, and answer."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.stub.take(Request(self.path, headers, body))
        if answer.status == SILENT:
            self.server.stub.over.wait(10)
        if answer.status < 0:
            return
        said = answer.body.encode()
        self.send_response(answer.status)
        for header in (*answer.headers, ("Content-Length", str(len(said)))):
            self.send_header(*header)
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class names it so
        """Say nothing."""


class SlackStub(Stub):
    """An incoming webhook."""

    def notifier(self, name: str = "chat") -> SlackNotifier:
        """A notifier that posts here."""
        return SlackNotifier(name, self.url)


class SlackApiStub(Stub):
    """Slack's API: it numbers messages, and knows which are there."""

    path = ""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(tls)
        self.messages: dict[str, dict[str, Any]] = {}

    def usual(self, request: Request) -> Answer:
        """As the real one: HTTP 200 whatever it thinks."""
        body = json.loads(request.body)
        if request.headers.get("authorization") != "Bearer xoxb-SECRET":
            return refusal("invalid_auth")
        if not {body.get("thread_ts"), body.get("ts")} <= {None, *self.messages}:
            return refusal("thread_not_found" if "thread_ts" in body else "message_not_found")
        ts = body.get("ts") or f"1763281800.{len(self.messages):06}"
        self.messages[ts] = {**self.messages.get(ts, {}), **body}
        return Answer(200, json.dumps({"ok": True, "channel": "C0123", "ts": ts, "message": {"text": body["text"]}}))

    def notifier(self, name: str = "chat") -> SlackNotifier:
        """A bot that posts here."""
        return SlackNotifier(name, token="xoxb-SECRET", channel="#search", url=self.base)


class PagerDutyStub(Stub):
    """The Events API."""

    path = ""

    def usual(self, request: Request) -> Answer:
        """202, but 400 for what the documentation says is wrong."""
        event = json.loads(request.body)
        payload = event["payload"]
        good = len(request.body) <= 512_000 and 0 < len(payload["summary"]) <= 1024 and payload["source"]
        if request.path == "/v2/enqueue":
            good = good and payload["severity"] in {"critical", "error", "warning", "info"} and len(event["dedup_key"]) <= 255
        return Answer(202 if good else 400, json.dumps({"status": "success" if good else "invalid event"}))


class AlertmanagerStub(Stub):
    """Alertmanager's second API."""

    path = "/am"

    def usual(self, request: Request) -> Answer:
        """200, but 400 for an alert without labels or with its end before its start."""
        alerts = json.loads(request.body)
        good = all(alert["labels"] and alert["startsAt"] <= alert["endsAt"] for alert in alerts)
        return Answer(200 if good and request.path == "/am/api/v2/alerts" else 400, "")


def refusal(error: str) -> Answer:
    """Slack's way to refuse."""
    return Answer(200, json.dumps({"ok": False, "error": error}, separators=(",", ":")))
