"""The HTTP side of a running agent, in a thread of its own: uvicorn over the Starlette app."""

import socket
import threading
from types import TracebackType

import uvicorn
from starlette.applications import Starlette

from agent.errors import Unreachable

BACKLOG = 128


def listen(host: str, port: int, *, search: bool = False) -> socket.socket:
    """Take the port before anything else starts, so that a taken one is told at once; `search`: the next free one will do.

    It listens already: two that are bound and do not listen could share a port. It says that it speaks TCP: asyncio has only such
    connections send without delay, and a second answer on one took 40 ms.
    """
    problem: str | None = "there is no such port"
    for candidate in range(port, min(port + (100 if search else 1), 1 << 16)):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, candidate))
            listener.listen(BACKLOG)
        except OSError as error:
            listener.close()
            problem = error.strerror
            continue
        return listener
    raise Unreachable(f"web: {host}:{port} cannot be listened on: {problem}")


class WebServer:
    """Serves from `start` to the end of the `with` block."""

    def __init__(self, app: Starlette, listener: socket.socket) -> None:
        self._listener = listener
        config = uvicorn.Config(
            app, log_config=None, log_level="warning", access_log=False, lifespan="off", timeout_graceful_shutdown=2
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listener]}, name="web", daemon=True)

    @property
    def url(self) -> str:
        """The base URL."""
        host, port = self._listener.getsockname()[:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def __enter__(self) -> "WebServer":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=5)
