"""The HTTP side of an agent: its port, and its thread."""

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from agent.errors import Unreachable
from agent.web.server import WebServer, listen
from tests.support.broker import free_port

HOST = "127.0.0.1"


@pytest.fixture
def app() -> Starlette:
    """A page."""

    def hello(request: Request) -> PlainTextResponse:
        return PlainTextResponse("hello")

    return Starlette(routes=[Route("/", hello)])


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with closing(listen(HOST, free_port())) as listener:
        yield int(listener.getsockname()[1])


def test_a_page_is_served_until_the_block_ends(app: Starlette) -> None:
    """Beside whatever the main thread does; afterwards the port is free and the thread gone."""
    with closing(listen(HOST, 0)) as listener:
        with WebServer(app, listener) as server:
            url = server.url
            assert httpx.get(url).text == "hello"
        with pytest.raises(httpx.TransportError):
            httpx.get(url, timeout=1)
    assert "web" not in [thread.name for thread in threading.enumerate()]


def test_whoever_asks_before_it_serves_waits(app: Starlette) -> None:
    """Between taking the port and serving lie seconds: nobody is turned away meanwhile."""
    with closing(listen(HOST, 0)) as listener, closing(socket.create_connection(listener.getsockname()[:2], timeout=5)) as early:
        early.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        with WebServer(app, listener):
            assert early.recv(100).startswith(b"HTTP/1.1 200 OK")


def test_a_request_that_hangs_does_not_hold_up_the_end() -> None:
    """The agent leaves within the time that a stop has."""
    entered, release = threading.Event(), threading.Event()

    def hang(request: Request) -> PlainTextResponse:
        entered.set()
        release.wait(10)
        return PlainTextResponse("late")

    app = Starlette(routes=[Route("/", hang)])
    with closing(listen(HOST, 0)) as listener, closing(socket.create_connection(listener.getsockname()[:2])) as client:
        server = WebServer(app, listener)
        with server:
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert entered.wait(5)
        release.set()
        server._thread.join(5)
        assert not server._thread.is_alive()


@pytest.mark.parametrize(
    ("host", "start"), [("127.0.0.1", "http://127.0.0.1:"), ("::1", "http://[::1]:"), ("localhost", "http://127.0.0.1:")]
)
def test_its_address_is_one_that_can_be_asked(app: Starlette, host: str, start: str) -> None:
    """With the port that it got, and brackets where they belong."""
    with closing(listen(host, 0)) as listener, WebServer(app, listener) as server:
        assert server.url.startswith(start)
        assert httpx.get(server.url).text == "hello"


def test_a_taken_port_is_told_at_once(taken: int) -> None:
    """With the address and the reason, before anything else was started."""
    with pytest.raises(Unreachable, match=f"^web: {HOST}:{taken} cannot be listened on: Address already in use$"):
        listen(HOST, taken)


def test_the_next_free_port_will_do(taken: int) -> None:
    """For a demo, which several people may run on one machine; each gets another one."""
    with ExitStack() as stack:
        found = [stack.enter_context(closing(listen(HOST, taken, search=True))).getsockname()[1] for _ in range(3)]
    assert len({taken, *found}) == 4
    assert all(taken < port < taken + 100 for port in found)


def test_a_search_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a hundred ports, or at the last one there is."""
    tried: list[int] = []

    class Taken(socket.socket):
        def bind(self, address: Any, /) -> None:
            tried.append(address[1])
            raise OSError(98, "Address already in use")

    monkeypatch.setattr(socket, "socket", Taken)
    for port, expected in ((8080, range(8080, 8180)), (65_500, range(65_500, 65_536)), (70_000, range(0))):
        tried.clear()
        with pytest.raises(Unreachable, match=f"web: {HOST}:{port} cannot be listened on: "):
            listen(HOST, port, search=True)
        assert tried == list(expected)


@pytest.mark.parametrize("host", ["no.such.host.invalid", "192.0.2.1"])
def test_a_host_that_is_not_ours_is_told(host: str) -> None:
    """A sentence with the name."""
    with pytest.raises(Unreachable, match=f"^web: {host}:0 cannot be listened on: "):
        listen(host, 0)


def test_answers_are_not_held_back() -> None:
    """Asyncio turns Nagle's algorithm off only where the socket says that it is TCP's."""
    with closing(listen("127.0.0.1", free_port())) as listener, closing(socket.create_connection(listener.getsockname())):
        accepted, _ = listener.accept()
        with closing(accepted):
            assert accepted.proto == socket.IPPROTO_TCP
