"""A ClickHouse server for tests: the embedded engine behind ClickHouse's HTTP interface, in a process of its own.

`python -m tests.support.clickhouse_server --path DIR --port 0` prints its address and serves until it is killed. It
speaks what clickhouse-connect speaks, and fails on request (`POST /_fault`, see `Fault`). chDB opens one folder per
process, hence the process; a kill and a start on the same folder is a crash that keeps the data.

What a real server does and this one does not: sessions that remember (each request stands alone), streamed answers,
users and rights, replicas.
"""

import argparse
import gzip
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import zlib
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext
from tempfile import NamedTemporaryFile
from typing import Annotated, Any, NamedTuple, Self
from urllib.parse import parse_qsl, urlsplit

import lz4.frame  # it carries no types
import msgspec
import zstandard

from tests.support.broker import HOST, free_port

USERNAME, PASSWORD = "tester", "tester-secret"
# Parameters of the address that are no settings of the query.
TRANSPORT = frozenset(
    {
        *("query", "database", "default_format", "query_id", "role", "user", "password", "quota_key"),
        *("session_id", "session_timeout", "session_check", "wait_end_of_query"),
        *("client_protocol_version", "buffer_size", "compress", "decompress"),
    }
)
STATUS = {60: 404, 62: 400, 81: 404, 516: 403}  # of an error code, where it is not 500
READS = re.compile(r"[\s(]*(SELECT|WITH|SHOW|DESC|DESCRIBE|EXISTS|EXPLAIN|CHECK)\b", re.IGNORECASE)
FORMAT = re.compile(r"\bFORMAT\s+(\w+)[\s;]*$", re.IGNORECASE)
INSERT = re.compile(
    rb"\s*(?P<into>INSERT\s+INTO\s+(?:TABLE\s+)?[^\s(]+\s*(?:\([^)]*\))?)\s*(?P<settings>SETTINGS\s.*?)?\s*FORMAT\s+(?P<format>\w+)[ \t]*\r?\n?",
    re.IGNORECASE | re.DOTALL,
)
PACK = {"lz4": lz4.frame.compress, "zstd": zstandard.compress, "gzip": gzip.compress}
QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|`[^`]*`|\"[^\"]*\"|--[^\n]*|/\*.*?\*/", re.DOTALL)

Failure = Annotated[str, msgspec.Meta(pattern=r"^(|close|cut|\d{3}|code:\d+|sleep:[\d.]+)$")]
PAGE = b"<html>\n<head><title>made to fail by a test</title></head>\n<body>a gateway's page, not ours</body>\n</html>\n"


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What goes wrong with the next `times` statements that contain `match`, before or after the engine has run them.

    `close` closes the connection, `503` answers with that status and a gateway's page, `code:241` as the server does with that
    error, and `sleep:2.5` waits and goes on. `cut` breaks the connection off: before, while the next request is being sent,
    whatever it is; after, in the middle of the answer.
    """

    before: Failure = ""
    after: Failure = ""
    times: int = 1
    match: str = ""


class Ask(NamedTuple):
    """One request, taken apart."""

    sql: bytes
    options: dict[str, str]

    @property
    def parameters(self) -> dict[str, str]:
        """The values of `{name:Type}` in the statement."""
        return {key.removeprefix("param_"): value for key, value in self.options.items() if key.startswith("param_")}

    @property
    def settings(self) -> dict[str, str]:
        """What the engine is told besides the statement."""
        return {key: value for key, value in self.options.items() if key not in TRANSPORT and not key.startswith("param_")}


class Answer(NamedTuple):
    """One answer, ready to be sent."""

    status: int
    body: bytes
    headers: dict[str, str]


class ServerError(Exception):
    """An error as the server gives it: its text begins with the code."""

    @property
    def answer(self) -> Answer:
        """What is sent."""
        found = re.match(r"Code: (\d+)", str(self))
        code = int(found[1]) if found else 1002
        return Answer(STATUS.get(code, 500), f"{self}\n".encode(), {"X-ClickHouse-Exception-Code": str(code)})


class Engine:
    """One folder of chDB, and a connection for each statement, so that settings stay with it."""

    def __init__(self, path: Path) -> None:
        os.environ["TZ"] = "UTC"
        time.tzset()
        import chdb  # noqa: PLC0415  # it opens an engine: only the server's own process may

        self._chdb = chdb
        self._path = str(path)
        self._anchor = chdb.connect(self._path)  # the folder stays open between two statements
        for number in (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS):
            signal.signal(number, signal.SIG_DFL)  # with the engine's own handlers a crash hangs
        self._sessions: set[str] = set()
        self._lock = threading.Lock()

    def close(self) -> None:
        """Let go of the folder."""
        self._anchor.close()

    def run(self, ask: Ask) -> Answer:
        """Run one statement."""
        try:
            with self._session(ask.options.get("session_id")), closing(self._chdb.connect(self._path)) as connection:
                for preparation in preparations(ask):
                    connection.query(preparation)
                return self._insert(connection, ask) or self._query(connection, ask)
        except self._chdb.ChdbError as error:
            raise ServerError(str(error)) from error

    def _insert(self, connection: Any, ask: Ask) -> Answer | None:
        head = INSERT.match(ask.sql)
        if head is None:
            return None
        into, settings, form = ((head[name] or b"").decode() for name in ("into", "settings", "format"))
        with NamedTemporaryFile() as data:
            data.write(ask.sql[head.end() :])
            data.flush()
            result = connection.query(f"{into} FROM INFILE '{data.name}' {settings} FORMAT {form}", params=ask.parameters)
        return Answer(200, b"", summary(result))

    def _query(self, connection: Any, ask: Ask) -> Answer:
        sql = ask.sql.decode()
        if ";" in QUOTED.sub("", sql).strip().rstrip(";"):
            raise ServerError("Code: 62. DB::Exception: Syntax error (Multi-statements are not allowed). (SYNTAX_ERROR)")
        form = ask.options.get("default_format", "TabSeparated")
        result = connection.query(sql, form, params=ask.parameters)
        given = FORMAT.search(sql)
        shape = {"X-ClickHouse-Format": given[1] if given else form} if READS.match(QUOTED.sub("", sql)) else {}
        return Answer(200, bytes(result.bytes()), summary(result) | shape)

    @contextmanager
    def _session(self, name: str | None) -> Iterator[None]:
        with self._lock:
            taken = name in self._sessions
            self._sessions |= {name} if name else set()
        if taken:
            raise ServerError(f"Code: 373. DB::Exception: Session {name} is locked by a concurrent client. (SESSION_IS_LOCKED)")
        try:
            yield
        finally:
            self._sessions.discard(name or "")


def preparations(ask: Ask) -> Iterator[str]:
    """The statements that come before the one that was asked for."""
    if database := ask.options.get("database"):
        yield f"USE `{database}`"
    if ask.settings:
        yield "SET " + ", ".join(f"{key} = {quoted(value)}" for key, value in ask.settings.items())


def quoted(value: str) -> str:
    """A string in SQL."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def summary(result: Any) -> dict[str, str]:
    """The header that tells how much a statement did."""
    counts = {
        "read_rows": str(result.rows_read()),
        "written_rows": str(result.rows_written()),
        "written_bytes": str(result.bytes_written()),
    }
    return {"X-ClickHouse-Summary": json.dumps(counts)}


class Server(ThreadingHTTPServer):
    """The engine, who may use it, and the fault that comes next."""

    daemon_threads = True

    def __init__(self, port: int, engine: Engine, username: str, password: str, certificate: Path | None = None) -> None:
        self.engine = engine
        self.authorization = "Basic " + b64encode(f"{username}:{password}".encode()).decode()
        self.fault = Fault(times=0)
        self._lock = threading.Lock()
        super().__init__((HOST, port), Handler)
        if certificate:
            context = SSLContext(PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def next_fault(self, sql: bytes) -> Fault:
        """What is to go wrong with this statement."""
        with self._lock:
            if self.fault.times < 1 or self.fault.match.encode() not in sql:
                return Fault()
            now, self.fault = self.fault, msgspec.structs.replace(self.fault, times=self.fault.times - 1)
            return now


class Handler(BaseHTTPRequestHandler):
    """Takes a request apart, and sends the answer."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def do_GET(self) -> None:
        """The sign of life; the fault that is waiting; a statement in the address."""
        if self.path in {"/", "/ping"}:
            self._send(Answer(200, b"Ok.\n", {}))
        elif self.path == "/_fault":
            self._send(Answer(200, msgspec.json.encode(self.server.fault), {}))
        else:
            self.do_POST()

    def do_POST(self) -> None:
        """A statement, or a fault for later ones."""
        if self.path != "/_fault" and self.server.fault.before == "cut":
            self.server.next_fault(self.server.fault.match.encode())
            self._break_off()
            return
        body = self._body()
        if self.path == "/_fault":
            self._take_fault(body)
        elif self.headers.get("Authorization") != self.server.authorization:
            self._send(
                ServerError(
                    "Code: 516. DB::Exception: Authentication failed: wrong name or password. (AUTHENTICATION_FAILED)"
                ).answer
            )
        else:
            options = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
            first = options.get("query", "").encode()
            self._run(Ask(first + b"\n" + body if first else body, options))

    def _run(self, ask: Ask) -> None:
        fault = self.server.next_fault(ask.sql)
        if self._fails(fault.before):
            return
        try:
            answer = self.server.engine.run(ask)
        except ServerError as error:
            answer = error.answer
        answer = answer._replace(headers=answer.headers | {"X-ClickHouse-Query-Id": ask.options.get("query_id", "")})
        if ask.options.get("enable_http_compression") == "1":
            answer = packed(answer, self.headers.get("Accept-Encoding", ""))
        if fault.after == "cut":
            self._send(answer, whole=False)
            self._break_off()
        elif not self._fails(fault.after):
            self._send(answer)

    def _take_fault(self, body: bytes) -> None:
        try:
            self.server.fault = msgspec.json.decode(body, type=Fault)
        except msgspec.MsgspecError as error:
            self._send(Answer(400, f"{error}\n".encode(), {}))
        else:
            self._send(Answer(200, b"", {}))

    def _fails(self, failure: str) -> bool:
        """Let it go wrong; False when the request goes on all the same."""
        kind, _, figure = failure.partition(":")
        if kind == "sleep":
            time.sleep(float(figure))
        elif kind == "close":
            self.close_connection = True
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
        elif kind == "code":
            self._send(ServerError(f"Code: {figure}. DB::Exception: Made to fail by a test. (INJECTED)").answer)
        elif kind:
            self._send(Answer(int(kind), PAGE, {"Content-Type": "text/html"}))
        return kind not in {"", "sleep"}

    def _break_off(self) -> None:
        """Leave without a word: what is still under way is thrown away, on both sides."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def _body(self) -> bytes:
        chunked = self.headers.get("Transfer-Encoding") == "chunked"
        raw = b"".join(self._chunks()) if chunked else self.rfile.read(int(self.headers.get("Content-Length", 0)))
        return unpacked(raw, self.headers.get("Content-Encoding", ""))

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline(), 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def _send(self, answer: Answer, *, whole: bool = True) -> None:
        self.send_response(answer.status)
        for name, value in {**answer.headers, "X-ClickHouse-Timezone": "UTC", "Content-Length": str(len(answer.body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body if whole else answer.body[: len(answer.body) // 2])
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is the base class's
        """Keep silent: the tests say what went wrong."""


def packed(answer: Answer, accepted: str) -> Answer:
    """An answer as it is sent to a client that takes packed ones, in the first way of its list that is known."""
    for name in (each.strip() for each in accepted.split(",")):
        if name in PACK and answer.status == 200 and answer.body:
            return answer._replace(body=PACK[name](answer.body), headers=answer.headers | {"Content-Encoding": name})
    return answer


def unpacked(raw: bytes, encoding: str) -> bytes:
    """A body as it was before it was compressed; clickhouse-connect sends one frame a block."""
    if encoding == "lz4":
        return bytes(lz4.frame.open(BytesIO(raw)).read())
    if encoding == "zstd":
        return zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True).read()
    return zlib.decompress(raw, wbits=47) if encoding in {"gzip", "deflate"} else raw


class ClickHouseServer:
    """A server for a test: started in about a second, killed with the tests' process, the same address after each start."""

    def __init__(self, folder: Path, certificate: Path | None = None) -> None:
        """`certificate`: a file with key and chain; then it speaks TLS only."""
        self.folder = folder
        self.certificate = certificate
        self.port = free_port()
        self.username, self.password = USERNAME, PASSWORD
        self._process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"{'https' if self.certificate else 'http'}://{HOST}:{self.port}"

    def start(self) -> None:
        """Start it, with the data it has, and wait until it serves."""
        self.folder.mkdir(parents=True, exist_ok=True)
        log = self.folder / "server.log"
        options = [
            f"--path={self.folder / 'data'}",
            f"--port={self.port}",
            f"--username={self.username}",
            f"--password={self.password}",
            *([f"--certificate={self.certificate}"] if self.certificate else []),
        ]
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.clickhouse_server", "--until-end-of-input", *options],
                cwd=Path(__file__).parents[2],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        assert self._process.stdout is not None
        if not self._process.stdout.readline():
            self.kill()
            raise RuntimeError(f"the ClickHouse server did not start:\n{log.read_text(errors='replace')[-2000:]}")

    def stop(self) -> None:
        """End it in order."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a crash would; the data stay."""
        self._end(signal.SIGKILL)

    def fail(self, fault: Fault) -> None:
        """Let the next statements go wrong; replaces what was asked before."""
        with closing(HTTPConnection(HOST, self.port, timeout=10)) as connection:
            connection.request("POST", "/_fault", msgspec.json.encode(fault))
            assert connection.getresponse().status == 200

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.communicate()
            self._process = None


def main() -> None:
    """Serve until the end."""
    parser = argparse.ArgumentParser(description="A ClickHouse server for tests.")
    parser.add_argument("--path", type=Path, required=True, help="where the data lie")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--username", default=USERNAME)
    parser.add_argument("--password", default=PASSWORD)
    parser.add_argument("--certificate", type=Path, help="speak TLS with the key and the chain in this file")
    parser.add_argument("--until-end-of-input", action="store_true", help="end when standard input ends: the parent is gone")
    options = parser.parse_args()
    engine = Engine(options.path)
    server = Server(options.port, engine, options.username, options.password, options.certificate)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    if options.until_end_of_input:
        threading.Thread(target=lambda: (os.read(0, 1), os._exit(0)), daemon=True).start()
    sys.stdout.write(f"{'https' if options.certificate else 'http'}://{HOST}:{server.server_port}\n")
    sys.stdout.flush()
    try:
        server.serve_forever()
    finally:
        engine.close()
        os._exit(0)  # threads may still be inside the engine


if __name__ == "__main__":
    main()
