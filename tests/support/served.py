"""What the servers of tests have in common: they answer from `with` to its end."""

import threading
from http.server import ThreadingHTTPServer
from typing import Self


class Served:
    """Answers over HTTP at a port of the loopback, each connection in a thread of its own."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self._server = server

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
