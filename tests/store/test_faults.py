"""Faults of a ClickHouse server: each is to be tried again, or stops with what a person has to change; a flush counts once."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from socket import gaierror

import pytest
import trustme
from clickhouse_connect.driver.exceptions import DatabaseError

from agent.errors import Misconfigured, RetryLater, Stop, Unreachable
from agent.runtime.batch import Frozen
from agent.runtime.flush import Outcome, attempt
from agent.store import engine as module
from agent.store.clickhouse import ClickHouseJournal, ClickHouseWindows
from agent.store.engine import Engine, server
from agent.store.failures import REFUSALS, ours
from agent.store.migrate import migrate
from tests.acceptance.command import babelwatch
from tests.runtime.rig import NOW
from tests.store.builders import entry, flush, window
from tests.store.conftest import SCHEMAS, address
from tests.support.broker import HOST, free_port
from tests.support.clickhouse_server import ClickHouseServer, Fault

PASSES = {  # what a server may answer at any time, by the engine's own names
    159: "TIMEOUT_EXCEEDED",
    202: "TOO_MANY_SIMULTANEOUS_QUERIES",
    209: "SOCKET_TIMEOUT",
    225: "NO_ZOOKEEPER",
    241: "MEMORY_LIMIT_EXCEEDED",
    242: "TABLE_IS_READ_ONLY",
    243: "NOT_ENOUGH_SPACE",
    252: "TOO_MANY_PARTS",
    319: "UNKNOWN_STATUS_OF_INSERT",
    999: "KEEPER_EXCEPTION",
}
REFUSED = {
    60: ("UNKNOWN_TABLE", "babelwatch migrate"),
    81: ("UNKNOWN_DATABASE", "store.clickhouse.database"),
    115: ("UNKNOWN_SETTING", "setting"),
    164: ("READONLY", "store.clickhouse.username"),
    192: ("UNKNOWN_USER", "store.clickhouse.username"),
    193: ("WRONG_PASSWORD", "password"),
    194: ("REQUIRED_PASSWORD", "password"),
    452: ("SETTING_CONSTRAINT_VIOLATION", "setting"),
    497: ("ACCESS_DENIED", "store.clickhouse.username"),
    516: ("AUTHENTICATION_FAILED", "password"),
    691: ("UNKNOWN_ELEMENT_OF_ENUM", "babelwatch migrate"),
}
SQL = "SELECT 1"
Ask = Callable[[Engine], object]
ASKS: dict[str, Ask] = {
    "a query": lambda engine: engine.rows(SQL),
    "a command": lambda engine: engine.command(SQL),
    "a flush": lambda engine: ClickHouseWindows(engine).append(flush(window(), source="log/faults", end=20)),
    "a row of the journal": lambda engine: ClickHouseJournal(engine).write([entry()]),
}


@pytest.fixture(scope="module")
def failing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseServer]:
    """A server with the tables, which fails when it is told to."""
    with ClickHouseServer(tmp_path_factory.mktemp("failing")) as ours, closing(server(address(ours.url))) as engine:
        migrate(engine, SCHEMAS, retention=False)
        yield ours


@pytest.fixture
def engine(failing: ClickHouseServer) -> Iterator[Engine]:
    """A connection to it, and no fault left over."""
    failing.fail(Fault(times=0))
    with closing(server(address(failing.url))) as ours:
        yield ours
    failing.fail(Fault(times=0))


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch, failing: ClickHouseServer) -> Iterator[Engine]:
    """A connection that waits for a second."""
    monkeypatch.setattr(module, "ANSWER_SECONDS", 1)
    with closing(server(address(failing.url))) as ours:
        yield ours
    failing.fail(Fault(times=0))


def test_the_codes_are_the_engine_s(engine: Engine) -> None:
    """The names in these tables are those of the engine, and every refusal with advice is tried below."""
    known = PASSES | {code: name for code, (name, _) in REFUSED.items()}
    for code, name in known.items():
        assert engine.rows(f"SELECT errorCodeToName({code})") == [(name,)]
    assert {code for code, advice in REFUSALS.items() if advice} - REFUSED.keys() == {16, 46, 47}
    assert not REFUSALS.keys() & PASSES.keys()


@pytest.mark.parametrize("ask", ASKS.values(), ids=ASKS)
@pytest.mark.parametrize("failure", [*(f"code:{code}" for code in PASSES), "429", "500", "502", "503", "504", "close", "cut"])
def test_what_passes_is_tried_again(failing: ClickHouseServer, engine: Engine, failure: str, ask: Ask) -> None:
    """In one line without a gateway's page; the next request over the same connection works."""
    failing.fail(Fault(before=failure, times=9))
    with pytest.raises(RetryLater, match=r"^ClickHouse at 127\.0\.0\.1, database default") as caught:
        ask(engine)
    assert "\n" not in str(caught.value)
    assert "<" not in str(caught.value)
    failing.fail(Fault(times=0))
    ask(engine)


