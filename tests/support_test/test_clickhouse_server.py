"""The ClickHouse server for tests answers clickhouse-connect as a real one would, and fails when it is told to."""

import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import clickhouse_connect
import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError, DatabaseError, OperationalError
from clickhouse_connect.driver.summary import QuerySummary

from tests.support.clickhouse_server import PASSWORD, USERNAME, ClickHouseServer, Fault

TABLE = "CREATE TABLE counts (language String, n UInt64) ENGINE = MergeTree ORDER BY language SETTINGS non_replicated_deduplication_window = 100"


def connect(url: str, password: str = PASSWORD, database: str | None = None, **more: Any) -> Client:
    """A client as the product makes one."""
    address = urlsplit(url)
    return clickhouse_connect.get_client(
        host=address.hostname,
        port=address.port,
        username=USERNAME,
        password=password,
        database=database,
        autogenerate_session_id=False,
        **more,
    )


@pytest.fixture
def client(clickhouse_url: str) -> Iterator[Client]:
    """A client with a database of its own and the table `counts` in it."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with closing(connect(clickhouse_url)) as first:
        first.command(f"CREATE DATABASE {name}")
    with closing(connect(clickhouse_url, database=name)) as client:
        client.command(TABLE)
        yield client


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ClickHouseServer]:
    """A server for one test, with the table `counts`."""
    with ClickHouseServer(tmp_path / "clickhouse") as server, closing(connect(server.url)) as client:
        client.command(TABLE)
        yield server


def count(client: Client) -> int:
    """How many rows there are."""
    return int(client.query("SELECT count() FROM counts").result_rows[0][0])


@pytest.mark.parametrize("compress", ["none", "lz4", "zstd", "gzip"])
def test_rows_come_back(client: Client, clickhouse_url: str, compress: str) -> None:
    """An insert of several blocks, packed or not, is there afterwards, and the answer says how many rows it was."""
    rows = [("ko", 1), ("d'e\t\\", 2)] * 50_000
    with closing(connect(clickhouse_url, database=client.database, compress=compress if compress != "none" else False)) as packed:
        assert packed.insert("counts", rows, column_names=["language", "n"]).written_rows == 100_000
    assert client.query("SELECT language, sum(n) FROM counts GROUP BY language ORDER BY 1").result_rows == [
        ("d'e\t\\", 100_000),
        ("ko", 50_000),
    ]


@pytest.mark.parametrize("compress", ["lz4", "zstd", "gzip"])
def test_answers_are_packed_as_the_client_asks(clickhouse_url: str, compress: str) -> None:
    """In its own way, and only for who asks: the rows are the same."""
    with closing(connect(clickhouse_url, compress=compress)) as client:
        answer = client._backend.request(  # type: ignore[attr-defined]  # headers are told nowhere else
            b"SELECT number FROM numbers(1000)", {"enable_http_compression": "1"}, {"Accept-Encoding": compress}, stream=True
        )
        assert answer.headers["Content-Encoding"] == compress
        answer.drain_conn()
        answer = client._backend.request(b"SELECT 1", {}, {"Accept-Encoding": compress})  # type: ignore[attr-defined]  # as above
        assert "Content-Encoding" not in answer.headers
        assert client.query("SELECT number FROM numbers(1000)").result_rows == [(n,) for n in range(1000)]


def test_parameters_and_settings_reach_the_engine(client: Client) -> None:
    """Values are bound by the engine, settings hold for one statement."""
    asked = "SELECT {text:String}, {list:Array(String)}, {n:Int16}, getSetting('max_block_size')"
    values = {"text": "x\ty'\\한", "list": ["q'", "\t"], "n": -3}
    assert client.query(asked, parameters=values, settings={"max_block_size": 77}).result_rows == [
        ("x\ty'\\한", ["q'", "\t"], -3, 77),
    ]
    assert client.command("SELECT getSetting('max_block_size')") != 77


def test_commands_answer_as_a_server_does(client: Client) -> None:
    """One value is a value, no row is an empty text, and a statement without a result is a summary."""
    assert client.ping()
    assert client.command("SELECT 1 + 1") == 2
    assert client.command("SELECT language FROM counts") == ""
    assert client.query("SELECT language FROM counts").result_rows == []
    inserted = client.command("INSERT INTO counts VALUES ({l:String}, 1), ('sw', 2)", parameters={"l": "ko"})
    assert isinstance(inserted, QuerySummary)
    assert inserted.written_rows == 2
    assert client.raw_query("SELECT n FROM counts ORDER BY n", fmt="CSV") == b"1\n2\n"


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("SELECT * FROM nowhere", 60),
        ("SELECT nothing FROM counts", 47),
        ("SELEC 1", 62),
        ("SELECT 1; SELECT 2", 62),
        ("SELECT sleepEachRow(0.05) FROM numbers(100) SETTINGS max_execution_time = 0.1, max_block_size = 1", 159),
        ("SELECT 1 SETTINGS no_such_setting = 1", 115),
    ],
)
def test_errors_carry_their_code(client: Client, statement: str, code: int) -> None:
    """What the engine refuses reaches the caller with the engine's number."""
    with pytest.raises(DatabaseError) as caught:
        client.command(statement)
    assert caught.value.code == code


