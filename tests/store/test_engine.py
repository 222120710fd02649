"""One client for a server and the embedded engine: what it asks of the engine, and what becomes of its errors."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import pytest
from clickhouse_connect.driver.client import Client

from agent.errors import RetryLater, Stop, Unreachable
from agent.store.base import Flush
from agent.store.clickhouse import ClickHouseJournal, ClickHouseWindows
from agent.store.engine import DEADLY, EMBEDDED_LIMITS, Engine, embedded, server
from agent.store.migrate import migrate
from tests.store.builders import entry, flush, window
from tests.store.conftest import SCHEMAS, address
from tests.support.broker import free_port
from tests.support.clickhouse_server import ClickHouseServer

OPEN = "import sys, time\nfrom pathlib import Path\nfrom agent.store.engine import embedded\nengine = embedded(Path(sys.argv[1]))\n"


def run(script: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a script in a process of its own, over the embedded engine in a folder."""
    command = [sys.executable, "-c", OPEN + script, str(folder)]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **environment},
        cwd=Path(__file__).parents[2],
    )


@pytest.fixture(params=["embedded", "server"])
def either(request: pytest.FixtureRequest) -> Engine:
    """Both ways to reach ClickHouse."""
    if request.param == "embedded":
        return cast("Engine", request.getfixturevalue("engine"))
    connect: Callable[[], Engine] = request.getfixturevalue("database")
    return connect()


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[ClickHouseServer]:
    """A server for one test, which may fail and die."""
    with ClickHouseServer(tmp_path / "clickhouse") as ours:
        yield ours


def test_what_only_a_person_can_mend_stops(either: Engine) -> None:
    """Unknown tables, columns, functions, settings and bad syntax do not get better by waiting; the store is named."""
    for wrong in ("SELECT * FROM missing", "SELECT missing", "SELEC 1", "SELECT missing(1)", "SELECT 1 SETTINGS missing = 1"):
        with pytest.raises(Stop, match=f"^{either.name}: .*DB::Exception"):
            either.rows(wrong)


def test_other_errors_of_the_engine_are_tried_again(either: Engine) -> None:
    """What the engine could not do now it may do later."""
    with pytest.raises(RetryLater, match=f"^{either.name}: .*DB::Exception") as caught:
        either.rows("SELECT throwIf(1)")
    assert not isinstance(caught.value, Unreachable)


def test_a_value_that_does_not_fit_is_not_tried_for_ever(engine: Engine) -> None:
    """The client refuses it before anything is sent: that is a bug, and no wait mends it."""
    engine.command("CREATE TABLE t (n UInt8) ENGINE = MergeTree ORDER BY n")
    for value in (999, None, "text"):
        with pytest.raises((Stop, TypeError, ValueError)):
            engine.insert("t", {"n": ("UInt8", [value])})
    assert engine.rows("SELECT count() FROM t") == [(0,)]


def test_an_error_is_one_short_line(engine: Engine) -> None:
    """A statement that is quoted back does not fill the log."""
    with pytest.raises(Stop) as caught:
        engine.rows("SELECT\n" + "missing,\n" * 500 + "1")
    assert len(str(caught.value)) < 400 + len(engine.name)
    assert "\n" not in str(caught.value)


def test_a_port_where_nobody_listens_is_unreachable() -> None:
    """The command can say so, and exit with 3; why stands first, and not the address of a request."""
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(Unreachable, match=r"^ClickHouse at 127\.0\.0\.1, database default cannot be reached: Failed to establish"):
        server(address(url))


def test_a_wrong_password_stops_and_is_not_told(clickhouse_url: str) -> None:
    """The server's refusal is said without the password."""
    with pytest.raises(Stop, match="Authentication failed") as caught:
        server(address(clickhouse_url, password="wrong-secret"))
    assert "secret" not in str(caught.value)


def test_a_missing_database_stops(clickhouse_url: str) -> None:
    """The server is there, and what was configured is not."""
    with pytest.raises(Stop, match="missing"), closing(server(address(clickhouse_url, "missing"))) as engine:
        engine.rows("SELECT 1")


