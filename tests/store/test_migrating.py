"""Migrations of a server are done by one agent at a time: on the real engine, behind HTTP."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from agent.clock import FakeClock, SystemClock
from agent.errors import RetryLater, Stop
from agent.store import migrating
from agent.store.engine import Engine
from agent.store.migrate import migrate
from agent.store.migrating import FREE, LOCK, alone
from tests.runtime.rig import NOW
from tests.store.conftest import SCHEMAS

Connect = Callable[[], Engine]
PATIENCE = timedelta(seconds=5)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seconds instead of minutes: each is a try at a real server."""
    monkeypatch.setattr(migrating, "PATIENCE", PATIENCE)


def locked(engine: Engine) -> bool:
    """Whether somebody has the lock."""
    return bool(engine.rows(f"SELECT name FROM system.tables WHERE database = currentDatabase() AND name = '{LOCK}'"))


def test_each_version_is_applied_by_one_of_several(database: Connect) -> None:
    """Four agents start at once: together they have applied each version once, and the lock is free."""
    engines = [database() for _ in range(4)]
    applied: list[int] = []

    def start(engine: Engine) -> None:
        with alone(engine, SystemClock()):
            applied.extend(migrate(engine, SCHEMAS))

    threads = [threading.Thread(target=start, args=(engine,)) for engine in engines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(applied) == sorted(set(applied))
    assert applied == [int(version) for (version,) in engines[0].rows("SELECT version FROM migrations ORDER BY version")]
    assert not locked(engines[0])


def test_nobody_is_inside_beside_another(database: Connect) -> None:
    """Who comes second waits for its turn, and gives up in the end with a sentence."""
    first, second, clock = database(), database(), FakeClock(NOW)
    with alone(first, SystemClock()):
        with pytest.raises(RetryLater, match="another agent has migrated it for 0:00:"), alone(second, clock):
            raise AssertionError("two are inside")
        assert clock.now() - NOW >= PATIENCE
        assert locked(first)
    with alone(second, clock):
        assert locked(second)


def test_a_lock_is_given_back_where_the_migration_fails(database: Connect) -> None:
    """The next start tries again at once."""
    engine = database()
    with pytest.raises(ZeroDivisionError), alone(engine, FakeClock(NOW)):
        raise ZeroDivisionError
    assert not locked(engine)


def test_the_lock_of_a_dead_agent_is_taken_away(
    database: Connect, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """By the server's clock, and that is said."""
    engine = database()
    engine.command(f"CREATE TABLE {LOCK} (x UInt8) ENGINE = Memory")
    monkeypatch.setattr(migrating, "STALE", timedelta(seconds=-1))
    with alone(engine, FakeClock(NOW)):
        assert locked(engine)
    assert "its lock is taken away" in caplog.text


def test_what_else_is_in_the_way_is_told(database: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal is no lock that is held: it is tried again twice, and not waited for."""
    engine, clock = database(), FakeClock(NOW)
    monkeypatch.setattr(migrating, "LOCK", "migrating (y")
    with pytest.raises((Stop, RetryLater), match=r"(?i)syntax"), alone(engine, clock):
        raise AssertionError("it is refused")
    assert clock.now() - NOW < timedelta(seconds=FREE)


def test_nobody_gives_back_the_lock_of_another(database: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who was taken for dead, and is not, leaves alone what its successor holds."""
    first, second = database(), database()
    with alone(first, FakeClock(NOW)):
        monkeypatch.setattr(migrating, "STALE", timedelta(seconds=-1))
        inside = alone(second, FakeClock(NOW))
        inside.__enter__()
    assert locked(second)
    inside.__exit__(None, None, None)
    assert not locked(second)


def test_a_server_that_is_away_at_the_end_hides_no_error(
    database: Connect, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What the migration raised is raised, and that the lock stays is said."""

    def away(_statement: str) -> None:
        raise RetryLater("the server is away")

    def migrated() -> None:
        with alone(engine, FakeClock(NOW)):
            monkeypatch.setattr(engine, "rows", away)
            raise Stop("the schema is newer")

    engine = database()
    with pytest.raises(Stop, match="newer"):
        migrated()
    assert "the lock of the migration stays for 0:10:00: the server is away" in caplog.text