def test_a_semicolon_in_a_text_is_no_second_statement(client: Client) -> None:
    """Only a real second statement is refused."""
    assert client.command("SELECT ';' -- one; two\n;") == ";"


def test_a_wrong_password_is_refused(clickhouse_url: str) -> None:
    """Nobody gets in with another password."""
    with pytest.raises(DatabaseError) as caught:
        connect(clickhouse_url, password="wrong")
    assert caught.value.code == 516


def test_a_token_counts_once(client: Client) -> None:
    """An insert with a known token is acknowledged and dropped, one with a new token is stored."""
    for token in ("a", "a", "b"):
        client.insert("counts", [("ko", 1)], column_names=["language", "n"], settings={"insert_deduplication_token": token})
    assert count(client) == 2


def test_a_session_has_one_request_at_a_time(clickhouse_url: str) -> None:
    """A second request into a busy session is an error, as on a real server; one after the other is none."""
    with closing(connect(clickhouse_url, session_id="one")) as client, ThreadPoolExecutor() as pool:
        slow = pool.submit(client.command, "SELECT sleep(1)")
        time.sleep(0.3)
        with closing(connect(clickhouse_url)) as other, pytest.raises(DatabaseError) as caught:
            other.command("SELECT 1", settings={"session_id": "one"})
        assert caught.value.code == 373
        assert slow.result() == 0
        assert client.command("SELECT 1") == 1


def test_a_fault_before_the_insert_loses_it(server: ClickHouseServer) -> None:
    """A statement that fails before it runs is not stored, and the next one is."""
    with closing(connect(server.url)) as client:
        server.fail(Fault(before="code:241", match="INSERT"))
        with pytest.raises(DatabaseError) as caught:
            client.insert("counts", [("ko", 1)], column_names=["language", "n"])
        assert caught.value.code == 241
        assert count(client) == 0
        client.insert("counts", [("ko", 1)], column_names=["language", "n"])
        assert count(client) == 1


def test_a_fault_after_the_insert_keeps_it(server: ClickHouseServer) -> None:
    """An answer that is lost leaves the rows: the caller cannot know."""
    with closing(connect(server.url)) as client:
        server.fail(Fault(after="503", match="INSERT"))
        with pytest.raises(OperationalError):
            client.insert("counts", [("ko", 1)], column_names=["language", "n"])
        assert count(client) == 1


def test_an_answer_that_is_cut_keeps_the_rows_and_is_noticed(server: ClickHouseServer) -> None:
    """Half of it comes, and then the connection breaks."""
    with closing(connect(server.url)) as client:
        server.fail(Fault(after="cut", match="42"))
        with pytest.raises(OperationalError):
            client.query("SELECT 42 FROM numbers(1000)")
        assert count(client) == 0


def test_a_request_that_is_cut_is_not_run(server: ClickHouseServer) -> None:
    """The connection breaks while it is sent: nothing of it is stored."""
    with closing(connect(server.url)) as client:
        server.fail(Fault(before="cut", times=9))
        with pytest.raises(OperationalError):
            client.insert("counts", [["ko", 1]], column_names=["language", "n"])
        server.fail(Fault(times=0))
        assert count(client) == 0


def test_a_closed_connection_is_tried_again_by_the_client(server: ClickHouseServer) -> None:
    """clickhouse-connect sends an insert twice when the first answer is lost, and only a table that knows tokens counts it once."""
    with closing(connect(server.url)) as client:
        client.command("CREATE TABLE plain (n UInt64) ENGINE = MergeTree ORDER BY n")
        for table, stored in (("plain", 2), ("counts", 1)):
            server.fail(Fault(after="close", match="INSERT"))
            client.insert(table, [(1,)], column_names=["n"], settings={"insert_deduplication_token": "t"})
            assert client.command(f"SELECT count() FROM {table}") == stored


def test_a_slow_answer_runs_into_the_time_out(server: ClickHouseServer) -> None:
    """A statement may be stored although its caller has given up."""
    with closing(connect(server.url, send_receive_timeout=1)) as client:
        server.fail(Fault(after="sleep:2", match="INSERT"))
        with pytest.raises(OperationalError):
            client.insert("counts", [("ko", 1)], column_names=["language", "n"])
        assert count(client) == 1


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_a_restart_keeps_the_data(server: ClickHouseServer, end: str) -> None:
    """However the server ends: while it is away nobody answers, afterwards the rows are there."""
    with closing(connect(server.url)) as client:
        client.insert("counts", [("ko", 1)], column_names=["language", "n"])
        getattr(server, end)()
        with pytest.raises(ClickHouseError):
            client.query("SELECT 1")
        server.start()
        assert count(client) == 1
