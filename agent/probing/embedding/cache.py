"""Where vectors stay that were paid for: in memory for one run, or in a file for the next ones.

A file holds no text: the key of a vector is a hash of the model and the text. It can be read by its owner only, since vectors tell
something of their texts.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from agent.errors import Misconfigured, Mistake

Vector = NDArray[np.float32]

_AT_ONCE: Final = 500  # parameters of one statement; SQLite allows 999 everywhere
_TABLE: Final = "CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID"


class Cache(Protocol):
    """Vectors by key."""

    def known(self, keys: Sequence[bytes]) -> set[bytes]:
        """Those of the keys that it has."""

    def get(self, keys: Sequence[bytes]) -> dict[bytes, Vector]:
        """Those that it has. Raises Misconfigured."""

    def put(self, vectors: Mapping[bytes, Vector]) -> None:
        """Keep them, in place of those that are there. Raises Misconfigured."""

    def close(self) -> None:
        """Let go of what is open."""


class MemoryCache:
    """As long as the run."""

    def __init__(self) -> None:
        self._vectors: dict[bytes, Vector] = {}

    def known(self, keys: Sequence[bytes]) -> set[bytes]:
        """Those of the keys that it has."""
        return self._vectors.keys() & set(keys)

    def get(self, keys: Sequence[bytes]) -> dict[bytes, Vector]:
        """Those that it has."""
        return {key: self._vectors[key] for key in keys if key in self._vectors}

    def put(self, vectors: Mapping[bytes, Vector]) -> None:
        """Keep them."""
        self._vectors.update(vectors)

    def close(self) -> None:
        """There is nothing open."""


class FileCache:
    """A file of SQLite; several runs may share it. Used by the thread that made it."""

    def __init__(self, file: Path) -> None:
        """Opens the file, or makes it; raises Misconfigured where that is not possible."""
        self._file = file
        with self._told():
            if not file.exists():
                file.touch(mode=0o600)
            self._database = sqlite3.connect(file, timeout=30.0, isolation_level=None)
        try:
            with self._told():
                self._database.execute(_TABLE)
                file.chmod(0o600)  # only now: what is no cache of ours stays as it is
        except Misconfigured:
            self._database.close()
            raise

    def known(self, keys: Sequence[bytes]) -> set[bytes]:
        """Those of the keys that it has. Raises Misconfigured."""
        return {key for key, *_ in self._rows("key", keys)}

    def get(self, keys: Sequence[bytes]) -> dict[bytes, Vector]:
        """Those that it has. Raises Misconfigured."""
        with self._told():
            return {key: np.frombuffer(vector, dtype="<f4").astype(np.float32) for key, vector in self._rows("key, vector", keys)}

    def put(self, vectors: Mapping[bytes, Vector]) -> None:
        """Keep them all or none. Raises Misconfigured."""
        rows = [(key, vector.astype("<f4").tobytes()) for key, vector in vectors.items()]
        with self._told(), self._database:
            self._database.execute("BEGIN IMMEDIATE")
            self._database.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _rows(self, columns: str, keys: Sequence[bytes]) -> Iterator[tuple[bytes, ...]]:
        for start in range(0, len(keys), _AT_ONCE):
            some = keys[start : start + _AT_ONCE]
            asked = f"SELECT {columns} FROM vectors WHERE key IN ({','.join('?' * len(some))})"  # noqa: S608 - our own columns
            with self._told():
                yield from self._database.execute(asked, some).fetchall()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise self._mistake(error.strerror or type(error).__name__) from None
        except (sqlite3.Error, ValueError) as error:
            raise self._mistake(str(error)) from None

    def _mistake(self, what: str) -> Misconfigured:
        return Misconfigured([Mistake(str(self._file), "", f"cannot be used as a cache of vectors: {what}")])
