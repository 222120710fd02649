"""The password of a ClickHouse server, from the environment or from a file, goes to the server and nowhere else; and canaries are found."""

import json
import threading
from base64 import b64decode, b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random

import pytest

from tests.acceptance import forked
from tests.acceptance.canary import traffic
from tests.acceptance.canary.seen import Seen, canary
from tests.acceptance.command import PATIENCE_S, environment
from tests.decode.otlp.builders import read
from tests.support import clickhouse_server
from tests.support.clickhouse_server import ClickHouseServer

PASSWORD = canary("server password", Random(5))
COMMANDS = (("migrate",), ("languages",), ("alerts", "--all"), ("report",), ("run",), ("config", "show"))
WAYS = ("environment", "file")


class Refusing(BaseHTTPRequestHandler):
    """Says in ClickHouse's form whatever it was told, the password too."""

    heard: list[str]

    def do_GET(self) -> None:
        """Refuse it."""
        told = self.headers.get("Authorization", "")
        shown = b64decode(told.partition(" ")[2]).decode() if told.startswith("Basic ") else ""
        self.heard.append(f"{told} {shown} {dict(self.headers)}")
        body = f"Code: 516. DB::Exception: {shown}: Authentication failed ({shown})\n".encode()
        self.send_response(403)
        for name, value in (("X-ClickHouse-Exception-Code", "516"), ("Content-Length", str(len(body)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 - the base class names it so

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def refusing() -> Iterator[tuple[str, list[str]]]:
    """The address of a server that lets nobody in, and what it hears."""
    heard: list[str] = []
    with ThreadingHTTPServer(("127.0.0.1", 0), type("Own", (Refusing,), {"heard": heard})) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", heard
        server.shutdown()
        thread.join()


def configured(folder: Path, way: str, password: str, url: str) -> tuple[Path, dict[str, str]]:
    """A configuration with the password outside of it, and the environment."""
    server, given = {"url": url, "username": clickhouse_server.USERNAME}, environment()
    if way == "file":
        (folder / "password").write_text(f"{password}\n", encoding="utf-8")
        server["password_file"] = str(folder / "password")
    else:
        given["BABELWATCH_STORE__CLICKHOUSE__PASSWORD"] = password
    config = folder / "babelwatch.yaml"
    config.write_text(json.dumps({"store": {"clickhouse": server}, "web": {"port": 0}}), encoding="utf-8")
    return config, given


@pytest.mark.parametrize("way", WAYS)
def test_a_server_that_repeats_the_password_is_not_repeated(way: str, refusing: tuple[str, list[str]], tmp_path: Path) -> None:
    """Each command shows it to the server, is refused with it, and says why without it."""
    seen, (url, heard) = Seen(), refusing
    config, given = configured(tmp_path, way, PASSWORD.word, url)
    for words in COMMANDS:
        done = forked.run([*words, "--config", str(config)], tmp_path, given, b"", PATIENCE_S)
        seen.note(" ".join(words), done.out + done.err)
        assert words == ("config", "show") or (done.status == 2 and b"check store.clickhouse.username and password" in done.err), (
            done
        )
        assert b"Traceback" not in done.err
    seen.note("the server", "\n".join(heard))
    assert seen.places_of(PASSWORD) == {"the server"}


@pytest.mark.parametrize("way", WAYS)
def test_a_password_from_outside_is_taken(way: str, tmp_path: Path) -> None:
    """With it the tables are made, and nothing is said of it."""
    with ClickHouseServer(tmp_path / "server") as server:
        config, given = configured(tmp_path, way, server.password, server.url)
        done = forked.run(["migrate", "--config", str(config)], tmp_path, given, b"", PATIENCE_S)
    assert (done.status, server.password.encode() in done.out + done.err) == (0, False), done


@pytest.mark.parametrize("before", ["", "x", "xy", "me:"])
@pytest.mark.parametrize("after", ["", "z", "\n and more"])
def test_a_canary_is_found_however_it_stands(before: str, after: str, tmp_path: Path) -> None:
    """In plain text, in capitals, in base64 and in hexadecimal, in files and in their names; and not where it is not."""
    seen, text = Seen(), f"{before}{PASSWORD.word}{after}"
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / PASSWORD.word).write_bytes(b"nothing")
    said: dict[str, str | bytes] = {
        "plain": text,
        "capitals": text.upper(),
        "base64": b64encode(text.encode()),
        "hexadecimal": text.encode().hex(),
        "nothing": "zqserverpassword",
        "nearly": PASSWORD.word[:-1],
    }
    for place, word in said.items():
        seen.note(place, word)
    seen.files_below(tmp_path, "file")
    assert seen.places_of(PASSWORD) == {"plain", "capitals", "base64", "hexadecimal", "file"}


def test_spans_of_every_dialect_bring_a_canary_as_their_query(shared: Path) -> None:
    """What is sent in the long test is read as a query, in both encodings: that it is found nowhere says something."""
    planted = traffic.spans(shared / "data" / "otlp", datetime(2026, 11, 16, tzinfo=UTC), Random(3))
    dialects = set()
    for record, sung in zip(*planted, strict=True):
        format_ = "otlp_json" if record.startswith(b"{") else "otlp_proto"
        for one in read(record, format_=format_).accepted:
            dialects |= {(one.dialect, format_)} if sung.word in (one.event.query or "") else set()
    assert dialects == {
        (name, f"otlp_{format_}") for name in ("genai", "openinference", "openllmetry") for format_ in ("json", "proto")
    }
