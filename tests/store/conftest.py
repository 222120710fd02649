"""Stores to test: the in-memory twin, the embedded engine in a folder of its own, a server's database of its own."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import NamedTuple, Protocol

import pytest
from pydantic import SecretStr

from agent.resources import schemas_dir
from agent.store.base import Gathered, Revised, WindowLog, WindowReader
from agent.store.clickhouse import ClickHouseJournal, ClickHouseWindows
from agent.store.engine import Address, Engine, embedded, server
from agent.store.memory import MemoryJournal, MemoryWindows
from agent.store.migrate import migrate
from tests.support.clickhouse_server import PASSWORD, USERNAME

SCHEMAS = schemas_dir() / "clickhouse"


class Windows(WindowLog, WindowReader, Protocol):
    """Where windows are written and read."""


class Written(Gathered, Revised, Protocol):
    """A journal that reads several kinds at once, and tells whether it was written to."""


class Store(NamedTuple):
    """One store, whatever it is made of."""

    windows: Windows
    journal: Written


def address(url: str, database: str = "default", password: str = PASSWORD) -> Address:
    """The test server, as a user configures one."""
    return Address(url, database, USERNAME, SecretStr(password))


@pytest.fixture
def engine(store_dir: Path) -> Iterator[Engine]:
    """The embedded engine with nothing in it."""
    with closing(embedded(store_dir)) as ours:
        yield ours


@pytest.fixture
def migrated(engine: Engine) -> Engine:
    """The embedded engine with the tables; nothing in them grows old."""
    migrate(engine, SCHEMAS, retention=False)
    return engine


@pytest.fixture
def database(clickhouse_url: str) -> Iterator[Callable[[], Engine]]:
    """Connects to a database on the server that no other test knows."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with ExitStack() as stack:
        first = stack.enter_context(closing(server(address(clickhouse_url))))
        first.command(f"CREATE DATABASE {name}")
        yield lambda: stack.enter_context(closing(server(address(clickhouse_url, name))))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The embedded engine with the tables, for the stores of a module."""
    with closing(embedded(tmp_path_factory.mktemp("kept"))) as ours:
        migrate(ours, SCHEMAS, retention=False)
        yield ours


@pytest.fixture(scope="module")
def served(clickhouse_url: str) -> Iterator[Engine]:
    """A database on the server with the tables, for the stores of a module."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with closing(server(address(clickhouse_url))) as first:
        first.command(f"CREATE DATABASE {name}")
    with closing(server(address(clickhouse_url, name))) as ours:
        migrate(ours, SCHEMAS, retention=False)
        yield ours


@pytest.fixture(params=["memory", "kept", "served"], ids=["memory", "embedded", "server"])
def store(request: pytest.FixtureRequest) -> Store:
    """Each store in turn, with nothing in it: an emptied table has forgotten the tokens of its inserts too."""
    if request.param == "memory":
        return Store(MemoryWindows(), MemoryJournal())
    engine: Engine = request.getfixturevalue(request.param)
    for table in ("windows", "journal"):
        engine.command(f"TRUNCATE TABLE {table}")
    return Store(ClickHouseWindows(engine), ClickHouseJournal(engine))
