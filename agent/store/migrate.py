"""Numbered SQL, applied once each, in order, forwards only."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from agent.errors import Stop
from agent.store.engine import Engine

LEDGER = """
CREATE TABLE IF NOT EXISTS migrations (version UInt32, name String, at DateTime('UTC') DEFAULT now('UTC'))
ENGINE = ReplacingMergeTree ORDER BY version
"""
NAME = re.compile(r"(\d{4})_\w+\.sql")
COMMENT = re.compile(r"--[^\n]*")
RETENTION = "retention.sql"


class Migration(NamedTuple):
    """One numbered file."""

    version: int
    path: Path


def migrate(engine: Engine, folder: Path, *, replicated: bool = False, retention: bool = True) -> list[int]:
    """Apply what the store does not have yet; returns the versions that were applied.

    `retention` adds the roll-up to hours and the end of old rows, which a store made by `replay` must not have.
    Raises Stop when the store is newer than this agent.
    """
    known = list(_migrations(folder))
    engine.command(_engines(LEDGER, replicated=replicated))
    applied = {int(version) for (version,) in engine.rows("SELECT version FROM migrations")}
    if max(applied, default=0) > known[-1].version:
        raise Stop(f"{engine.name} has schema {max(applied)}, this babelwatch knows {known[-1].version}: install a newer one")
    todo = [migration for migration in known if migration.version not in applied]
    for migration in todo:
        _apply(engine, migration.path, replicated=replicated)
        row = f"({migration.version}, '{migration.path.stem}')"
        engine.command(f"INSERT INTO migrations (version, name) VALUES {row}")  # noqa: S608 - our own file's name
    if retention:
        _apply(engine, folder / RETENTION, replicated=replicated)
    return [migration.version for migration in todo]


def newest(folder: Path) -> int:
    """The version that this agent would bring a store to."""
    return max(migration.version for migration in _migrations(folder))


def version(engine: Engine) -> int:
    """The newest version that a store has, 0 where it has none; changes nothing. Raises RetryLater, Stop."""
    there = engine.rows("SELECT count() FROM system.tables WHERE database = currentDatabase() AND name = 'migrations'")
    return int(engine.rows("SELECT max(version) FROM migrations")[0][0]) if there[0][0] else 0


def statements(path: Path) -> Iterator[str]:
    """The statements of a file, without comments."""
    for statement in COMMENT.sub("", path.read_text(encoding="utf-8")).split(";"):
        if statement.strip():
            yield statement.strip()


def _migrations(folder: Path) -> Iterator[Migration]:
    for path in sorted(folder.glob("*.sql")):
        if match := NAME.fullmatch(path.name):
            yield Migration(int(match[1]), path)


def _apply(engine: Engine, path: Path, *, replicated: bool) -> None:
    for statement in statements(path):
        engine.command(_engines(statement, replicated=replicated))


def _engines(statement: str, *, replicated: bool) -> str:
    """The replicated twin of each engine, and of the setting that goes with it."""
    if not replicated:
        return statement
    twin = re.sub(r"ENGINE = (Aggregating|Replacing)MergeTree", r"ENGINE = Replicated\1MergeTree", statement)
    return twin.replace("non_replicated_deduplication_window", "replicated_deduplication_window")