@pytest.mark.parametrize("ask", ASKS.values(), ids=ASKS)
@pytest.mark.parametrize("code", REFUSED)
def test_what_a_person_has_to_change_stops(failing: ClickHouseServer, engine: Engine, code: int, ask: Ask) -> None:
    """At any time, also after months: going on would wait for ever. The sentence names the setting."""
    failing.fail(Fault(before=f"code:{code}", times=9))
    with pytest.raises(Stop, match=REFUSED[code][1]) as caught:
        ask(engine)
    assert f"Code: {code}" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("place", ["version()", "system.settings"])
@pytest.mark.parametrize("failure", ["502", "503", "200", "code:241", "close", "cut"])
def test_a_server_that_fails_while_it_is_greeted_is_tried_again(failing: ClickHouseServer, failure: str, place: str) -> None:
    """The command says so in one line, and exits with 3."""
    failing.fail(Fault(before=failure, times=9, match=place if failure != "cut" else ""))
    with pytest.raises(RetryLater) as caught:
        server(address(failing.url))
    assert "\n" not in str(caught.value)
    failing.fail(Fault(times=0))


def test_something_else_that_answers_is_told(failing: ClickHouseServer, engine: Engine) -> None:
    """A login page with status 200 holds no rows."""
    failing.fail(Fault(before="200"))
    with pytest.raises(Unreachable, match="what answers there is not ClickHouse"):
        engine.rows(SQL)


def test_an_error_of_the_server_is_said_once() -> None:
    """Without the client's frame around it, which has the code a second time and the address."""
    text = "Received ClickHouse exception, code: 241, server response: Code: 241. DB::Exception: Too much (for url http://x:1)"
    assert str(ours(DatabaseError(text, code=241), "the store")) == "the store: Code: 241. DB::Exception: Too much"


# --- what became of a flush


def flushed(engine: Engine, source: str) -> Outcome:
    """One try of a flush, as the spine writes it."""
    return attempt(ClickHouseWindows(engine), Frozen(flush(window(events=3), source=source, end=20), NOW), NOW)


def on(side: str, failure: str, times: int = 1) -> Fault:
    """A fault of inserts, before or after the engine has them."""
    return (
        Fault(before=failure, times=times, match="INSERT")
        if side == "before"
        else Fault(after=failure, times=times, match="INSERT")
    )


def stored(engine: Engine, source: str) -> tuple[int, object]:
    """The position of a source, and how often it was written: each flush is one part with one position row."""
    ((count, position),) = engine.rows("SELECT count(), max(position) FROM windows WHERE source = {s:String}", {"s": source})
    return count, position


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("failure", ["close", "cut", "503", "code:252", "code:319"])
def test_a_flush_that_fails_counts_once(failing: ClickHouseServer, engine: Engine, failure: str, side: str) -> None:
    """Whether its rows are in is read back: where they are it is done at once, else it comes again."""
    source = f"log/{failure}-{side}"
    failing.fail(on(side, failure, times=9))
    assert flushed(engine, source) is (Outcome.DONE if side == "after" else Outcome.AGAIN)
    failing.fail(Fault(times=0))
    assert flushed(engine, source) is Outcome.DONE
    assert stored(engine, source) == (1, 20)


