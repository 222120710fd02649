"""One agent at a time brings the schema of a server up to date: the lock is a table, which a server makes once, whoever asks.

An embedded store needs none, since its folder has one process.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from secrets import token_hex
from typing import Final, NamedTuple

from agent.clock import Clock
from agent.errors import RetryLater
from agent.store.engine import Engine

log = logging.getLogger(__name__)

LOCK: Final = "migrating"
STALE: Final = timedelta(minutes=10)  # whoever holds it so long has died; statements that it may still send are safe to repeat
PATIENCE: Final = timedelta(minutes=12)
FREE: Final = 3  # failures in a row while nobody has it: something else is in the way

_HOLDER: Final = f"""
SELECT comment, dateDiff('second', metadata_modification_time, now()) FROM system.tables
WHERE database = currentDatabase() AND name = '{LOCK}'
"""  # noqa: S608 - our own table's name


class Held(NamedTuple):
    """Whose the lock is, and for how long by the server's clock."""

    owner: str
    age: timedelta


@contextmanager
def alone(engine: Engine, clock: Clock) -> Iterator[None]:
    """While nobody else migrates. Raises RetryLater where another one takes longer than twelve minutes, Stop where it is refused."""
    owner = token_hex(8)
    _wait(engine, owner, clock)
    try:
        yield
    finally:
        _give_back(engine, owner)


def _wait(engine: Engine, owner: str, clock: Clock) -> None:
    until, nobody, told = clock.now() + PATIENCE, 0, False
    while (error := _tried(engine, owner)) is not None:
        held = _held(engine)
        nobody = 0 if held else nobody + 1  # once or twice: it was given back in between
        if nobody == FREE:
            raise error
        if held:
            _look(engine, held, late=clock.now() >= until, told=told)
            told = True
        clock.sleep(1)


def _look(engine: Engine, held: Held, *, late: bool, told: bool) -> None:
    """Take away what a dead agent left; else say once that there is one. Raises RetryLater where it is too late to wait."""
    if held.age > STALE:
        log.warning("an agent that migrated %s is gone: its lock is taken away", engine.name)
        _drop(engine, held.owner)
    elif late:
        raise RetryLater(f"{engine.name}: another agent has migrated it for {held.age}")
    elif not told:
        log.info("%s: another agent migrates it, and is waited for", engine.name)


def _tried(engine: Engine, owner: str) -> RetryLater | None:
    """Take the lock; what was in the way, which is mostly that it is there."""
    try:
        engine.command(f"CREATE TABLE {LOCK} (x UInt8) ENGINE = Memory COMMENT '{owner}'")
    except RetryLater as error:
        return error
    return None


def _held(engine: Engine) -> Held | None:
    """Who has it; None where nobody has."""
    found = engine.rows(_HOLDER)
    return Held(str(found[0][0]), timedelta(seconds=int(found[0][1]))) if found else None


def _drop(engine: Engine, owner: str) -> None:
    """Only this one's: that of whoever came after it stays."""
    held = _held(engine)
    if held and held.owner == owner:
        engine.command(f"DROP TABLE IF EXISTS {LOCK}")


def _give_back(engine: Engine, owner: str) -> None:
    """A server that is away now hides no error of the migration."""
    try:
        _drop(engine, owner)
    except RetryLater as error:
        log.warning("%s: the lock of the migration stays for %s: %s", engine.name, STALE, error)
