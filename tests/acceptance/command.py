"""The command as a user has it: `babelwatch` in a process of its own."""

import json
import logging
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tests.acceptance import forked

BABELWATCH = Path(sys.executable).with_name("babelwatch")
PATIENCE_S = 300.0  # the machine may be busy; what hangs is found all the same


class Answer(NamedTuple):
    """What a command said, and its exit status."""

    status: int
    out: str
    err: str

    def json(self) -> Any:
        """The one JSON document on standard output."""
        assert self.status == 0, self.err
        return json.loads(self.out)

    def refusal(self, status: int) -> str:
        """The message of a command that would not: nothing on standard output, no stack trace."""
        assert (self.status, self.out) == (status, ""), self
        assert "Traceback" not in self.err
        assert self.err.strip()
        return self.err


def babelwatch(*arguments: object, cwd: Path | None = None, stdin: bytes = b"") -> Answer:
    """Run a command to its end."""
    done = forked.run([*map(str, arguments)], cwd or Path.cwd(), environment(), stdin, PATIENCE_S)
    assert done.status is not None, f"it did not end: {done}"
    return Answer(done.status, done.out.decode(), done.err.decode())


def environment() -> dict[str, str]:
    """Of a terminal of eighty columns; no setting of whoever runs the tests."""
    ours = {name: value for name, value in os.environ.items() if not name.upper().startswith("BABELWATCH_")}
    return {**ours, "COLUMNS": "80"}


@contextmanager
def logging_as_before() -> Iterator[None]:
    """For a command inside the tests' process: it sets up logging as for a process of its own."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)


def write_log(path: Path, rows: Iterable[Any]) -> Path:
    """JSON lines; text and bytes are written as they are."""
    with path.open("wb") as file:
        for row in rows:
            line = row if isinstance(row, bytes) else (row if isinstance(row, str) else json.dumps(row)).encode()
            file.write(line + b"\n")
    return path


def event(number: int, language: str = "en", **others: Any) -> dict[str, Any]:
    """A retrieval that found what it should, the `number`th minute of a morning."""
    return {
        "event_id": f"event-{number}",
        "timestamp": f"2026-01-05T08:{number % 60:02}:00Z",
        "query": "how do I reset my password",
        "query_language": language,
        "service": "help",
        "environment": "prod",
        "collection": "kb-en",
        "embedding_model": "m1",
        "index_version": "v1",
        "top_k": 10,
        "results": [{"doc_id": f"doc-{rank}", "score": round(0.6 - rank / 50, 2), "language": "en"} for rank in range(10)],
        "score_kind": "cosine",
        "relevant": ["doc-0"],
        "latency_ms": 80,
        **others,
    }