def test_a_flush_that_is_broken_off_in_its_middle_counts_once(failing: ClickHouseServer, engine: Engine) -> None:
    """Two megabytes are under way when the connection breaks, again and again; nothing of them is stored, then all."""
    windows = [window(minute, events=1, collection=f"{minute:0100d}") for minute in range(20_000)]
    large = Frozen(flush(*windows, source="log/large", end=20_000), NOW)
    failing.fail(Fault(before="cut", times=9))
    with pytest.raises(RetryLater):
        ClickHouseWindows(engine).append(large.flush)
    failing.fail(Fault(times=0))
    assert stored(engine, "log/large") == (0, 0)
    assert attempt(ClickHouseWindows(engine), large, NOW) is Outcome.DONE
    assert engine.rows("SELECT kind, sum(events) FROM windows WHERE length(collection) = 100 GROUP BY kind ORDER BY kind") == [
        ("language", 20_000),
        ("language_day", 20_000),
    ]


@pytest.mark.parametrize("side", ["before", "after"])
def test_a_flush_that_takes_too_long_counts_once(failing: ClickHouseServer, impatient: Engine, side: str) -> None:
    """Nobody waits for ever. The first try may be stored while the second is sent: of the two one stays."""
    source = f"log/slow-{side}"
    failing.fail(on(side, "sleep:6"))
    before = time.monotonic()
    assert flushed(impatient, source) is (Outcome.DONE if side == "after" else Outcome.AGAIN)
    assert time.monotonic() - before < 5.5
    assert flushed(impatient, source) is Outcome.DONE
    time.sleep(5.5)  # the slow one is in by now
    assert flushed(impatient, source) is Outcome.DONE
    assert stored(impatient, source) == (1, 20)


def test_a_slow_answer_is_tried_again(failing: ClickHouseServer, impatient: Engine) -> None:
    """Reading, too; the answer that comes late is nobody's."""
    failing.fail(Fault(before="sleep:2", match="41"))
    with pytest.raises(Unreachable, match="timed out"):
        impatient.rows("SELECT 41")
    assert impatient.rows("SELECT 42") == [(42,)]


def test_half_an_answer_is_no_answer(failing: ClickHouseServer, engine: Engine) -> None:
    """Rows that were cut off are not taken for all rows."""
    failing.fail(Fault(after="cut", times=9))
    with pytest.raises(RetryLater):
        engine.rows("SELECT number, toString(number) FROM numbers(100000)")
    failing.fail(Fault(times=0))
    assert len(engine.rows("SELECT number, toString(number) FROM numbers(100000)")) == 100_000


# --- how the client speaks


def test_two_threads_may_ask_at_once(failing: ClickHouseServer, engine: Engine) -> None:
    """The page and the loop use no session, into which a server lets one request at a time (373)."""
    failing.fail(Fault(before="sleep:3", match="'slow'"))
    with ThreadPoolExecutor(1) as other:
        slow = other.submit(engine.rows, "SELECT 'slow'")
        time.sleep(0.3)
        assert engine.rows(SQL) == [(1,)]
        assert not slow.done()
        assert slow.result() == [("slow",)]


def test_many_threads_get_their_own_answers(engine: Engine) -> None:
    """Nobody gets another's rows."""
    barrier = threading.Barrier(8)

    def ask(number: int) -> object:
        barrier.wait()
        return [engine.rows(f"SELECT {number * 100 + n}")[0][0] for n in range(10)]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(8))) == [[number * 100 + n for n in range(10)] for number in range(8)]


# --- TLS


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Whoever signs the server's certificate."""
    return trustme.CA()


@pytest.fixture(scope="module")
def secure(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseServer]:
    """A server that speaks TLS."""
    folder = tmp_path_factory.mktemp("secure")
    authority.issue_cert(HOST).private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    with ClickHouseServer(folder / "clickhouse", folder / "server.pem") as ours:
        yield ours


def authority_file(authority: trustme.CA, folder: Path) -> Path:
    """The authority's certificate in a file."""
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    return folder / "ca.pem"


def test_tls_with_an_authority_of_ones_own(secure: ClickHouseServer, authority: trustme.CA, tmp_path: Path) -> None:
    """Name and password go over it, a wrong password is refused, and flushes are written and read."""
    given = replace(address(secure.url), ca_file=authority_file(authority, tmp_path))
    with closing(server(given)) as engine:
        migrate(engine, SCHEMAS, retention=False)
        assert flushed(engine, "log/tls") is Outcome.DONE
    wrong = replace(given, password=address("", password="wrong-secret").password)
    with pytest.raises(Stop, match=r"Authentication failed.*\(check store.clickhouse.username and password\)") as caught:
        server(wrong)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("known", [True, False], ids=["another authority", "the system's authorities"])