def test_an_address_shows_no_secret() -> None:
    """It stands in logs and errors."""
    shown = repr(address("http://someone:url-secret@store.example:8123", "db", "pass-secret"))
    assert shown == "ClickHouse at store.example, database db"


def test_a_server_that_was_away_is_used_again(own_server: ClickHouseServer) -> None:
    """Reading and writing fail while it is gone, and go on over the same connection when it is back."""
    with closing(server(address(own_server.url))) as engine:
        migrate(engine, SCHEMAS)
        windows = ClickHouseWindows(engine)
        windows.append(flush(window(), end=10))
        own_server.kill()
        with pytest.raises(Unreachable):
            windows.position("log/0")
        with pytest.raises(Unreachable):
            windows.append(flush(window(), stored=10, end=20))
        own_server.start()
        assert windows.position("log/0") == 10
        windows.append(flush(window(), stored=10, end=20))
        assert windows.position("log/0") == 20


def test_the_memory_limits_are_in_force(engine: Engine) -> None:
    """The engine ignores misspelt options silently, so they are read back."""
    names = ", ".join(f"'{name}'" for name in EMBEDDED_LIMITS)
    found = dict(
        cast("list[tuple[str, str]]", engine.rows(f"SELECT name, value FROM system.server_settings WHERE name IN ({names})"))
    )
    assert found == EMBEDDED_LIMITS


def test_a_query_beyond_the_memory_limit_fails_and_the_engine_goes_on(engine: Engine) -> None:
    """The agent is not killed by one large query."""
    with pytest.raises(RetryLater, match="memory limit exceeded"):
        engine.rows("SELECT length(range(300000000))")
    assert engine.rows("SELECT 1") == [(1,)]


def test_a_second_process_cannot_open_the_folder(engine: Engine, store_dir: Path) -> None:
    """One folder belongs to one process; the other is told in one sentence."""
    engine.rows("SELECT 1")
    done = run("", store_dir)
    assert done.returncode == 1
    assert f"agent.errors.Unreachable: the store in {store_dir} cannot be reached" in done.stderr


def test_two_connections_of_one_process_see_the_same(engine: Engine, store_dir: Path) -> None:
    """The web server reads over one of its own what the loop has written."""
    migrate(engine, SCHEMAS)
    ClickHouseWindows(engine).append(flush(end=5))
    with closing(embedded(store_dir)) as other:
        assert ClickHouseWindows(other).position("log/0") == 5
    assert ClickHouseWindows(engine).position("log/0") == 5


def test_a_folder_that_cannot_be_made_is_unreachable(tmp_path: Path) -> None:
    """A file in the way is no stack trace."""
    (tmp_path / "file").write_text("")
    with pytest.raises(Unreachable, match="file"):
        embedded(tmp_path / "file")


def test_a_crash_ends_the_process(tmp_path: Path) -> None:
    """With the engine's own handlers it would hang for ever; the place of the crash is printed."""
    done = run("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\ntime.sleep(60)", tmp_path)
    assert done.returncode == -signal.SIGSEGV
    assert "Fatal Python error: Segmentation fault" in done.stderr


def test_every_deadly_signal_is_undone(tmp_path: Path) -> None:
    """None of them is left to the engine."""
    numbers = sorted(int(number) for number in DEADLY)
    script = f"""
import faulthandler, signal
faulthandler.disable()
print([number for number in {numbers} if signal.getsignal(number) == signal.SIG_DFL])
"""
    assert run(script, tmp_path).stdout == f"{numbers}\n"


def test_without_a_file_for_errors_the_store_opens_all_the_same(tmp_path: Path) -> None:
    """Where standard error was replaced by something in memory there is nowhere to print a crash."""
    script = "import io\nengine.close()\nsys.stderr = io.StringIO()\nprint(embedded(Path(sys.argv[1])).rows('SELECT 1'))"
    assert run(script, tmp_path).stdout == "[(1,)]\n"


