"""One client for both: a ClickHouse server by URL, or the engine embedded in this process (chDB).

Errors say what to do next: again later, or stop because the schema or a setting is wrong.
"""

import faulthandler
import signal
import ssl
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import clickhouse_connect
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from agent.errors import Misconfigured, Mistake, Unreachable
from agent.store.failures import ours

QUERY_SECONDS = 60
ANSWER_SECONDS = 20  # without a byte of an answer: the loop stands still meanwhile
EMBEDDED_LIMITS = {  # chDB's defaults are 0.9 of the memory and caches of 5 GB
    "max_server_memory_usage": "1000000000",
    "mark_cache_size": "67108864",
    "primary_index_cache_size": "67108864",
}
DEADLY = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL)


@dataclass(frozen=True)
class Address:
    """A ClickHouse server; `password` is never shown."""

    url: str
    database: str = "default"
    username: str = "default"
    password: Any = None
    ca_file: Path | None = None

    def __repr__(self) -> str:
        return f"ClickHouse at {urlsplit(self.url).hostname}, database {self.database}"


class Engine:
    """A connection: commands, rows out, columns in."""

    def __init__(self, client: Client, name: str, secret: str = "") -> None:
        """`secret`: what no error repeats."""
        self._client, self._secret = client, secret
        self.name = name

    def command(self, statement: str) -> None:
        """Run one statement that answers nothing."""
        with _translated(self.name, self._secret):
            self._client.command(statement)

    def rows(self, statement: str, parameters: Mapping[str, Any] | None = None) -> Sequence[Sequence[Any]]:
        """The rows of a query; times come aware, in UTC."""
        with _translated(self.name, self._secret):
            found = self._client.query(
                statement, parameters=dict(parameters or {}), settings={"max_execution_time": QUERY_SECONDS}, tz_mode="aware"
            )
            return found.result_rows

    def insert(self, table: str, columns: Mapping[str, tuple[str, list[Any]]], token: str | None = None) -> None:
        """Insert columns (name: type and values) as one part; of two inserts with one token the first stays."""
        with _translated(self.name, self._secret):
            self._client.insert(
                table,
                [values for _, values in columns.values()],
                column_names=list(columns),
                column_type_names=[type_ for type_, _ in columns.values()],
                column_oriented=True,
                settings=self._insert_settings(token),
            )

    def _insert_settings(self, token: str | None) -> dict[str, Any]:
        settings: dict[str, Any] = {
            "async_insert": 0,
            "insert_deduplicate": 1,
            "max_insert_threads": 1,
            "min_insert_block_size_bytes": 10**10,  # with smaller blocks a large insert becomes several parts
            "min_insert_block_size_rows": 10**7,
        }
        if "deduplicate_insert" in self._client.server_settings:  # where it is known it overrules insert_deduplicate
            settings["deduplicate_insert"] = "enable"
        return settings | ({"insert_deduplication_token": token} if token else {})

    def close(self) -> None:
        """Close the connection."""
        self._client.close()


def embedded(folder: Path) -> Engine:
    """Open the engine in this process; one folder belongs to one process. Raises Unreachable."""
    with _translated(f"the store in {folder}"):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        client = clickhouse_connect.get_client(interface="chdb", path=str(folder), chdb_options=EMBEDDED_LIMITS)
    if threading.current_thread() is threading.main_thread():
        _die_of_crashes()
    return Engine(client, f"the store in {folder}")


def server(address: Address) -> Engine:
    """Connect to a ClickHouse server; raises RetryLater, or Stop when it refuses."""
    url, password = urlsplit(address.url), address.password.get_secret_value() if address.password else ""
    _check_authority(address.ca_file)
    with _translated(repr(address), password):
        client = clickhouse_connect.get_client(
            host=url.hostname or "localhost",
            port=url.port or (8443 if url.scheme == "https" else 8123),
            secure=url.scheme == "https",
            username=address.username,
            password=password,
            database=address.database,
            ca_cert=str(address.ca_file) if address.ca_file else None,
            send_receive_timeout=ANSWER_SECONDS,
            autogenerate_session_id=False,  # a server lets one request into a session at a time
        )
    return Engine(client, repr(address), password)


def _check_authority(file: Path | None) -> None:
    """The client tells of a wrong file only with its first request, and does not name it."""
    try:
        ssl.create_default_context(cafile=file)
    except OSError as error:
        reason = error.strerror or str(error)
        raise Misconfigured(
            [Mistake(str(file), "", f"cannot be read as certificates (store.clickhouse.ca_file): {reason}")]
        ) from error


def _die_of_crashes() -> None:
    """Undo the engine's handlers: with them a crash hangs the process instead of ending it."""
    for number in DEADLY:
        signal.signal(number, signal.SIG_DFL)
    with suppress(OSError, RuntimeError):  # standard error may be no file
        faulthandler.enable()


class _translated:  # noqa: N801 - a context manager that reads as a word
    """Turns the client's errors into ours."""

    def __init__(self, name: str, secret: str = "") -> None:
        self._name, self._secret = name, secret

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, ClickHouseError):
            raise ours(error, self._name, self._secret) from error
        if isinstance(error, OSError):  # folders, and files that inserts pass through
            raise Unreachable(f"{self._name} cannot be reached: {error.strerror or error}") from error