def test_an_unknown_authority_is_told(secure: ClickHouseServer, tmp_path: Path, known: bool) -> None:  # noqa: FBT001  a table's column
    """Nothing is sent to a server that cannot prove who it is; the sentence names the setting."""
    other = authority_file(trustme.CA(), tmp_path) if known else None
    with pytest.raises(Unreachable, match=r"CERTIFICATE_VERIFY_FAILED.*\(does store.clickhouse.ca_file hold the authority"):
        server(replace(address(secure.url), ca_file=other))


def test_a_certificate_that_has_expired_is_told_and_its_heir_is_trusted(authority: trustme.CA, tmp_path: Path) -> None:
    """The same connection goes on once it was renewed: nobody restarts the agent."""
    pem, given = tmp_path / "server.pem", authority_file(authority, tmp_path)
    authority.issue_cert(HOST).private_key_and_cert_chain_pem.write_to_path(str(pem))
    with (
        ClickHouseServer(tmp_path / "clickhouse", pem) as ours,
        closing(server(replace(address(ours.url), ca_file=given))) as engine,
    ):
        for not_after, outcome in ((datetime(2020, 1, 2, tzinfo=UTC), "expired"), (None, "")):
            ours.kill()
            renewed = authority.issue_cert(HOST, not_before=datetime(2020, 1, 1, tzinfo=UTC), not_after=not_after)
            renewed.private_key_and_cert_chain_pem.write_to_path(str(pem))
            ours.start()
            if outcome:
                with pytest.raises(Unreachable, match="certificate has expired"):
                    engine.rows("SELECT 1")
        assert engine.rows("SELECT 1")


def test_a_name_that_is_unknown_for_a_while_is_asked_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The network's directory is away when a connection has to be made anew: it is made as soon as the name is known again."""
    with ClickHouseServer(tmp_path / "clickhouse") as ours, closing(server(address(ours.url.replace(HOST, "localhost")))) as engine:
        ours.kill()
        ours.start()
        with monkeypatch.context() as patch:
            patch.setattr("socket.getaddrinfo", unknown_name)
            with pytest.raises(Unreachable, match=r"name resolution|resolve"):
                engine.rows("SELECT 1")
        assert engine.rows("SELECT 1")


def unknown_name(*_: object, **__: object) -> None:
    """What a resolver says that is not reached."""
    raise gaierror(-3, "Temporary failure in name resolution")


@pytest.mark.parametrize("content", [None, "no certificate"], ids=["missing", "no certificate"])
def test_a_file_without_certificates_is_a_mistake(secure: ClickHouseServer, tmp_path: Path, content: str | None) -> None:
    """It is named, before anything is asked."""
    file = tmp_path / "ca.pem"
    if content:
        file.write_text(content)
    with pytest.raises(Misconfigured, match=r"ca\.pem: cannot be read as certificates \(store\.clickhouse\.ca_file\)"):
        server(replace(address(secure.url), ca_file=file))


def test_tls_to_a_port_without_it_is_told(failing: ClickHouseServer) -> None:
    """An address with https for a plain port is a common slip."""
    with ExitStack() as stack, pytest.raises(Unreachable, match=r"store\.clickhouse\.url speaks no TLS"):
        stack.enter_context(closing(server(address(failing.url.replace("http://", "https://")))))


def test_a_server_that_is_away_at_the_start_is_exit_status_3(tmp_path: Path) -> None:
    """The agent does not wait for it; whoever started it starts it again."""
    at = f"{HOST}:{free_port()}"
    (tmp_path / "babelwatch.yaml").write_text(f"store: {{clickhouse: {{url: 'http://{at}'}}}}\nweb: {{port: {free_port()}}}\n")
    refusal = babelwatch("run", "--config", "babelwatch.yaml", cwd=tmp_path).refusal(3)
    assert f"ClickHouse at {HOST}" in refusal
    assert "cannot be reached" in refusal