def test_a_process_in_another_time_zone_reads_the_same_times(tmp_path: Path) -> None:
    """Minutes, spans and the journal are in UTC, whatever the machine's zone and its summer time."""
    script = """
from agent.resources import schemas_dir
from agent.store.base import Selection
from agent.store.clickhouse import ClickHouseJournal, ClickHouseWindows
from agent.store.migrate import migrate
from tests.store.builders import START, at, entry, flush, window
migrate(engine, schemas_dir() / "clickhouse", retention=False)
windows, journal = ClickHouseWindows(engine), ClickHouseJournal(engine)
windows.append(flush(window(0), window(5)))
journal.write([entry("a", 0), entry("b", 5)])
assert windows.span() == (at(0), at(5)), windows.span()
assert [time.tzname() for time in windows.span()] == ["UTC", "UTC"], windows.span()
assert [row.minute for row in windows.minutes(START, at(5))] == [window(0).minute]
assert len(windows.totals("language", Selection(at(5), at(6)), ("language",))) == 1
assert [row.id for row in journal.read("note", at(5))] == ["b"]
assert [row.at for row in journal.read("note")] == [at(0), at(5)]
"""
    done = run(script, tmp_path, TZ="America/St_Johns")
    assert done.stderr == ""
    assert done.returncode == 0


class FakeClient:
    """A client that keeps what it is told to insert."""

    def __init__(self, *known: str) -> None:
        self.server_settings = dict.fromkeys(known)
        self.settings: dict[str, Any] = {}

    def insert(self, *_: object, settings: dict[str, Any], **__: object) -> None:
        """Keep the settings."""
        self.settings = settings


def inserted(token: str | None, *known: str) -> dict[str, Any]:
    """The settings of an insert on an engine that knows these settings."""
    client = FakeClient(*known)
    Engine(cast("Client", client), "a fake").insert("t", {"n": ("UInt8", [1])}, token=token)
    return client.settings


def test_an_insert_is_one_part_and_known_by_its_token() -> None:
    """Small blocks would make several parts of a large flush, and each would be deduplicated apart."""
    assert inserted("log/0@10#0") == {
        "async_insert": 0,
        "insert_deduplicate": 1,
        "max_insert_threads": 1,
        "min_insert_block_size_bytes": 10**10,
        "min_insert_block_size_rows": 10**7,
        "insert_deduplication_token": "log/0@10#0",
    }


def test_settings_that_an_engine_does_not_know_are_not_sent() -> None:
    """Newer engines overrule `insert_deduplicate` by another name, older ones refuse that name."""
    assert inserted(None, "deduplicate_insert")["deduplicate_insert"] == "enable"
    assert "deduplicate_insert" not in inserted(None)
    assert "insert_deduplication_token" not in inserted(None)


def test_sessions_are_counted_once_over_flushes(migrated: Engine) -> None:
    """A session that comes in two flushes of one minute is one session, and its hash is not kept."""
    windows = ClickHouseWindows(migrated)
    windows.append(flush(window(session_hashes={1, 2}), end=10))
    windows.append(flush(window(session_hashes={2, 3}), stored=10, end=20))
    assert migrated.rows("SELECT uniqCombinedMerge(sessions) FROM language_windows") == [(3,)]
    with pytest.raises(Stop):
        migrated.rows("SELECT session_hashes FROM windows")


def test_the_views_part_the_kinds(migrated: Engine) -> None:
    """Who looks with SQL finds languages in one view, pairs in the other, and positions in none."""
    ClickHouseWindows(migrated).append(Flush("log/0", None, 10, 0, (window(events=5), window(pair="en", events=3))))
    assert migrated.rows("SELECT language, sum(events) FROM language_windows GROUP BY ALL") == [("ko", 5)]
    assert migrated.rows("SELECT language, document_language, sum(events) FROM pair_windows GROUP BY ALL") == [("ko", "en", 3)]


def test_a_full_folder_for_temporary_files_is_not_a_crash(
    migrated: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Inserts pass through a temporary file: where it cannot be written the insert comes again later."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    with pytest.raises(RetryLater, match="cannot be reached"):
        ClickHouseJournal(migrated).write([entry()])
    monkeypatch.undo()
    ClickHouseJournal(migrated).write([entry()])
    assert len(ClickHouseJournal(migrated).read("note")) == 1
