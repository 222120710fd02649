"""OTLP over HTTP for tests: what an SDK posts goes on unchanged, as the Collector's Kafka exporter writes it without other settings.

The body of a request and the value of such a record are the same thing, a serialised ExportTraceServiceRequest.
"""

from collections.abc import Callable
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from tests.support.served import Served


class Receiver(Served):
    """Listens at `url`, and gives `deliver` each body of spans; `metrics` is what metrics are given to, which are refused without it."""

    def __init__(self, deliver: Callable[[bytes], Any], metrics: Callable[[bytes], Any] | None = None) -> None:
        self.takes = {"/v1/traces": deliver} | ({"/v1/metrics": metrics} if metrics else {})
        super().__init__(ThreadingHTTPServer(("127.0.0.1", 0), partial(Request, self)))

    @property
    def url(self) -> str:
        """What OTEL_EXPORTER_OTLP_ENDPOINT is set to."""
        return f"http://127.0.0.1:{self._server.server_port}"


class Request(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"

    def __init__(self, receiver: Receiver, *connection: Any) -> None:
        self._receiver = receiver
        super().__init__(*connection)

    def do_POST(self) -> None:
        """Protobuf, and not compressed: an SDK's default."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        plain = self.headers["Content-Encoding"] in {None, "none", "identity"}
        take = self._receiver.takes.get(self.path)
        ours = take is not None and plain and self.headers["Content-Type"] == "application/x-protobuf"
        if ours and take:
            take(body)
        answer = ExportTraceServiceResponse().SerializeToString()
        self.send_response(200 if ours else 415)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Say nothing."""
